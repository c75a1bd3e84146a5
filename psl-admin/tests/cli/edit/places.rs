//! Where a text is kept, and whose it is.
use super::{bench, edit};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn the_text_is_nobody_elses_to_read_or_to_replace() {
    let bench = bench("ls -lR $T/state > $T/listed; exit 1");
    edit(&bench, "");
    let listed = fs::read_to_string(bench.path("listed")).unwrap();
    let modes: Vec<_> = listed
        .lines()
        .filter(|line| line.starts_with('d'))
        .collect();
    assert_eq!(modes.len(), 3, "{listed}");
    assert!(
        modes.iter().all(|line| line.starts_with("drwx------ ")),
        "{listed}"
    );

    let place = bench.path("state/psl/edit");
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = edit(&bench, "");
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(
        ran.stderr
            .contains("\"$T/state/psl/edit\" is no private directory"),
        "{ran:?}"
    );
    fs::remove_dir_all(&place).unwrap();
    fs::create_dir(bench.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(bench.path("elsewhere"), &place).unwrap();
    assert_eq!(edit(&bench, "").code, 5);
}

#[test]
fn without_a_place_of_its_own_it_is_below_the_home() {
    let bench = bench("echo \"$1\" > $T/opened");
    let mut command = bench.command("edit");
    command
        .env_remove("XDG_STATE_HOME")
        .env("HOME", bench.path("home"))
        .env("EDITOR", bench.filled("sh $T/editor"));
    assert_eq!(bench.ran(&mut command).code, 0);
    let opened = fs::read_to_string(bench.path("opened")).unwrap();
    assert!(
        opened.starts_with(&bench.filled("$T/home/.local/state/psl/edit/")),
        "{opened}"
    );
}
