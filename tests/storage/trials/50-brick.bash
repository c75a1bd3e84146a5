# The server, or one of three, dies and comes back while both hosts commit: nobody notices more than a pause.

try_brick() {
    title "a server dies during commits, and comes back"
    local host loss
    for host in a b; do
        configure "$host" 'start_deadline = "2m"'
    done
    { sleep 1; lose_server "$REPLICATED"; sleep 3; return_server "$REPLICATED"; } &
    loss=$!
    commits_on "$STORE" "$TREES" 3 6
    wait $loss
    check "what it has missed it is given" within 60 is_healed
    for host in a b; do
        configure "$host" 'start_deadline = "3s"'
    done
}
