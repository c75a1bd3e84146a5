# The only server of a volume dies, and comes back: nothing is committed meanwhile, and starts do as they are configured.

try_server() {
    local host
    [[ -z $LOST ]] || server_dies

    title "the only server does not answer"
    keep_last_good
    freeze_server "$LOST"
    starts_as_configured a
    thaw_server "$LOST"
    for host in a b; do
        check "the server answers, as $host sees it" within 60 answers "$host"
    done
    goes_on
}

server_dies() {
    title "the only server dies"
    local store=$FRAGILE before history host
    keep_last_good
    before=$(on a 'cat "$1/table.toml"' "$store")
    history=$(on a 'ls "$1/history"' "$store")
    lose_server "$LOST"
    for host in a b; do
        check "a commit on $host ends with 6" in_time 10 ends_with 6 admin "$host" "$store" member set "$host" app=lost
        starts_as_configured "$host"
    done
    return_server "$LOST"
    for host in a b; do
        check "the server is back, as $host sees it" within 30 answers "$host"
    done
    check "the table is what it was" equal "$(on b 'cat "$1/table.toml"' "$store")" "$before"
    check "and so is the history" equal "$(on b 'ls "$1/history"' "$store")" "$history"
    goes_on
}

# Lets each host keep what it has started with last.
keep_last_good() {
    local host
    for host in a b; do
        configure "$host" 'start_deadline = "3s"' 'on_error = "last-good"'
        started_version "$host" "$FRAGILE" "$OWN_TREES" > /dev/null
        remember_variables "$host" "$FRAGILE"
    done
}

# starts_as_configured HOST: by each policy, and within the deadline; `run` waits for it at most twice.
starts_as_configured() {
    local host=$1 start=(/bin/echo started) run
    run=(admin "$host" "$FRAGILE" run --member "$host" -- "${start[@]}")
    configure "$host" 'start_deadline = "3s"' 'on_error = "refuse"'
    check "on $host, refuse: run ends with 6" in_time 8 ends_with 6 "${run[@]}"
    check "on $host, refuse: the shim ends with 78" in_time 5 ends_with 78 linked "$host" "${start[@]}"
    configure "$host" 'start_deadline = "3s"' 'on_error = "last-good"'
    check "on $host, last-good: run starts, and says so" in_time 12 says "last one that was good" "${run[@]}"
    check "on $host, last-good: and so does the shim" in_time 5 says "last one that was good" linked "$host" "${start[@]}"
    configure "$host" 'start_deadline = "3s"' 'on_error = "ignore"'
    check "on $host, ignore: the shim starts, and says so" in_time 5 says "started" linked "$host" "${start[@]}"
    configure "$host" 'start_deadline = "3s"'
}

# says TEXT COMMAND...: it succeeds, and says that.
says() {
    local said
    said=$("${@:2}" 2>&1) || { printf 'exit status %s: %s\n' $? "$said"; return 1; }
    contains "$said" "$1" && contains "$said" started
}

# answers HOST: a listing is not remembered there, as what a file has in it may be.
answers() {
    # shellcheck disable=SC2016
    on "$1" 'ls "$1/history" && cat "$1/table.toml"' "$FRAGILE"
}

goes_on() {
    local host
    for host in a b; do
        check "instances start on $host" equal "$(started_version "$host" "$FRAGILE" "$OWN_TREES")" 2
        check "and commits are made there" admin "$host" "$FRAGILE" member set "$host" "app=on$RANDOM"
    done
}
