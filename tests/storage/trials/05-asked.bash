# What the file system gives, of what a store needs.

try_asked() {
    title "what the file system gives"
    local said need
    # shellcheck disable=SC2016
    said=$(on a 'exec /usr/bin/python3 "$HERE/lib/asked.py" "$1"' "$TREES/asked")
    for need in "exclusive creation" "hard links" "exclusive link" "rename from one directory to another" \
        "fsync of a directory"; do
        check "$need" contains "$said" "$need: yes"
    done
    figure "$(grep '^exchange' <<< "$said")"
}
