//! What a walk tells whoever watches it.

use psl_table::walk::{End, Last, MAX_LINKS, Scratch, watched};
use psl_table::watch::{Step, Watch};
use rustix::fs::CWD;
use rustix::io::Errno;

/// The steps as words: `name`, `name -> text` for a symlink, `name => text` for a link ...
#[derive(Default)]
struct Words(Vec<String>);

impl Watch for Words {
    fn step(&mut self, at: &[u8], step: Step<'_>) {
        let text = |bytes| {
            std::str::from_utf8(bytes)
                .expect("the tree is UTF-8")
                .to_owned()
        };
        let at = text(at);
        self.0.push(match step {
            Step::Plain => at,
            Step::Up => format!("{at} .."),
            Step::Symlink(to) => format!("{at} -> {}", text(to)),
            Step::Magic(to) => format!("{at} ~> {}", text(to)),
            Step::Link { name, link } => {
                format!("{at}:{} => {}", text(name), text(link.to.to_bytes()))
            }
            Step::Hidden { name } => format!("{at}:{} hidden", text(name)),
            Step::Refused(errno) => format!("{at} {}", errno.raw_os_error()),
            Step::OneTooMany => format!("{at} too many"),
        });
    }
}

fn steps(path: &str, last: Last) -> Vec<String> {
    let tree = super::tree();
    let snapshot = super::snapshot(&tree);
    let mut words = Words::default();
    let mut scratch = Scratch::new();
    let end = watched(
        &snapshot,
        &tree,
        CWD,
        path.as_bytes(),
        last,
        &mut scratch,
        &mut words,
    );
    // An end that the kernel has to refuse is one that the last step tells of.
    if let Err(Errno::NOENT) = end {
        assert!(
            words.0.last().is_some_and(|step| step.ends_with("hidden")),
            "{path}"
        );
    }
    if let Ok(End::Name { name, .. }) = end {
        let last = words
            .0
            .last()
            .map_or("/", |step| step.split(' ').next().unwrap_or_default());
        let name = name.to_str().expect("the tree is UTF-8");
        assert!(
            name.starts_with(last.trim_end_matches(':')),
            "{path}: {name}, {last}"
        );
    }
    words.0
}

#[test]
fn every_component_is_a_step() {
    use Last::{Followed, Kept};
    let rows: [(&str, Last, &[&str]); 10] = [
        ("/", Followed, &[]),
        ("/etc/conf", Followed, &["/etc", "/etc/conf"]),
        (
            "/u01/version/bin",
            Followed,
            &[
                "/u01 -> /binaries",
                "/binaries",
                "/binaries:version => /binaries/version2",
                "/binaries",
                "/binaries/version2",
                "/binaries/version2/bin",
            ],
        ),
        (
            "/binaries/version",
            Kept,
            &["/binaries", "/binaries:version => /binaries/version2"],
        ),
        ("/u01", Kept, &["/u01"]),
        (
            "deep/../file",
            Followed,
            &["deep", " ..", ":file => /etc/conf", "/etc", "/etc/conf"],
        ),
        (
            "/proc/self/cwd/version1",
            Followed,
            &[
                "/proc",
                "/proc/self -> 7",
                "/proc/7",
                "/proc/7/cwd ~> /binaries",
                "/proc/7/cwd/version1",
            ],
        ),
        (
            "/private/erp2/x",
            Followed,
            &["/private", "/private:erp2 hidden"],
        ),
        ("/etc/gone/x", Followed, &["/etc", "/etc/gone 2"]),
        (
            "/etc/conf/..",
            Followed,
            &["/etc", "/etc/conf", "/etc/conf/.."],
        ),
    ];
    for (path, last, expected) in rows {
        assert_eq!(steps(path, last), expected, "{path}");
    }
    assert_eq!(
        steps("/etc/conf/../x", Followed).last().map(String::as_str),
        Some("/etc/conf/.. 20")
    );
}

#[test]
fn the_link_that_is_one_too_many_is_told() {
    for path in ["/srv/ping", "/srv/round", "/opt/chain39"] {
        let steps = steps(path, Last::Followed);
        let (last, before) = steps.split_last().expect("there are steps");
        assert!(last.ends_with(" too many"), "{path}: {last}");
        let is_link = |step: &&String| step.contains(" -> ") || step.contains(" => ");
        assert_eq!(
            before.iter().filter(is_link).count(),
            MAX_LINKS + 1,
            "{path}"
        );
    }
}
