# Administrators of both hosts commit at once, while instances start on both: no update is lost, nothing torn is read.

try_commits() {
    title "commits from both hosts at once, and starts meanwhile"
    commits_on "$STORE" "$TREES" 4 5
}

# commits_on STORE TREES ADMINISTRATORS COMMITS: so many administrators on each host, and so many commits of each.
commits_on() {
    local store=$1 trees=$2 administrators=$3 commits=$4 all=$((2 * $3 * $4)) over=$2/over
    local host begun took before logs failed=0 administrator=() reader=()
    logs=$(mktemp -d -p /run)
    before=$(generation_at a "$store")
    on a 'rm -f "$1"' "$over"
    for host in a b; do
        on "$host" 'exec "$HERE/lib/readers" "$@"' "$store" "$trees" "$host" "$over" > "$logs/$host.reader" 2>&1 &
        reader+=($!)
    done
    begun=$(now)
    for host in a b; do
        on "$host" 'exec "$HERE/lib/administrators" "$@"' "$store" "$host" "$administrators" "$commits" "$before" \
            > "$logs/$host.administrators" 2>&1 &
        administrator+=($!)
    done
    for host in a b; do
        wait "${administrator[0]}" || failed=1
        administrator=("${administrator[@]:1}")
        check "administrators of $host end well" ended_well $failed "$logs/$host.administrators"
    done
    took=$(($(now) - begun))
    on a 'touch "$1"' "$over"
    for host in a b; do
        failed=0
        wait "${reader[0]}" || failed=1
        reader=("${reader[@]:1}")
        check "every read and every start on $host was right" ended_well $failed "$logs/$host.reader"
    done
    acknowledged "$logs" | sort -n > "$logs/acknowledged"
    check "every number is given once, and none is left out" \
        equal "$(cut -d' ' -f1 "$logs/acknowledged")" "$(seq "$((before + 1))" "$((before + all))")"
    for host in a b; do
        check "every acknowledged link is there, as $host reads it" has_links "$host" "$store" "$logs/acknowledged"
    done
    check "the history is whole" admin b "$store" -q check
    figure "$all commits by 2 x $administrators administrators in $took ms," \
        "$(cat "$logs"/*.administrators | grep -c again || :) asked again;" \
        "a commit took $(acknowledged "$logs" | cut -d' ' -f3 | spread) ms (least / middle / most)"
    figure "starts on a and b, and the slowest in ms: $(paste -sd' ' "$logs/a.reader" "$logs/b.reader")"
    rm -r "$logs"
}

# ended_well STATUS LOG
ended_well() {
    (($1 == 0)) || { cat "$2"; return 1; }
}

# acknowledged LOGS: what all administrators were told.
acknowledged() {
    cat "$1"/*.administrators | grep '^[0-9]'
}

# has_links HOST STORE FILE
has_links() {
    local missing
    missing=$(comm -13 <(admin "$1" "$2" list --json | sed -n 's/.*"from": "\(.*\)",/\1/p' | sort -u) \
        <(cut -d' ' -f2 "$3" | sort))
    [[ -z $missing ]] || { echo "missing: $missing"; return 1; }
}
