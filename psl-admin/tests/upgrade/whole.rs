//! Rolls that go well.
use crate::bench::{Bench, name};

#[test]
fn two_three_and_sixteen_members_get_the_new_version_and_go_back() {
    for (members, flags) in [(2, &[][..]), (3, &[]), (16, &["--max-unavailable", "4"])] {
        let bench = Bench::new(members);
        bench.assert_releases(&vec![1; members]);
        let ran = bench.ran(&mut bench.upgrade(2, flags));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        bench.assert_releases(&vec![2; members]);
        let status = bench.status();
        assert_eq!(status["phase"], "complete", "{status}");
        let roll = status["roll"].as_str().unwrap();
        let ran = bench.run(&["upgrade", "undo", roll]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        bench.assert_releases(&vec![1; members]);
        assert_eq!(bench.status()["phase"], "undone");
        assert!(!bench.links().contains(&name(1)), "{}", bench.links());
        assert_eq!(bench.servers().len(), members);
    }
}
