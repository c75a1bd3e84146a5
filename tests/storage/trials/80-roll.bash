# A roll over members of both hosts: whoever drives it on one host is killed, the other host goes on and finishes.

try_roll() {
    title "an upgrade whose members live on both hosts"
    local trees=$TREES/roll host driver said
    make_trees a "$trees"
    for host in a b; do
        admin a "$STORE" -q member set "on_$host" app=rolled > /dev/null
        service start "$host" "$trees"
    done
    write_members "$trees"
    for host in a b; do
        check "the member on $host runs its old version" within 20 served a "$host" 8100 1
    done
    # shellcheck disable=SC2016
    on a 'psl-admin --store "$1" --json upgrade start "$2/version" "$2/version2" --members on_a,on_b \
        --min-healthy 2s --deadline 60s > /run/roll 2>&1 & echo $! > /run/driver; wait $! || :' "$STORE" "$trees" 2> /dev/null &
    driver=$!
    check "the roll comes to its second member" within 60 on a 'grep -q on_b /run/roll'
    on a 'kill -KILL "$(< /run/driver)"'
    wait $driver
    check "the other host sees the roll" contains "$(admin b "$STORE" upgrade status 2>&1)" on_b
    check "and goes on, when whoever drove it is taken for dead" within 30 admin b "$STORE" -q upgrade resume
    for host in a b; do
        check "the member on $host runs its new version" within 10 served b "$host" 8100 2
    done
    check "the other host finishes it" admin b "$STORE" -q upgrade finish
    # shellcheck disable=SC2016
    check "until no host remembers what was there" on a 'grep -q "\"task\":\"wait\"" "$1"/rolls/*.[0-9]' "$STORE"
    check "the place leads there for everybody" equal "$(on a 'cat "$1/version/www/text"' "$trees")" 2
    check "and no link is left" equal "$(admin a "$STORE" list --json | grep -c '"member": "on_' || :)" 0
    for host in a b; do
        service stop "$host" "$trees"
        service start "$host" "$trees"
        check "started again, the member on $host has it without a link" within 20 served b "$host" 8100 2
    done
    # A namespace does not show all processes, and so keeps the tree without --force.
    said=$(admin a "$STORE" -q gc --keep 1000 --force 2>&1) || :
    check "what was there before goes by gc: $said" on a '! compgen -G "$1/version.old-*" > /dev/null' "$trees"
    for host in a b; do service stop "$host" "$trees"; done
}

# service start|stop HOST TREES: as an administrator of that host would.
service() {
    # shellcheck disable=SC2016
    on "$2" 'exec "$HERE/lib/service" "$@"' "$1" "$bin" "$STORE" "on_$2" "$3" 8100
}

write_members() {
    local host verb reach
    for host in a b; do
        printf '[member.on_%s]\nhost = "node%s"\nhealth = { http = "http://%s:8100/text" }\n' \
            "$host" "$host" "${address[$host]}"
        for verb in start stop; do
            reach=(/usr/bin/python3 "$here/lib/reach.py" "${address[$host]}" 7000
                "$here/lib/service" "$verb" "$bin" "$STORE" "on_$host" "$1" 8100)
            printf '%s = "%s"\n' "$verb" "${reach[*]}"
        done
    done > /run/members.toml
    # shellcheck disable=SC2016
    on a 'printf "%s\n" "$1" > "$2/members.toml"' "$(< /run/members.toml)" "$STORE"
}
