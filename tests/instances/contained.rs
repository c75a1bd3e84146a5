//! Instances in namespaces that somebody else has made.

use psl_tests::host;
use psl_tests::instance::Instance;
use psl_tests::packages;
use serde_json::json;

use crate::seen::{MEMBER, OTHER, Seen, host, obey};

#[test]
fn an_instance_in_a_container_is_seen_from_outside_once() {
    let host = host();
    host.link(OTHER, "binaries/version", "binaries/version3");
    let admin = host::admin().display();
    let mut command = host.command("unshare");
    command
        .args(["--pid", "--mount", "--fork", "--mount-proc", "bash", "-c"])
        .arg(format!(
            "exec 5< $1
            {admin} run --member {MEMBER} -- bash -c 'echo $$; cat; true'"
        ))
        .arg("sh")
        .arg(host.path("binaries/version2/file"));
    let mut instance = Instance::start(command);
    assert!(
        instance.next_line().len() < 3,
        "its number is one of the container's"
    );
    let seen = Seen::of(&host, &[]);
    let [row] = &seen.rows[..] else {
        panic!("{seen:#?}")
    };
    assert_eq!(
        (&row["state"], &row["engine"]),
        (&json!("CURRENT"), &json!("preload")),
        "{row:#}"
    );
    assert_eq!(row["processes"], 2, "{row:#}");
    host.unlink(MEMBER, "binaries/version");
    assert_eq!(Seen::of(&host, &[]).rows[0]["state"], "STALE");
    drop(instance);
}

#[test]
fn in_a_container_files_are_known_by_what_they_are() {
    let host = host();
    host.link(OTHER, "binaries/version", "binaries/version3");
    let admin = host::admin().display();
    // The trees have other names there: version3 is where version2 is outside.
    let script = format!(
        "mount --bind $1/version3 $1/version2; exec 5< $1/version2/file
        exec {admin} run --member {MEMBER} -- bash"
    );
    let mut command = host.command("unshare");
    command.args(["--mount", "bash", "-c", &script, "sh"]);
    command.arg(host.path("binaries"));
    let instance = obey(Instance::start(command));
    let seen = Seen::of(&host, &[]);
    assert_eq!(seen.row(&instance)["state"], "CURRENT", "{seen:#?}");

    let script = format!("exec 5< $1/version3/file; exec {admin} run --member {MEMBER} -- bash");
    let mut command = host.command(packages::file("/bin/bash"));
    command
        .args(["-c", &script, "sh"])
        .arg(host.path("binaries"));
    let mixed = obey(Instance::start(command));
    let seen = Seen::of(&host, &[]);
    assert_eq!(seen.row(&mixed)["state"], "MIXED", "{seen:#?}");
}
