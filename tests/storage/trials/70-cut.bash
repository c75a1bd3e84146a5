# A host's connection is cut for 20 s while both commit, and while instances start on it: every wait has an end, and what
# was acknowledged stays.

readonly CUT=${PSL_CUT:-20}

try_cut() {
    title "a host's connection is cut for $CUT s during commits"
    local before logs host pids=() begun run
    before=$(generation_at b "$STORE")
    logs=$(mktemp -d -p /run)
    remember_variables a "$STORE"
    for host in a b; do
        commits_until "$host" "$logs/over" > "$logs/$host" 2>&1 &
        pids+=($!)
    done
    sleep 2
    part a
    begun=$(now)
    run=(admin a "$STORE" run --member a -- /bin/true)
    check "on the host that is cut off, run ends with 6 in time" in_time 9 ends_with 6 "${run[@]}"
    check "and the shim with 78" in_time 6 ends_with 78 linked a /bin/true
    while (($(now) - begun < CUT * 1000)); do sleep 0.1; done
    join a
    begun=$(now)
    check "joined again, it starts instances" within 60 started_well a
    figure "which took $(($(now) - begun)) ms from then on"
    sleep 2
    touch "$logs/over"
    for host in a b; do
        check "the administrator on $host ends" within 90 is_ended "${pids[0]}"
        pids=("${pids[@]:1}")
    done
    check "nothing but conflicts and the storage failed" only_expected "$logs"
    grep -h '^[0-9]' "$logs/a" "$logs/b" | sort -n > "$logs/acknowledged"
    check "no number was given twice" equal "$(cut -d' ' -f1 "$logs/acknowledged" | uniq -d)" ""
    for host in a b; do
        check "what was acknowledged is there, as $host reads it" has_links "$host" "$STORE" "$logs/acknowledged"
    done
    check "the history is whole" admin a "$STORE" -q check
    figure "acknowledged: $(grep -c '^[0-9]' "$logs/a") on the host that was cut off, $(grep -c '^[0-9]' "$logs/b") on the other," \
        "the slowest after $(cut -d' ' -f3 "$logs/acknowledged" | sort -n | tail -n 1) ms; then generation" \
        "$(generation_at b "$STORE") after $before"
    rm -r "$logs"
}

# commits_until HOST FILE: one administrator after the other, until the file is there.
commits_until() {
    local round=0
    until [[ -e $2 ]]; do
        # What fails is told by its line.
        on "$1" 'exec "$HERE/lib/administrators" "$@"' "$STORE" "$1" 1 1 "cut$((round++))" || :
    done
}

started_well() {
    equal "$(started_version "$1")" 2
}

is_ended() {
    ! kill -0 "$1" 2> /dev/null
}

only_expected() {
    local other
    other=$(grep -h -v -E '^([0-9]+ |again$|exit status 6: )' "$1"/[ab] || :)
    [[ -z $other ]] || { printf '%s\n' "$other"; return 1; }
}
