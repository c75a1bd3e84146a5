# Instances on both hosts: each host knows the other's by their registrations, and gc spares what they use.

try_instances() {
    title "instances on both hosts"
    local host other store=$STORE said status=0
    for host in a b; do
        # shellcheck disable=SC2016
        on "$host" '
            psl-admin --store "$1" run --member "$2" -- "$3/version/bin/app" 8000 > /dev/null 2>&1 < /dev/null &
            echo $! > /run/instance' "$store" "$host" "$TREES"
    done
    for host in a b; do
        check "the instance on $host has its link" within 10 served "$host" "$host" 8000 2
    done
    for host in a b; do
        other=$([[ $host == a ]] && echo b || echo a)
        said=$(admin "$host" "$store" ps --json | states)
        check "ps on $host knows its own" contains "$said" "$host node$host CURRENT"
        check "and the other one's, by its registration" contains "$said" "$other node$other REMOTE"
    done
    on a 'kill -KILL "$(< /run/instance)"'
    within 10 is_silent a a 8000
    said=$(admin a "$store" -q ps --json | states)
    check "killed, it is not there any longer" equal "$said" "b nodeb REMOTE"
    on b 'kill -KILL "$(< /run/instance)"'
    within 10 is_silent b b 8000
    admin b "$store" -q gc --keep 1000 > /dev/null
    check "a registration that has ended is removed by its host" \
        equal "$(admin a "$store" -q ps --json | states)" ""
}

# served HOST SERVER PORT VERSION: the server on that host answers with that version, as HOST is told.
served() {
    equal "$(answer "$1" "${address[$2]}" "$3")" "$4"
}

is_silent() {
    ! answer "$1" "${address[$2]}" "$3" > /dev/null 2>&1
}

answer() {
    # shellcheck disable=SC2016
    on "$1" '/usr/bin/python3 -c "
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=2).read().decode().strip())" "http://$1:$2/text"' "$2" "$3"
}

# Of what `ps --json` prints: member, host and state, a line each.
states() {
    /usr/bin/python3 -c '
import json, sys
for row in json.load(sys.stdin):
    print(row["member"], row["host"], row["state"])'
}
