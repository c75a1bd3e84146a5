# What lies on the shared storage: a store, and two versions of a program. Needs: on.

# make_store DIRECTORY: the store DIRECTORY/psl, and DIRECTORY/binaries; hosts a and b are members of their own names.
make_store() {
    # shellcheck disable=SC2016 # the host's shell has arguments of its own
    on a '
        set -euo pipefail
        for version in version version2; do
            mkdir -p "$1/binaries/$version/bin" "$1/binaries/$version/www"
            install -m 755 "$HERE/lib/app" "$1/binaries/$version/bin/app"
            echo 1 > "$1/binaries/$version/www/text"
        done
        echo 2 > "$1/binaries/version2/www/text"
        psl-admin init "$1/psl"
        for host in a b; do
            psl-admin --store "$1/psl" member set "$host" app=app
            psl-admin --store "$1/psl" add --member "$host" "$1/binaries/version" "$1/binaries/version2"
        done' "$1" > /dev/null
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

# started_version HOST [DIRECTORY]: which version an instance has that starts on that host, as the member of its name.
started_version() {
    local directory=${2:-$MAIN}
    admin "$1" "$directory/psl" run --member "$1" -- /bin/cat "$directory/binaries/version/www/text"
}

# remember_variables HOST [DIRECTORY]: what starts instances there without psl-admin, by the shim alone.
remember_variables() {
    admin "$1" "${2:-$MAIN}/psl" env --member "$1" > "/run/variables.$1"
}

# linked HOST COMMAND...: an instance that is started so.
linked() {
    local host=$1 variables
    mapfile -t variables < "/run/variables.$host"
    shift
    # shellcheck disable=SC2016
    on "$host" 'exec env "$@"' "${variables[@]}" "$@"
}
