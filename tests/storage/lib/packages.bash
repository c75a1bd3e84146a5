# What virtual machines run: a kernel with its modules, and NFS. Downloaded, not installed.

# fetch_packages DIRECTORY: unpacks them there, unless that has been done.
fetch_packages() {
    [[ ! -e $1/done ]] || return 0
    local kernel
    kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: //p')
    rm -rf "$1"
    mkdir -p "$1"
    (
        cd "$1"
        apt-get download -q "$kernel" busybox-static nfs-kernel-server nfs-common rpcbind libnfsidmap1 keyutils libwrap0 \
            libevent-core-2.1-7 > /dev/null || exit
        local package
        for package in *.deb; do
            dpkg --extract "$package" . || exit
            rm "$package"
        done
        touch done
    )
}
