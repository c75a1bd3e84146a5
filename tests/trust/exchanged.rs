//! Another user who exchanges files, directories and symlinks while root works: nothing outside is ever changed, and
//! nothing that the other user has made is believed.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use psl_tests::host::Host;
use psl_tests::instance::Instance;
use psl_tests::packages;
use rustix::fs::{CWD, RenameFlags};

use crate::bench::{self, MEMBER, OTHER, admin, by_other, give_away, output, told};

/// Exchanges, as fast as it can, each name in a directory that has one of these words in it with that of a decoy.
const ATTACK: &str = "\
import ctypes, os, sys
libc = ctypes.CDLL(None)
directory, decoy, words = sys.argv[1], os.fsencode(sys.argv[2]), sys.argv[3:]
print('begun', flush=True)
while True:
    for name in os.listdir(directory):
        if any(word in name for word in words):
            name = os.fsencode(os.path.join(directory, name))
            for _ in range(2):
                libc.renameat2(-100, name, -100, decoy, 2)
";

/// How often root does what the other user disturbs.
const ROUNDS: usize = 25;

/// Starts to exchange names in a directory of the other user's.
fn attack(host: &Host, directory: &str, decoy: &str, words: &[&str]) -> Instance {
    let mut python = host.command(packages::file("/usr/bin/python3"));
    python
        .args(["-c", ATTACK])
        .arg(host.path(directory))
        .arg(host.path(decoy))
        .args(words);
    let mut attack = Instance::start(by_other(&python));
    attack.wait_for("begun");
    attack
}

/// Returns what a directory consists of: names, modes, owners, contents.
fn state(dir: &Path) -> BTreeMap<PathBuf, (u32, u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut left = vec![dir.to_owned()];
    while let Some(path) = left.pop() {
        let metadata = path.symlink_metadata().expect("it was listed");
        let text = match metadata.is_dir() {
            true => {
                let entries = fs::read_dir(&path).expect("root may");
                left.extend(entries.map(|entry| entry.expect("it can be listed").path()));
                Vec::new()
            }
            false => fs::read(&path).expect("root may"),
        };
        found.insert(path, (metadata.mode(), metadata.uid(), text));
    }
    found
}

/// Makes a directory that is nobody's but root's, with a tree like a version.
fn outside(host: &Host) -> BTreeMap<PathBuf, (u32, u32, Vec<u8>)> {
    for name in ["file", "sub/inner", "sub/deeper/last", "bin/app"] {
        host.write(&format!("outside/{name}"), "root's own\n");
    }
    state(&host.path("outside"))
}

/// Makes a tree of the other user's, in a directory of the other user's.
fn tree(host: &Host, name: &str) {
    for file in 0..40 {
        host.write(&format!("{name}/sub/{file}"), "other");
        host.write(&format!("{name}/bin/{file}"), "other");
    }
    give_away(host, name);
}

fn mode(host: &Host, name: &str, mode: u32) {
    fs::set_permissions(host.path(name), Permissions::from_mode(mode)).expect("root may");
}

#[test]
fn a_stage_beside_another_users_exchanges_changes_nothing_outside() {
    let host = bench::host();
    let before = outside(&host);
    tree(&host, "theirs/version");
    give_away(&host, "theirs");
    symlink(host.path("outside"), host.path("theirs/decoy")).expect("it is free");
    symlink(host.path("outside/sub"), host.path("theirs/inner")).expect("it is free");
    for decoy in ["theirs/decoy", "theirs/inner"] {
        lchown(host.path(decoy), Some(OTHER), Some(OTHER)).expect("root may");
    }
    let _copies = attack(
        &host,
        "theirs",
        "theirs/decoy",
        &["psl-stage-", "psl-manifest"],
    );
    let _tree = attack(&host, "theirs/version", "theirs/inner", &["sub", "bin"]);
    let mut made = 0;
    for round in 0..ROUNDS {
        let copy = host.path(&format!("theirs/copy{round}"));
        let mut stage = admin(
            &host,
            &[
                "-q",
                "stage",
                "--patch",
                "echo patched > patched; rm -rf sub",
            ],
        );
        let output = output(stage.arg(host.path("theirs/version")).arg(&copy));
        let told = told(&output);
        assert!(output.status.code().is_some(), "round {round}: {told}");
        made += usize::from(output.status.success());
        assert_eq!(
            state(&host.path("outside")),
            before,
            "round {round}: {told}"
        );
    }
    println!("{made} of {ROUNDS} copies were made");
}

#[test]
fn a_patch_runs_in_the_copy_that_was_made_when_another_is_in_its_place() {
    let host = bench::host();
    let before = outside(&host);
    tree(&host, "theirs/version");
    give_away(&host, "theirs");
    symlink(host.path("outside"), host.path("theirs/decoy")).expect("it is free");
    lchown(host.path("theirs/decoy"), Some(OTHER), Some(OTHER)).expect("root may");
    // The shell is held up when it is about to enter the copy.
    let calls = host.path("calls");
    let patch = "echo patched > patched; rm -rf sub";
    let stage = admin(&host, &["-q", "stage", "--patch", patch]);
    let mut held_up = std::process::Command::new(packages::file("/usr/bin/strace"));
    held_up.args([
        "-f",
        "-e",
        "trace=chdir",
        "-e",
        "inject=chdir:delay_enter=2s",
        "-o",
    ]);
    held_up
        .arg(&calls)
        .arg(stage.get_program())
        .args(stage.get_args());
    for (name, value) in stage.get_envs() {
        held_up.env(name, value.expect("it is set"));
    }
    let (from, to) = (host.path("theirs/version"), host.path("theirs/copy"));
    let mut running = held_up.arg(from).arg(to).spawn().expect("strace runs");
    let begun = |text: String| text.contains("chdir(");
    while !fs::read_to_string(&calls).is_ok_and(begun) {
        std::thread::sleep(Duration::from_millis(5));
        let ended = running.try_wait().expect("it is a child");
        assert_eq!(ended, None, "the patch did not begin");
    }
    let names = fs::read_dir(host.path("theirs")).expect("root may");
    let names = names.map(|entry| entry.expect("it can be listed").path());
    let is_copy = |path: &PathBuf| path.is_dir() && path.to_string_lossy().contains("psl-stage-");
    let copy = names.into_iter().find(is_copy).expect("it is being made");
    let decoy = host.path("theirs/decoy");
    rustix::fs::renameat_with(CWD, &copy, CWD, &decoy, RenameFlags::EXCHANGE).expect("root may");
    running.wait().expect("it is a child");
    assert_eq!(state(&host.path("outside")), before);
    assert!(decoy.join("patched").exists(), "it ran where it should");
}

#[test]
fn a_roll_among_another_users_exchanges_changes_nothing_outside() {
    let host = bench::host();
    let before = outside(&host);
    tree(&host, "theirs/version");
    tree(&host, "theirs/version0");
    give_away(&host, "theirs");
    symlink(host.path("outside"), host.path("theirs/decoy")).expect("it is free");
    lchown(host.path("theirs/decoy"), Some(OTHER), Some(OTHER)).expect("root may");
    host.write(
        "store/members.toml",
        "[member.erp1]\nstart = \"touch {host}/up\"\nstop = \"rm -f {host}/up\"\n\
         health = { exec = [\"test\", \"-e\", \"{host}/up\"] }\n",
    );
    let mut finished = 0;
    for round in 0..ROUNDS / 4 {
        host.write("up", "");
        let to = format!("theirs/version{}", round + 1);
        tree(&host, &to);
        let [from, to] = ["theirs/version", &to].map(|name| host.path(name).display().to_string());
        let mut start = admin(
            &host,
            &["-q", "upgrade", "start", &from, &to, "--members", MEMBER],
        );
        let started = output(start.args(["--min-healthy", "0s", "--deadline", "5s"]));
        assert!(
            started.status.success(),
            "round {round}: {}",
            told(&started)
        );
        let attack = attack(&host, "theirs", "theirs/decoy", &["version", "psl-"]);
        for verb in [
            "upgrade finish --force",
            "gc --keep 5 --force",
            "gc --keep 5 --force",
        ] {
            let words: Vec<_> = verb.split(' ').collect();
            let output = output(&mut admin(&host, &words));
            let told = told(&output);
            assert!(
                output.status.code().is_some(),
                "round {round}: {verb}: {told}"
            );
            assert_eq!(
                state(&host.path("outside")),
                before,
                "round {round}: {verb}: {told}"
            );
        }
        drop(attack);
        // Without the other user it goes on from wherever it is, unless the other user has spoilt the trees for good.
        let output = output(&mut admin(&host, &["-q", "upgrade", "finish", "--force"]));
        finished += usize::from(output.status.success());
        let undone = bench::output(&mut admin(&host, &["-q", "upgrade", "undo"]));
        assert!(
            undone.status.code().is_some(),
            "round {round}: {}",
            told(&undone)
        );
        assert_eq!(state(&host.path("outside")), before, "round {round}");
        fs::remove_dir_all(host.path("theirs")).expect("root may");
        tree(&host, "theirs/version");
        symlink(host.path("outside"), host.path("theirs/decoy")).expect("it is free");
        lchown(host.path("theirs/decoy"), Some(OTHER), Some(OTHER)).expect("root may");
        give_away_top(&host);
        fs::remove_dir_all(host.path("store/rolls")).expect("root may");
        let _ = bench::output(&mut admin(
            &host,
            &["-q", "remove", "--member", MEMBER, &from],
        ));
    }
    println!("{finished} rolls were finished afterwards");
}

/// Gives the other user the directory of the trees alone.
fn give_away_top(host: &Host) {
    chown(host.path("theirs"), Some(OTHER), Some(OTHER)).expect("root may");
}

/// A store of the other user's, whose table leads to what the other user wants to be run.
fn evil_store(host: &Host, name: &str) {
    let mut copy = host.command("cp");
    copy.arg("-a").args([host.path("store"), host.path(name)]);
    assert!(output(&mut copy).status.success());
    for file in ["table.toml", "history/2.toml", "history/3.toml"] {
        let file = host.path(&format!("{name}/{file}"));
        if let Ok(text) = fs::read_to_string(&file) {
            fs::write(&file, text.replace("version2", "version3")).expect("root may");
        }
    }
    give_away(host, name);
}

#[test]
fn a_store_that_another_user_exchanges_is_never_used() {
    let host = bench::host();
    // In a directory such as /tmp the other user has names of its own; in its own directory it has all names.
    for (place, is_theirs) in [("sticky", false), ("theirs", true)] {
        fs::create_dir(host.path(place)).expect("it is free");
        mode(&host, place, if is_theirs { 0o755 } else { 0o1777 });
        evil_store(&host, &format!("{place}/evil"));
        let decoy = format!("{place}/decoy");
        symlink(host.path("store"), host.path(&decoy)).expect("it is free");
        lchown(host.path(&decoy), Some(OTHER), Some(OTHER)).expect("root may");
        if is_theirs {
            give_away_only(&host, place);
        }
        let evil = host.path(&format!("{place}/evil"));
        let before = state(&host.path("store"));
        let _attack = attack(&host, place, &decoy, &["evil"]);
        for round in 0..ROUNDS {
            let file = host.path("binaries/version/file");
            let mut commands = [
                admin(&host, &["list"]),
                admin(&host, &["member", "set", "erp2", "app=evil"]),
                host.run(MEMBER, "/bin/cat"),
                host.preloaded(MEMBER, "/bin/cat"),
                admin(&host, &["gc", "--keep", "1"]),
                admin(&host, &["init"]),
            ];
            commands[2].arg(&file);
            commands[3].arg(&file);
            commands[5].arg(&evil);
            for command in &mut commands {
                let output = output(command.env("PSL_STORE", &evil));
                let told = told(&output);
                assert!(
                    !output.status.success(),
                    "{place}, round {round}: {command:?}: {told}"
                );
                assert!(!told.contains("version3"), "{place}, round {round}: {told}");
            }
        }
        assert_eq!(state(&host.path("store")), before, "{place}");
    }
}

fn give_away_only(host: &Host, name: &str) {
    chown(host.path(name), Some(OTHER), Some(OTHER)).expect("root may");
}

#[test]
fn roots_store_in_a_sticky_directory_is_roots() {
    let host = bench::host();
    fs::create_dir(host.path("sticky")).expect("it is free");
    mode(&host, "sticky", 0o1777);
    fs::rename(host.path("store"), host.path("sticky/store")).expect("it is free");
    evil_store_of(&host);
    let _attack = attack(&host, "sticky", "sticky/decoy", &["store"]);
    for round in 0..ROUNDS {
        let mut run = host.run(MEMBER, "/bin/cat");
        run.arg(host.path("binaries/version/file"))
            .env("PSL_STORE", host.path("sticky/store"));
        let output = output(&mut run);
        assert_eq!(
            output.stdout,
            b"version2",
            "round {round}: {}",
            told(&output)
        );
        let mut set = admin(&host, &["member", "set", "erp2", &format!("app=a{round}")]);
        let output = bench::output(set.env("PSL_STORE", host.path("sticky/store")));
        assert!(output.status.success(), "round {round}: {}", told(&output));
    }
    assert!(
        host.path("sticky/decoy/evil").exists(),
        "it could exchange nothing"
    );
}

fn evil_store_of(host: &Host) {
    host.write("sticky/decoy/evil", "");
    give_away(host, "sticky/decoy");
}
