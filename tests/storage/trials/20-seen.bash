# What one host has committed, a start on the other follows, from the next moment on.

try_seen() {
    title "a commit of one host, and a start on the other right after it"
    local round version made=() took=() wrong="" said begun
    for ((round = 0; round < 10; round++)); do
        # What the host has read it may remember.
        started_version b > /dev/null
        version=$((round % 2 + 1))
        begun=$(now)
        lead b "$version"
        made+=($(($(now) - begun)))
        begun=$(now)
        said=$(started_version b) || said="exit status $?"
        took+=($(($(now) - begun)))
        [[ $said == "$version" ]] || wrong+="version \"$said\", expected \"$version\"; "
    done
    check "each of $round starts has the generation before it" equal "$wrong" ""
    figure "a commit took $(printf '%s\n' "${made[@]}" | spread) ms (least / middle / most)"
    figure "a start took $(printf '%s\n' "${took[@]}" | spread) ms (least / middle / most)"
}

# lead MEMBER VERSION: host a commits that the member has that version: 1 without its link, 2 with it.
lead() {
    local verb=(add --member "$1" "$TREES/version" "$TREES/version2")
    [[ $2 == 2 ]] || verb=(remove --member "$1" "$TREES/version")
    admin a "$STORE" -q "${verb[@]}" > /dev/null
}
