//! Instances of several stores on one host.

use psl_tests::instance::Instance;
use psl_tests::packages;

use crate::seen::{MEMBER, Seen, host};

/// Overwrites its environment, as servers do that give themselves a title, says that it is there and waits.
const TITLED: &str = "
import signal
status = open('/proc/self/stat').read().rsplit(')', 1)[1].split()
start, end = int(status[47]), int(status[48])
memory = open('/proc/self/mem', 'r+b', 0)
memory.seek(start)
memory.write(b'x' * (end - start))
print('here', flush=True)
signal.pause()
";

#[test]
fn an_instance_that_has_overwritten_its_environment_is_still_known_by_its_store() {
    let [own, other] = [host(), host()];
    let python = packages::file("/usr/bin/python3");
    for mut command in [own.run(MEMBER, python), own.mounted(MEMBER, python)] {
        command.args(["-c", TITLED]);
        let mut instance = Instance::start(command);
        instance.wait_for("here");
        let pid = instance.id().as_raw_nonzero();
        let environment = std::fs::read(format!("/proc/{pid}/environ")).expect("it runs");
        assert!(!environment.windows(4).any(|text| text == b"PSL_"));

        assert_eq!(Seen::of(&own, &[]).row(&instance)["state"], "CURRENT");
        let rows = Seen::of(&other, &["--all"]).rows;
        let pids: Vec<_> = rows.iter().map(|row| &row["pid"]).collect();
        assert!(!pids.iter().any(|of| **of == pid.get()), "{rows:#?}");
    }
}
