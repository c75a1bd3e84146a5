# An administrator on one host loses the lock while it is about to replace the table, another commits, the first goes on.

try_fenced() {
    # Only where an administrator of the storage can take a lock away.
    [[ -n $(type -t drop_lock) ]] || return 0
    title "a holder that has lost the lock"
    local before holder
    before=$(generation_at b "$STORE")
    # After the third one, all is written: the next call is rename(2).
    stopped_commit a "$STORE" overtaken 3
    holder=$(stopped_holder a)
    drop_lock
    check "the other host commits" admin b "$STORE" member set b app=overtaking
    on a 'kill -CONT "$1"' "$holder"
    within 20 no_holder a
    check "the first one was not told that it had" equal "$(on a 'grep -c generation /run/said || :')" 0
    check "it has not replaced what the other one has made" \
        contains "$(admin a "$STORE" member list)" overtaking
    check "and the generation after that goes on from it" admin a "$STORE" member set a app=after
    check "the history is whole" admin b "$STORE" -q check
    figure "it was told: $(on a 'cat /run/said' | head -n 1), generation $(generation_at b "$STORE") after $before"
}
