# A GlusterFS server with two volumes: `replica`, three copies; `plain`, one. Needs: here, SERVER.

readonly VOLUMES=(replica plain)

start_server() {
    ip link set lo up
    echo 1 > /proc/sys/net/ipv4/ip_forward
    hostname storage
    local dir
    for dir in /var/lib/glusterd /var/log/glusterfs; do
        mount -t tmpfs -o mode=755 none "$dir"
    done
    mkdir -p /run/gluster /run/bricks
    glusterd
    within 30 ask pool list
}

ask() {
    gluster --mode=script "$@"
}

make_volumes() {
    ask volume create replica replica 3 $SERVER:/run/bricks/{1,2,3} force
    ask volume create plain $SERVER:/run/bricks/plain force
    local volume
    for volume in "${VOLUMES[@]}"; do
        ask volume start "$volume"
    done
} > /dev/null

# mount_volumes HOST: below /run/shared there.
mount_volumes() {
    local volume
    for volume in "${VOLUMES[@]}"; do
        enter "$1" mkdir -p "/run/shared/$volume"
        enter "$1" glusterfs --volfile-server=$SERVER --volfile-id="$volume" --log-file="/run/$volume.log" \
            "/run/shared/$volume"
        within 20 enter "$1" stat -f -c %T "/run/shared/$volume"
    done
}

# lose_server VOLUME: kills the process that serves its last brick.
lose_server() {
    local brick
    brick=$(brick_of "$1")
    kill -KILL "$brick"
    within 10 is_gone "$brick"
}

is_gone() {
    [[ ! -e /proc/$1 ]]
}

# return_server VOLUME: starts it again.
return_server() {
    ask volume start "$1" force > /dev/null
    within 10 brick_of "$1" > /dev/null
}

freeze_server() {
    kill -STOP "$(brick_of "$1")"
}

thaw_server() {
    kill -CONT "$(brick_of "$1")"
}

# brick_of VOLUME: the process of its last brick.
brick_of() {
    ask volume status "$1" --xml | /usr/bin/python3 -c '
import sys, xml.etree.ElementTree as tree
nodes = [node for node in tree.parse(sys.stdin).iter("node") if node.findtext("path", "").startswith("/run/bricks/")]
pid = int(nodes[-1].findtext("pid"))
sys.exit("it does not run") if pid <= 0 else print(pid)'
}

# Whether each of the three copies has all that was written.
is_healed() {
    ask volume heal replica info | awk '/^Number of entries:/ { bricks++; left += $4 } END { exit !(bricks == 3 && left == 0) }'
}

# Takes away the lock of the store on the volume `replica`, whoever holds it.
drop_lock() {
    ask volume clear-locks replica /psl/lock kind all posix > /dev/null
}
