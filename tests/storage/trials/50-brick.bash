# One of a volume's servers dies and comes back, while both hosts commit: nobody notices.

try_brick() {
    [[ -n $REPLICATED ]] || return 0
    title "a server of three dies during commits, and comes back"
    { sleep 1; lose_server "$REPLICATED"; sleep 3; return_server "$REPLICATED"; } &
    local loss=$!
    commits_on "$STORE" "$TREES" 3 6
    wait $loss
    within 60 is_healed
    check "each copy is the same again" is_healed
}
