//! What another user could have written is refused, by psl-admin and by the shim, whatever it is.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::Path;
use std::process::Command;

use psl_tests::host::Host;

use crate::bench::{self, MEMBER, OTHER, admin, output, told};

/// What is wrong with a file, and what the refusal says of it.
type Flaw = (&'static str, fn(&Path), &'static str);

const FLAWS: &[Flaw] = &[
    (
        "its group may write it",
        |file| mode(file, 0o020),
        "is writable by its group",
    ),
    (
        "others may write it",
        |file| mode(file, 0o002),
        "is writable by others",
    ),
    (
        "it is another user's",
        |file| chown(file, Some(OTHER), None).expect("root may give it away"),
        "belongs to uid 65534",
    ),
    ("it is a symlink", replaced_by_symlink, ""),
    (
        "it is another user's, by a hard link",
        replaced_by_link,
        "belongs to uid 65534",
    ),
];

fn mode(file: &Path, more: u32) {
    let mode = file.metadata().expect("it is there").permissions().mode();
    fs::set_permissions(file, Permissions::from_mode(mode | more)).expect("root may");
}

/// Leads to the same, but for what a directory is: another user's directory has the symlink.
fn replaced_by_symlink(file: &Path) {
    let mut moved = file.as_os_str().to_owned();
    moved.push(".moved");
    fs::rename(file, &moved).expect("root may");
    symlink(&moved, file).expect("it is free");
    lchown(file, Some(OTHER), Some(OTHER)).expect("root may give it away");
}

fn replaced_by_link(file: &Path) {
    if file.is_dir() {
        return chown(file, Some(OTHER), None).expect("root may give it away");
    }
    let mut twin = file.as_os_str().to_owned();
    twin.push(".twin");
    fs::copy(file, &twin).expect("root may");
    fs::remove_file(file).expect("root may");
    chown(&twin, Some(OTHER), None).expect("root may give it away");
    fs::hard_link(&twin, file).expect("root may");
}

/// What looks at a file, and how it ends when it refuses.
type Look = (&'static str, i32);

/// What is looked at, from the host's directory, and by whom.
const ROWS: &[(&str, &[Look])] = &[
    (
        "store",
        &[
            ("list", 5),
            ("member set erp2 app=x", 5),
            ("run", 5),
            ("shim", 78),
        ],
    ),
    (
        "store/table.toml",
        &[
            ("list", 5),
            ("member set erp2 app=x", 5),
            ("run", 5),
            ("shim", 78),
        ],
    ),
    (
        "store/history",
        &[("history", 5), ("member set erp2 app=x", 5)],
    ),
    ("store/history/1.toml", &[("show 1", 5), ("history", 5)]),
    ("store/lock", &[("member set erp2 app=x", 5)]),
    ("store/members.toml", &[("upgrade", 5)]),
    ("psl.toml", &[("list", 5), ("run", 5), ("shim", 78)]),
    ("store/rolls", &[("upgrade status", 5), ("upgrade", 5)]),
    ("store/rolls/{roll}", &[("upgrade status", 5)]),
    ("store/rolls/{roll}.owner", &[("upgrade undo {roll}", 5)]),
    ("store/rolls/{roll}.beat", &[("upgrade undo {roll}", 5)]),
    ("store/running", &[("ps", 0), ("gc", 5), ("upgrade", 5)]),
    ("store/running/roll1.json", &[("upgrade", 5)]),
    ("store/running/roll1.lock", &[("upgrade", 7)]),
    ("store/running/roll1.log", &[("upgrade", 7)]),
];

/// Makes a host with a member that psl-admin has started, by a roll that is complete.
fn rolled() -> (Host, String) {
    let host = bench::host();
    host.write(
        "store/members.toml",
        "[member.roll1]\ncommand = [\"/bin/sleep\", \"1000\"]\nhealth = { exec = [\"true\"] }\n",
    );
    host.admin(["member", "set", "roll1", "app=sleep"]);
    host.command("true").status().expect("it runs");
    let mut first = host.run("roll1", "/bin/sleep");
    let mut first = first.arg("1000").spawn().expect("it can be started");
    let registered = host.path("store/running");
    while !fs::read_dir(&registered).is_ok_and(|mut entries| entries.next().is_some()) {
        std::thread::yield_now();
    }
    let output = output(&mut upgrade(&host, "binaries/version2"));
    assert!(output.status.success(), "{}", told(&output));
    first.wait().expect("the roll has stopped it");
    let rolls = fs::read_dir(host.path("store/rolls")).expect("there is one");
    let names = rolls.map(|entry| entry.expect("it can be listed").file_name());
    let names = names.map(|name| name.into_string().expect("it is text"));
    let roll = names.min_by_key(String::len).expect("there is one");
    (host, roll)
}

fn upgrade(host: &Host, to: &str) -> Command {
    let [from, to] = ["binaries/version", to].map(|name| host.path(name).display().to_string());
    let arguments = [
        "-q",
        "upgrade",
        "start",
        &from,
        &to,
        "--members",
        "roll1",
        "--min-healthy",
        "0s",
    ];
    admin(host, &arguments)
}

fn command(host: &Host, look: &str, roll: &str) -> Command {
    match look {
        "run" => host.run(MEMBER, "/bin/true"),
        "shim" => host.preloaded(MEMBER, "/bin/true"),
        "upgrade" => upgrade(host, "binaries/version3"),
        words => {
            let words = words.replace("{roll}", roll);
            admin(host, &words.split(' ').collect::<Vec<_>>())
        }
    }
}

#[test]
fn what_another_user_could_have_written_is_refused() {
    let (host, roll) = rolled();
    for (file, looks) in ROWS {
        let path = host.path(&file.replace("{roll}", &roll));
        for (what, spoil, says) in FLAWS {
            let what = format!("{path:?}: {what}");
            let is_way = path.is_dir() && !path.ends_with("rolls") && !path.ends_with("running");
            // A symlink on the way to the store is followed, if it is root's.
            let says = match (says.is_empty(), is_way, path.ends_with("psl.toml")) {
                (true, _, true) => "belongs to uid 65534",
                (true, true, _) if path.ends_with("store") => "belongs to uid 65534",
                _ => says,
            };
            let kept = Kept::of(&path);
            spoil(&path);
            for (look, code) in *looks {
                let output = output(&mut command(&host, look, &roll));
                let told = told(&output);
                let codes = match says.is_empty() {
                    // No regular file: what is there instead is storage's matter, or an invalid table's.
                    true => vec![*code, 3, 5, 6, 7, 78],
                    false => vec![*code],
                };
                let code = output.status.code().expect("it ends by itself");
                assert!(codes.contains(&code), "{what}: {look}: {told}");
                assert!(told.contains(says), "{what}: {look}: {told}");
                let name = path.file_name().expect("it has one").to_string_lossy();
                assert!(
                    told.contains(&*name),
                    "{what}: {look} does not name it: {told}"
                );
            }
            kept.put_back();
            // A roll that began before it was refused is brought back.
            let _ = output(&mut admin(&host, &["-q", "upgrade", "undo"]));
        }
        for (look, _) in looks
            .iter()
            .filter(|(look, _)| !look.starts_with("upgrade"))
        {
            let output = output(&mut command(&host, look, &roll));
            assert!(
                output.status.success(),
                "{path:?}: {look}: {}",
                told(&output)
            );
        }
    }
    stop(&host);
}

/// Ends what the roll has started.
fn stop(host: &Host) {
    let record = fs::read_to_string(host.path("store/running/roll1.json")).expect("it runs");
    let record: serde_json::Value = serde_json::from_str(&record).expect("it is JSON");
    let pid = record["pid"]
        .as_i64()
        .and_then(|pid| i32::try_from(pid).ok());
    let pid = pid
        .and_then(rustix::process::Pid::from_raw)
        .expect("it has a number");
    let ended = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    ended.expect("what was refused has not stopped it");
}

/// A file or directory as it was.
struct Kept<'p> {
    path: &'p Path,
    mode: Permissions,
}

impl<'p> Kept<'p> {
    fn of(path: &'p Path) -> Self {
        let mode = path.metadata().expect("it is there").permissions();
        Self { path, mode }
    }

    fn put_back(self) {
        for end in ["moved", "twin"] {
            let mut aside = self.path.as_os_str().to_owned();
            aside.push(format!(".{end}"));
            if Path::new(&aside).exists() {
                fs::remove_file(self.path).expect("root may");
                fs::rename(&aside, self.path).expect("root may");
            }
        }
        chown(self.path, Some(0), Some(0)).expect("root may");
        fs::set_permissions(self.path, self.mode).expect("root may");
    }
}

#[test]
fn what_this_host_has_kept_is_refused_when_another_user_could_have_written_it() {
    let host = bench::host();
    let config = fs::read_to_string(host.path("psl.toml")).expect("it is there");
    host.write("psl.toml", &format!("{config}on_error = \"last-good\"\n"));
    fs::create_dir(host.path("theirs")).expect("it is free");
    chown(host.path("theirs"), Some(OTHER), Some(OTHER)).expect("root may give it away");
    let start = || {
        bench::by_other(
            host.preloaded(MEMBER, "/bin/cat")
                .env("XDG_CACHE_HOME", host.path("theirs"))
                .arg(host.path("binaries/version/file")),
        )
    };
    assert_eq!(output(&mut start()).stdout, b"version2");
    let table = host.path("store/table.toml");
    fs::rename(&table, host.path("gone")).expect("root may");
    assert_eq!(output(&mut start()).stdout, b"version2", "it was kept");
    let dir = host.path("theirs/psl");
    let kept = fs::read_dir(&dir)
        .expect("it was made")
        .next()
        .expect("it has one");
    let kept = kept.expect("it can be listed").path();
    for file in [kept.as_path(), &dir] {
        for (what, spoil, says) in &FLAWS[..2] {
            let before = file.metadata().expect("it is there").permissions();
            spoil(file);
            let output = output(&mut start());
            let told = told(&output);
            assert_eq!(output.status.code(), Some(78), "{file:?}: {what}: {told}");
            assert!(told.contains(says), "{file:?}: {what}: {told}");
            fs::set_permissions(file, before).expect("root may");
        }
    }
    chown(&kept, Some(4711), None).expect("root may give it away");
    let output = output(&mut start());
    assert_eq!(output.status.code(), Some(78), "{}", told(&output));
    assert!(
        told(&output).contains("belongs to uid 4711"),
        "{}",
        told(&output)
    );
}
