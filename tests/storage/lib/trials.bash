# Runs the trials, or those that are named, in the order of their files. Needs: here, and what trials ask of a storage.

for trial in "$here"/trials/*.bash; do
    # shellcheck source=/dev/null
    source "$trial"
done
unset trial

run_trials() {
    local trial name
    for trial in "$here"/trials/*.bash; do
        name=$(basename "$trial" .bash)
        name=${name#*-}
        if (($# == 0)) || [[ " $* " == *" $name "* ]]; then
            "try_$name"
        fi
    done
    printf '\n%s checks, %s failed\n' "$checks" "$failures"
    ((checks > 0 && failures == 0)) || exit 1
}
