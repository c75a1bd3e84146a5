//! Who may read and write what psl-admin makes, whatever the umask says.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use psl_tests::host::{self, Host};

use crate::bench::{MEMBER, output, told};

/// A command of psl-admin, words apart by spaces; `{dir}` is the host's directory.
const LIFE: &[&str] = &[
    "init {dir}/own",
    "member set erp1 app=x",
    "member set roll1 app=x",
    "add --member erp1 --reason r {dir}/binaries/version {dir}/binaries/version2",
    "run --member erp1 -- /bin/true",
    "stage {dir}/binaries/version {dir}/binaries/copy",
    "-q upgrade start {dir}/binaries/version {dir}/binaries/version3 --members roll1 --min-healthy 0s --canary 1",
    "-q gc --keep 1 --force",
];

const MEMBERS: &str = "\
[member.roll1]
start = \"touch {host}/up\"
stop = \"rm -f {host}/up\"
health = { exec = [\"test\", \"-e\", \"{host}/up\"] }
";

fn with_umask(umask: &str, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    shell
}

/// Returns the modes of a directory and all that is in it, by their paths from there.
fn modes(dir: &Path) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    let mut left = vec![dir.to_owned()];
    while let Some(path) = left.pop() {
        let metadata = path.symlink_metadata().expect("it was listed");
        if metadata.is_dir() {
            let entries = fs::read_dir(&path).expect("root may");
            left.extend(entries.map(|entry| entry.expect("it can be listed").path()));
        }
        let name = path.strip_prefix(dir).expect("it is below");
        found.insert(name.display().to_string(), metadata.mode() & 0o7777);
    }
    found
}

fn live(host: &Host, umask: &str) {
    for version in ["version", "version2", "version3"] {
        host.write(&format!("binaries/{version}/file"), version);
    }
    let dir = host.path("").display().to_string();
    let dir = dir.trim_end_matches('/');
    for words in LIFE {
        if words.starts_with("-q upgrade") {
            host.write("own/members.toml", MEMBERS);
            host.write("up", "");
            let members = host.path("own/members.toml");
            fs::set_permissions(members, Permissions::from_mode(0o644)).expect("root may");
        }
        let mut command = host.command(host::admin());
        command.env("PSL_STORE", host.path("own"));
        command.args(words.replace("{dir}", dir).split(' '));
        let output = output(&mut with_umask(umask, &command));
        assert!(
            output.status.success(),
            "umask {umask}: {words}: {}",
            told(&output)
        );
    }
}

#[test]
fn what_is_made_in_a_store_is_for_everybody_to_read_and_for_nobody_else_to_write() {
    for umask in ["000", "002", "022", "077"] {
        let host = Host::new(&[MEMBER]);
        live(&host, umask);
        let found = modes(&host.path("own"));
        assert!(found.len() > 10, "{found:#?}");
        for (name, mode) in &found {
            let expected = match host.path("own").join(name).is_dir() {
                true => 0o755,
                // What members have written is for the administrators, and who may open a lock may hold it.
                false
                    if [".start", ".stop", ".log", ".lock"]
                        .iter()
                        .any(|end| name.ends_with(end)) =>
                {
                    0o600
                }
                false if name == "lock" => 0o600,
                false => 0o644,
            };
            assert_eq!(
                *mode, expected,
                "umask {umask}: {name}: {mode:04o} of {found:#?}"
            );
        }
        let manifest = host.path("binaries/copy.psl-manifest");
        let mode = manifest.metadata().expect("it was staged").mode();
        assert_eq!(mode & 0o022, 0, "umask {umask}: {mode:04o}");
    }
}

#[test]
fn the_lock_of_a_store_for_a_group_is_the_groups() {
    let host = Host::new(&[MEMBER]);
    let config = fs::read_to_string(host.path("psl.toml")).expect("it is there");
    host.write("psl.toml", &format!("{config}trust = \"any\"\n"));
    let store = host.path("store");
    fs::remove_file(store.join("lock")).expect("there is one");
    chown(&store, Some(0), Some(4711)).expect("root may");
    fs::set_permissions(&store, Permissions::from_mode(0o2775)).expect("root may");
    host.admin(["member", "set", "erp2", "app=x"]);
    let lock = store.join("lock").metadata().expect("it was made");
    assert_eq!((lock.mode() & 0o7777, lock.gid()), (0o660, 4711));
    let table = store.join("table.toml").metadata().expect("it is there");
    assert_eq!(table.mode() & 0o7777, 0o644);
}
