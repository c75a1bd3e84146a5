# Whether this machine can try it. Needs: here.

# Ends with what tells "not tried" apart from a failure.
not_tried() {
    echo "not tried: $*" >&2
    exit 77
}

need_root() {
    ((EUID == 0)) || not_tried "it needs root"
}

need_programs() {
    local program
    for program; do
        command -v "$program" > /dev/null || not_tried "\"$program\" is missing"
    done
}

need_device() {
    # A container may show a device that it must not open.
    (: <> "$1") 2> /dev/null || not_tried "\"$1\" cannot be opened"
}

# build NAME [PROFILE]: builds what is tried, and copies it, so that nobody builds another one meanwhile; sets `bin`, where
# it lies.
build() {
    local root=$here/../.. profile=${2:-dev}
    (cd "$root" && cargo build --quiet --profile "$profile" --package psl-admin --package psl-shim)
    local target
    target=$(cd "$root" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
    bin=$target/tried/$1
    mkdir -p "$bin"
    install -m 755 "$target/${profile/#dev/debug}"/{psl-admin,libpsl_shim.so} "$bin"
}
