# A server and two clients as virtual machines. Needs: here, bin, packages.

declare -A address=([storage]=192.0.2.1 [a]=192.0.2.10 [b]=192.0.2.20)
declare -A port=([storage]=7001 [a]=7002 [b]=7003)
readonly MODULES=(virtio_pci virtio_net virtio_blk 9pnet_virtio 9p overlay ext4 crc32c_generic nfs nfsv3 nfsv4 nfsd)

start_machines() {
    ip link set lo up
    # What the machines say to each other is multicast on this host.
    ip route add default dev lo
    truncate -s 512M /run/disk
    mkfs.ext4 -q /run/disk
    /usr/bin/python3 "$here/lib/initramfs.py" "$packages/lib/modules" "$packages/bin/busybox" "$here/lib/init" \
        /run/initramfs "${MODULES[@]}"
    local name
    for name in storage a b; do
        boot "$name"
    done
    for name in storage a b; do
        within 120 on "$name" 'test -e /run/ready' 2> /dev/null
    done
}

# boot NAME: starts it; that it answers is another matter.
boot() {
    local name=$1 node=node$1 disk=()
    if [[ $name == storage ]]; then
        node=storage
        disk=(-drive file=/run/disk,format=raw,if=virtio)
    fi
    local mac=52:54:00:00:${port[$name]:2:2}
    # shellcheck disable=SC2046 # two words
    qemu-system-x86_64 $(accelerator) -m 512 -smp 1 -display none -serial file:"/run/$name.log" -no-reboot \
        -kernel "$packages"/boot/vmlinuz-* -initrd /run/initramfs \
        -append "console=ttyS0 quiet net.ifnames=0 guest=$here packages=$packages name=$node address=${address[$name]}" \
        -virtfs local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap \
        -netdev socket,id=lan,mcast=230.0.0.1:7777,localaddr=127.0.0.1 \
        -device virtio-net-pci,netdev=lan,mac="$mac:00",romfile= \
        -netdev user,id=control,hostfwd=tcp:127.0.0.1:"${port[$name]}"-:7000 \
        -device virtio-net-pci,netdev=control,mac="$mac:01",romfile= \
        "${disk[@]}" < /dev/null > "/run/$name.qemu" 2>&1 &
    echo $! > "/run/$name.pid"
}

# How much longer than usual everything may take.
SLACK=$([[ -n ${PSL_KVM:-} ]] && echo 2 || echo 10)

# What runs the machines' code. Some hosts have a /dev/kvm that runs only kernels made for it.
accelerator() {
    if [[ -n ${PSL_KVM:-} ]]; then
        echo "-accel kvm -cpu host"
    else
        echo "-accel tcg -cpu max"
    fi
}

# on HOST SCRIPT [ARGUMENT]...: runs the script there by bash, and ends as it does.
on() {
    /usr/bin/python3 "$here/lib/reach.py" 127.0.0.1 "${port[$1]}" env -i PATH="$bin:/usr/sbin:/usr/bin:/sbin:/bin" \
        HOME=/root LANG=C PSL_CONFIG=/run/psl.toml HERE="$here" PACKAGES="$packages" bash -c "$2" - "${@:3}"
}

# mount_clients VERSION: the server's disk, below /run/shared/VERSION.
mount_clients() {
    local host path=/
    [[ $1 != 3 ]] || path=/export
    for host in a b; do
        # shellcheck disable=SC2016
        on "$host" '
            set -euo pipefail
            mkdir -p "/run/shared/$1"
            export LD_LIBRARY_PATH=$PACKAGES/lib/x86_64-linux-gnu:$PACKAGES/usr/lib/x86_64-linux-gnu
            "$PACKAGES/sbin/mount.nfs" "192.0.2.1:$2" "/run/shared/$1" -o "vers=$1,hard"
            mkdir -p "/run/shared/$1/$1"' "$1" "$path"
    done
}

part() {
    on "$1" 'ip link set eth0 down'
}

join() {
    on "$1" 'ip link set eth0 up'
}

# Ends the server as a loss of power does.
lose_server() {
    kill -KILL "$(< /run/storage.pid)"
}

return_server() {
    boot storage
    within 120 on storage 'test -e /run/ready' 2> /dev/null
}

freeze_server() {
    kill -STOP "$(< /run/storage.pid)"
}

thaw_server() {
    kill -CONT "$(< /run/storage.pid)"
}

# There is one copy.
is_healed() {
    on storage 'test -e /run/ready'
}
