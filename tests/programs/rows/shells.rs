//! bash and dash: what they look up themselves.

use crate::stage::{Row, assert_same, refused, same};

const BOTH: &[Row] = &[
    same("read text < {root}/binaries/version/which; echo $text"),
    same("cd binaries/version && pwd && pwd -P && cd .. && pwd -P"),
    same("cd -P binaries/version/share && pwd"),
    same("cd binaries/version/relative/deep && read text < three && echo $text; pwd; cd .. && pwd"),
    same("cd {root}/alias/version && . ./which; pwd -P"),
    same("for name in binaries/version/share/*; do echo $name; done"),
    same("for name in {root}/binaries/v*/which; do echo $name; done"),
    same("for name in binaries/*; do echo $name; done"),
    same("test -L binaries/version && test -d binaries/version && echo a link to a directory"),
    same("test -L binaries/version/ || test -d binaries/version/ && echo a directory"),
    same("test -e binaries/version/none || test -h alias/version && echo right"),
    same("test binaries/version -ef binaries/version2 && echo the same"),
    same(
        "test -x binaries/version/bin/tool && test -r binaries/version/which && test -w binaries/version && echo may",
    ),
    same("echo text > binaries/version/share/new && echo more >> {root}/alias/version/share/new"),
    same("set -C; echo text > binaries/version/which; echo $?"),
    same("echo text > binaries/version; echo $?"),
    same("binaries/version/bin/tool a b; {root}/binaries/version/bin/script c"),
    same("cd binaries/version/bin && ./tool a; ./script b"),
    same("PATH={root}/binaries/version/bin:$PATH; tool a; script b; command -v tool"),
    same("PATH=binaries/version/bin:$PATH; cd work; tool; cd ..; tool a"),
    same("exec {root}/alias/version/bin/script a"),
    same("(exec binaries/version/bin/none); echo $?; binaries/version/share; echo $?"),
    same(". binaries/version/bin/tool"),
    same(
        "umask 077; mkdir binaries/version/made; umask; test -d binaries/version2/made && echo made",
    ),
    refused(
        "rm binaries/version",
        "rm: cannot remove 'binaries/version': Device or resource busy\nexit status: 1",
    ),
];

#[test]
fn dash_cannot_tell() {
    assert_same(["/bin/dash", "-c"], &[], BOTH);
}

#[test]
fn bash_cannot_tell() {
    assert_same(["/bin/bash", "-c"], &[], BOTH);
}

#[test]
fn what_only_bash_does_cannot_tell() {
    let rows = [
        same("echo $(< binaries/version/which)"),
        same("cat <(cat binaries/version/which) <(echo and)"),
        same("shopt -s globstar dotglob; printf '%s\\n' binaries/version/**/t*"),
        same("shopt -s extglob\n printf '%s\\n' {root}/binaries/version/!(which)"),
        same("compgen -f binaries/version/s; compgen -d {root}/binaries/ | sort"),
        same(
            "pushd binaries/version > /dev/null; dirs -p | sed s,^.*/root,,; popd > /dev/null; dirs -p | wc -l",
        ),
        same("hash -p binaries/version/bin/tool t; t a"),
        same("mapfile -t lines < {root}/binaries/version/share/two; echo ${#lines[@]}"),
        same("source {root}/binaries/version/bin/tool a"),
        same("[[ -L binaries/version && binaries/version/which -nt work/none ]] && echo right"),
        // It looks its variables up by a getenv(3) of its own.
        same(
            "for name in $(compgen -e); do unset $name; done; /bin/cat binaries/version/which; exec binaries/version/bin/script a",
        ),
        same(
            "for name in $(compgen -e); do export -n $name; done; /bin/cat binaries/version/which; binaries/version/bin/tool a",
        ),
        same(
            "LD_PRELOAD= cat binaries/version/which; LD_PRELOAD=libc.so.6 binaries/version/bin/script a",
        ),
        same(
            "export LD_PRELOAD=; cat binaries/version/which; (exec -c binaries/version/bin/script a)",
        ),
        same("for fd in {3..255}; do eval \"exec $fd>&-\"; done; cat binaries/version/which"),
        same("coproc cat binaries/version/which; read -r text <&\"${COPROC[0]}\"; echo $text"),
    ];
    assert_same(["/bin/bash", "-c"], &[], &rows);
}
