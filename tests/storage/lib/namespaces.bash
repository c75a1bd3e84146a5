# Two hosts as namespaces: each its own node name, boot, processes, network and mounts. Needs: here, bin.

readonly SERVER=192.0.2.1
declare -A init address

# start_host NAME ADDRESS: sets init[NAME], its first process.
start_host() {
    local host=$1
    address[$host]=$2
    unshare --mount --pid --fork --kill-child --mount-proc --net --uts --ipc \
        "$here/lib/host" "node$host" < /dev/null &
    local parent=$!
    within 10 has_child "$parent"
    init[$host]=$(children_of "$parent")
    ip link add "to_$host" type veth peer name eth0 netns "${init[$host]}"
    ip addr add $SERVER/32 peer "${address[$host]}" dev "to_$host"
    ip link set "to_$host" up
    within 10 enter "$host" test -e /run/ready
    enter "$host" ip addr add "${address[$host]}/32" peer $SERVER dev eth0
    enter "$host" ip link set eth0 up
    enter "$host" ip route add default via $SERVER
    enter "$host" /usr/bin/python3 "$here/lib/reach.py" serve 7000 < /dev/null > /dev/null 2>&1 &
}

children_of() {
    tr -d ' ' < "/proc/$1/task/$1/children"
}

has_child() {
    [[ -n $(children_of "$1") ]]
}

# enter HOST COMMAND...
enter() {
    nsenter --target "${init[$1]}" --mount --pid --net --uts --ipc --wd=/ -- "${@:2}"
}

# on HOST SCRIPT [ARGUMENT]...: runs the script there by bash, and ends as it does.
on() {
    enter "$1" env -i PATH="$bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME=/root LANG=C PSL_CONFIG=/run/psl.toml \
        HERE="$here" bash -c "$2" - "${@:3}"
}

part() {
    ip link set "to_$1" down
}

join() {
    ip link set "to_$1" up
}
