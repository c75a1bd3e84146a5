# A table that a program has open on one host is replaced there: it is not gone for a host that remembers its name.

try_open() {
    title "a table that is open on its host is replaced while the other host waits to commit"
    local store=$STORE round made next waiting lost="" old=""
    for ((round = 0; round < 3; round++)); do
        # shellcheck disable=SC2016
        on a 'sleep 600 < "$1/table.toml" > /dev/null 2>&1 & echo $! > /run/open' "$store"
        stopped_commit a "$store" "open$round"
        admin b "$store" member set b "app=open$round" > /run/waiting 2>&1 &
        waiting=$!
        within 5 on b 'pgrep -x psl-admin > /dev/null'
        # What the host has read meanwhile it may remember.
        generation_seen b > /dev/null
        on a 'kill -CONT "$1"' "$(stopped_holder a)"
        wait $waiting || :
        next=$(< /run/waiting) made=$(on a 'cat /run/said')
        [[ $(generation_seen b) == "$next" ]] || old+="$next; "
        # Each of the two is in the table that both have made.
        [[ $(admin a "$store" show "${next#generation }" | grep -c "\"open$round\"") == 2 ]] || lost+="$made by $next; "
        on a 'kill "$(< /run/open)"'
    done
    check "the commit that waited has lost nothing of the other one" equal "$lost" ""
    check "and is current" equal "$old" ""
}

# generation_seen HOST: as psl-admin reads it there.
generation_seen() {
    admin "$1" "$STORE" check | sed -n 's/.*: \(generation [0-9]*\),.*/\1/p'
}
