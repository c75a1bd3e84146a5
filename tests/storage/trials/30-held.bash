# An administrator on one host who is stopped, or dies, while holding the lock.

try_held() {
    title "a stopped holder of the lock on the other host"
    local store=$STORE before holder said status=0 begun took
    before=$(generation_at b "$store")
    stopped_commit a "$store" continued1
    holder=$(stopped_holder a)
    begun=$(now)
    said=$(admin b "$store" member set b app=waited 2>&1) || status=$?
    took=$(($(now) - begun))
    check "who waits for it on the other host gives up with 4" equal $status 4
    check "after 10 s" at_most $took $((10000 + 3000 * SLACK))
    check "and is told of its host" contains "$said" "nodea"
    check "and of its process" contains "$said" "pid $holder"
    check "and nothing has changed" equal "$(generation_at b "$store")" "$before"
    on a 'kill -CONT "$1"' "$holder"
    within 10 no_holder a
    check "continued, it makes its commit" equal "$(generation_at b "$store")" "$((before + 1))"

    stopped_commit a "$store" killed2
    on a 'kill -KILL "$1"' "$(stopped_holder a)"
    begun=$(now)
    said=$(admin b "$store" member set b app=freed 2>&1) || :
    took=$(($(now) - begun))
    check "killed, it leaves no lock" contains "$said" "generation $((before + 2))"
    check "and what it left is cleaned up" equal "$(on b 'ls -A "$1" | grep -c aside || :' "$store")" 0
    figure "the commit after its death took $took ms"
}

# stopped_commit HOST STORE VALUE [NUMBER]: a commit that is stopped after its first fsync(2), or a later one, with the lock
# in its hands.
stopped_commit() {
    on "$1" 'rm -f /run/strace'
    # shellcheck disable=SC2016
    on "$1" '
        strace -f -o /run/strace -e trace=fsync -e inject="fsync:signal=STOP:when=$3" \
            psl-admin --store "$1" member set a "app=$2" > /run/said 2>&1 || :' "$2" "$3" "${4:-1}" &
    within 10 stopped_holder "$1"
}

# stopped_holder HOST: its process number there.
stopped_holder() {
    on "$1" 'grep -q "stopped by SIGSTOP" /run/strace && pgrep -x psl-admin'
}

no_holder() {
    ! on "$1" 'pgrep -x psl-admin > /dev/null'
}
