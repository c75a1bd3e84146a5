# Two administrators on two hosts who both saw one generation: one of them commits, the other is told so.

try_conflicts() {
    title "compare-and-swap between the hosts"
    local store=$STORE rounds=10 round host number wrong="" both pids
    for ((round = 0; round < rounds; round++)); do
        number=$(generation_at a "$store")
        pids=()
        for host in a b; do
            one_of_two "$host" "$number" "app$round" > "/run/$host.said" 2>&1 &
            pids+=($!)
        done
        wait "${pids[@]}"
        both=$(cat /run/a.said /run/b.said)
        [[ $(sort <<< "$both" | grep -E -c "^(generation $((number + 1))|exit status [04])$") == 3 ]] \
            || wrong+="round $round: $both"$'\n'
    done
    check "of two in each of $rounds rounds one commits, and one is told of a conflict" equal "$wrong" ""
    check "each round has made one generation" equal "$(generation_at b "$store")" "$((number + 1))"
}

one_of_two() {
    local status=0
    admin "$1" "$STORE" member set "$1" "app=$3" --if-generation "$2" || status=$?
    echo "exit status $status"
}
