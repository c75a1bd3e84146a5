# What lies on the shared storage: a store, and two versions of a program. Needs: on.

# make_trees HOST DIRECTORY: two versions of a program in DIRECTORY/version and DIRECTORY/version2.
make_trees() {
    # shellcheck disable=SC2016 # the host's shell has arguments of its own
    on "$1" '
        set -euo pipefail
        for version in version version2; do
            mkdir -p "$1/$version/bin" "$1/$version/www"
            install -m 755 "$HERE/lib/app" "$1/$version/bin/app"
            echo 1 > "$1/$version/www/text"
        done
        echo 2 > "$1/version2/www/text"' "$2"
}

# make_store STORE TREES: hosts a and b are members of their own names, and have the second version.
make_store() {
    # shellcheck disable=SC2016
    on a '
        set -euo pipefail
        psl-admin init "$1"
        for host in a b; do
            psl-admin --store "$1" member set "$host" app=app
            psl-admin --store "$1" add --member "$host" "$2/version" "$2/version2"
        done' "$1" "$2" > /dev/null
}

# Makes what the trials use: STORE with TREES, FRAGILE with OWN_TREES.
make_all() {
    local host
    for host in a b; do
        configure "$host" 'start_deadline = "3s"'
        make_trees "$host" "$OWN_TREES"
    done
    make_trees a "$TREES"
    make_store "$STORE" "$TREES"
    make_store "$FRAGILE" "$OWN_TREES"
}

# configure HOST LINE...: the host's configuration of PSL.
configure() {
    # shellcheck disable=SC2016
    on "$1" 'printf "%s\n" "$@" > /run/psl.toml' "${@:2}"
}

# generation_at HOST STORE: the number of the current generation, as that host reads it.
generation_at() {
    # shellcheck disable=SC2016
    on "$1" 'ls "$1" > /dev/null; sed -n "s/^generation = //p" "$1/table.toml"' "$2"
}

# admin HOST STORE ARGUMENT...
admin() {
    # shellcheck disable=SC2016
    on "$1" 'exec psl-admin --store "$@"' "${@:2}"
}

# started_version HOST [STORE TREES]: which version an instance has that starts on that host, as the member of its name.
started_version() {
    admin "$1" "${2:-$STORE}" run --member "$1" -- /bin/cat "${3:-$TREES}/version/www/text"
}

# remember_variables HOST STORE: what starts instances there without psl-admin, by the shim alone.
remember_variables() {
    # shellcheck disable=SC2016
    on "$1" 'psl-admin --store "$1" env --member "$2" > /run/variables' "$2" "$1"
}

# linked HOST COMMAND...: an instance that is started so.
linked() {
    # shellcheck disable=SC2016
    on "$1" 'set -a; source /run/variables; exec "$@"' "${@:2}"
}
