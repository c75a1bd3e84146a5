# What one host has committed, a start on the other sees: at once, or after how long.

try_seen() {
    title "a commit of one host, seen by a start on the other"
    local round begun took late=0 lags=() target
    for ((round = 0; round < 12; round++)); do
        target=version$((round % 2 + 1))
        target=${target/version1/version}
        # What b has read it may remember.
        starts_with b "$MAIN" seen > /dev/null
        admin a "$MAIN/psl" -q add --member seen "$MAIN/binaries/seen" "$MAIN/binaries/$target" > /dev/null
        begun=$(now)
        if ! seen_is b "$target"; then
            late=$((late + 1))
            within 5 seen_is b "$target" || :
        fi
        lags+=($(($(now) - begun)))
        admin a "$MAIN/psl" -q remove --member seen "$MAIN/binaries/seen" > /dev/null
    done
    figure "$late of $round starts did not see it at once; all did after $(printf '%s\n' "${lags[@]}" | spread) ms"
}
seen_is() { local n; n=$(on b 'psl-admin --store "$1" resolve --member seen "$2"' $MAIN/psl $MAIN/binaries/seen); [[ $n == "$MAIN/binaries/$2" ]]; }
starts_with() { on $1 'psl-admin --store $1 list' $2/psl; }
