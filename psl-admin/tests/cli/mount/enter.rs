//! `enter`: the same instance goes on by the mount engine.
use super::{Site, USERS, User};
use crate::bench::pinned;
use psl_table::pinned::Engine;

fn enter() -> String {
    let pinned = pinned(2, "m", Engine::Auto(None));
    format!("export PSL_MEMBER=m PSL_SNAPSHOT='{pinned}'; exec $T/psl-admin enter --")
}

#[test]
fn the_program_gets_its_arguments_and_the_generation_of_its_instance() {
    let site = Site::new();
    site.compile("show", &["-static"]);
    let enter = enter();
    // The current table has another target, and is broken as well.
    site.bench.ok("remove --member m $T/old");
    site.bench.write("store/table.toml", "broken");
    for user in USERS {
        for (script, printed) in [
            (
                format!("{enter} $T/show 'a name' $T/old/which $T/old/sub/which"),
                "a name: new new sub\n",
            ),
            (format!("cd $T/old; {enter} ../show x which"), "x: new\n"),
            (
                format!("d=$(mktemp -d); cd $d; rmdir $d; {enter} $T/show x $T/old/which"),
                "x: new\n",
            ),
            (
                format!("LD_PRELOAD=/x/libpsl_shim.so; LANG=x; unset PATH HOME; {enter} $T/show x"),
                "x:\n",
            ),
        ] {
            let ran = site.run(user, &script);
            assert_eq!(
                (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
                (7, printed, ""),
                "{user:?}: {script}"
            );
        }
    }
}

#[test]
fn what_was_entered_is_told_and_can_be_entered_again() {
    let site = Site::new();
    let enter = enter();
    let printed = site.prints(&format!(
        "{enter} /bin/sh sh -c 'echo ${{PSL_SNAPSHOT%=*}}; exec $T/psl-admin enter -- /bin/cat cat $T/old/which'"
    ));
    assert_eq!(printed, "1;g2,mount\nnew");
}

#[test]
fn every_refusal_names_the_program() {
    let site = Site::new();
    let echo = "$T/psl-admin enter -- /bin/echo echo ran";
    let export = |pinned: String| format!("export PSL_SNAPSHOT='{pinned}'");
    let start = export(pinned(2, "m", Engine::Auto(None)));
    for (before, parts) in [
        ("unset PSL_SNAPSHOT", &["PSL_SNAPSHOT is not set"][..]),
        ("export PSL_SNAPSHOT=x", &["PSL_SNAPSHOT is cut: \"x\""]),
        (
            &export(pinned(1, "n", Engine::Auto(None))),
            &["\"m\"", "\"n\""],
        ),
        (
            &export(pinned(9, "m", Engine::Auto(None))),
            &["no generation 9"],
        ),
        ("unset PSL_MEMBER", &["PSL_MEMBER is \"\""]),
        ("export PSL_STORE=$T/gone", &["\"$T/gone\""]),
        ("export PSL_CONFIG=$T/gone", &["\"$T/gone\""]),
        (
            "cd $T/old/only-old",
            &["working directory \"$T/old/only-old\""],
        ),
    ] {
        for user in USERS {
            let ran = site.run(
                user,
                &format!("export PSL_MEMBER=m; {start}; {before}; {echo}"),
            );
            assert_eq!(
                (ran.code, ran.stdout.as_str()),
                (78, ""),
                "{before}: {ran:?}"
            );
            for part in parts
                .iter()
                .chain(&["psl-admin: \"/bin/echo\" is not started: "])
            {
                assert!(
                    ran.stderr.contains(part),
                    "{before}: {part:?} is not in {}",
                    ran.stderr
                );
            }
        }
    }
    let ran = site.run(User::Root, &format!("{} $T/gone gone", enter()));
    assert_eq!(ran.code, 127, "{ran:?}");
    assert!(
        ran.stderr
            .starts_with("psl-admin: cannot execute \"$T/gone\": "),
        "{ran:?}"
    );
}
