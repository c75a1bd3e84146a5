//! The private copies that a roll makes.
use crate::bench::{Bench, await_that};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};

const TO: &str = "$T/binaries/private/{member}";

fn bench(members: usize) -> Bench {
    let bench = Bench::new(members);
    fs::create_dir(bench.path("binaries/private")).unwrap();
    bench
}

#[test]
fn a_copy_is_what_stage_makes() {
    let bench = bench(2);
    let new = bench.path("binaries/version2");
    fs::hard_link(new.join("share/page"), new.join("share/again")).unwrap();
    let sparse = fs::File::create(new.join("sparse")).unwrap();
    sparse.write_at(b"x", 64 << 20).unwrap();
    let flags = ["--copy-from", "$T/binaries/version2"];
    assert_eq!(bench.ran(&mut bench.upgrade_to(TO, &flags)).code, Some(0));
    for copy in ["erp1", "erp2"] {
        let copy = format!("binaries/private/{copy}");
        bench.ok(&["check", "--tree", &format!("$T/{copy}")]);
        let found = |name: &str| bench.path(&copy).join(name).metadata().unwrap();
        assert_eq!(found("share/page").ino(), found("share/again").ino());
        assert!(found("sparse").blocks() < 1000);
    }
}

#[test]
fn a_program_that_no_engine_carries_is_refused_before_it_is_copied() {
    let bench = bench(1);
    bench.write("psl.toml", "on_uncovered = \"refuse\"\n");
    let program = bench.path("binaries/version3/bin/server");
    let bytes = fs::read(&program).unwrap();
    fs::remove_file(&program).unwrap();
    fs::copy("/bin/true", &program).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&program).unwrap();
    file.write_all_at(&bytes, 0).unwrap();
    // The field e_machine, of no machine that this is.
    file.write_all_at(&[2, 0], 18).unwrap();
    drop(file);
    let flags = ["--copy-from", "$T/binaries/version3"];
    for mut upgrade in [bench.upgrade_to(TO, &flags), bench.upgrade(3, &[])] {
        let ran = bench.ran(&mut upgrade);
        assert_eq!(ran.code, Some(5), "{ran:?}");
        assert!(ran.stderr.contains("no engine carries"), "{ran:?}");
        assert!(ran.stderr.contains("another machine"), "{ran:?}");
    }
    bench.assert_releases(&[1]);
    assert!(!bench.path("binaries/private/erp1").exists());
}

#[test]
fn what_cannot_be_copied_is_refused_before_a_member_is_stopped() {
    let bench = bench(1);
    let flags = ["--copy-from", "$T/binaries"];
    let ran = bench.ran(&mut bench.upgrade_to(TO, &flags));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("two trees apart"), "{ran:?}");
    bench.assert_releases(&[1]);
}

#[test]
fn a_signal_ends_a_copy_and_leaves_nothing_of_it() {
    let bench = bench(1);
    for number in 0..4000 {
        bench.write(&format!("binaries/version2/many/{number}"), "x");
    }
    let flags = ["--copy-from", "$T/binaries/version2"];
    let mut upgrade = bench.begin(&mut bench.upgrade_to(TO, &flags));
    let names = || {
        fs::read_dir(bench.path("binaries/private"))
            .unwrap()
            .count()
    };
    await_that("the copy begins", || names() > 1);
    kill_process(Pid::from_child(&upgrade), Signal::TERM).unwrap();
    assert_eq!(upgrade.wait().unwrap().code(), Some(7));
    assert_eq!(names(), 0);
    bench.assert_releases(&[1]);
    bench.ok(&["upgrade", "resume"]);
    bench.assert_releases(&[2]);
}
