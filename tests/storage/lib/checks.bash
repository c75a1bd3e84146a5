# A line for each check, and what they come to.

failures=0
checks=0
# How many times as long as on hardware something may take.
SLACK=1

# Says what is tried next.
title() {
    printf '\n%s\n' "$*"
}

# check WHAT COMMAND...: the command has to succeed; what it says is shown when it does not.
check() {
    local what=$1 said
    shift
    checks=$((checks + 1))
    if said=$("$@" 2>&1); then
        printf '  ok      %s\n' "$what"
    else
        failures=$((failures + 1))
        printf '  FAILED  %s\n' "$what"
        printf '%s\n' "$said" | sed 's/^/          /'
    fi
}

# A measured figure, which cannot fail.
figure() {
    printf '  figure  %s\n' "$*"
}

equal() {
    [[ $1 == "$2" ]] || { printf 'found "%s", expected "%s"\n' "$1" "$2"; return 1; }
}

at_most() {
    (($1 <= $2)) || { printf 'found %s, expected at most %s\n' "$1" "$2"; return 1; }
}

contains() {
    [[ $1 == *"$2"* ]] || { printf 'found "%s", expected "%s" in it\n' "$1" "$2"; return 1; }
}

# ends_with STATUS COMMAND...
ends_with() {
    local status=0 said
    said=$("${@:2}" 2>&1) || status=$?
    [[ $status == "$1" ]] || { printf 'exit status %s, expected %s: %s\n' "$status" "$1" "$said"; return 1; }
}

# in_time SECONDS COMMAND...: the command has to succeed, and not to take longer.
in_time() {
    local begun took
    begun=$(now)
    "${@:2}" || return
    took=$(($(now) - begun))
    ((took <= $1 * 1000 * SLACK)) || { printf 'it took %s ms, expected at most %s s\n' "$took" "$1"; return 1; }
}

# Waits until the command succeeds: at most so many seconds.
within() {
    local end=$((SECONDS + $1 * SLACK))
    shift
    until "$@" > /dev/null 2>&1; do
        ((SECONDS < end)) || { "$@"; return; }
        sleep 0.1
    done
}

# Milliseconds of a clock that does not go back.
now() {
    local up
    read -r up _ < /proc/uptime
    printf '%s\n' "$((10#${up/./} * 10))"
}

# Sorted numbers on standard input: the least, the middle and the greatest.
spread() {
    sort -n | awk '{ all[NR] = $1 } END { print all[1] " / " all[int((NR + 1) / 2)] " / " all[NR] }'
}
