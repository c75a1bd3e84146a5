//! Every way to spell a name near a link.

use psl_tests::fixture::HOPS;

/// What a spelling's last component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// A private link.
    Link,
    /// A private link with a slash behind it: followed, unless the call is about a directory's entry.
    LinkAndSlash,
    /// Something hidden with a slash behind it: the kernel says what it is not, where it makes something there.
    HiddenAndSlash,
    /// A directory with links in it: a symlink moves along with it, a private link does not.
    Holder,
    /// More than a system call takes.
    TooLong,
    /// Whatever else.
    Other,
}

/// A name and where it is looked up.
#[derive(Clone, Debug)]
pub struct Spelling {
    /// The directory that it is relative to, below the root; absolute ones are themselves.
    pub start: &'static str,
    /// The name; `{}` is the root.
    pub text: String,
    /// What it leads to.
    pub names: Names,
}

use Names::{HiddenAndSlash, Holder, Link, LinkAndSlash, Other, TooLong};

/// A start's directory, the name, and what it names.
const SPELLINGS: &[(&str, &str, Names)] = &[
    // Absolute.
    ("", "{}/shared/version", Link),
    ("", "{}/shared/version/", LinkAndSlash),
    ("", "{}/shared/version//", LinkAndSlash),
    ("", "{}/shared/version/.", Other),
    ("", "{}/shared/version/./", Other),
    ("", "{}/shared/version/..", Other),
    ("", "{}/shared/version/../", Other),
    ("", "{}/shared/version/../version", Link),
    ("", "{}/shared/version/../version1", Other),
    ("", "{}/shared/version/../version1/which", Other),
    ("", "{}/shared/version/../../shared/version/which", Other),
    ("", "{}/./shared/./version", Link),
    ("", "{}/shared/../shared/version", Link),
    ("", "{}//shared///version", Link),
    ("", "/..{}/shared/version/which", Other),
    ("", "//{}/shared/version/which", Other),
    // Through the link.
    ("", "{}/shared/version/which", Other),
    ("", "{}/shared/version//which", Other),
    ("", "{}/shared/version/./which", Other),
    ("", "{}/shared/version/dir", Other),
    ("", "{}/shared/version/dir/", Other),
    ("", "{}/shared/version/dir/.", Other),
    ("", "{}/shared/version/dir/..", Other),
    ("", "{}/shared/version/dir/../which", Other),
    ("", "{}/shared/version/dir/../../version1/which", Other),
    ("", "{}/shared/version/empty", Other),
    ("", "{}/shared/version/empty/", Other),
    ("", "{}/shared/version/missing", Other),
    ("", "{}/shared/version/missing/", Other),
    ("", "{}/shared/version/missing/x", Other),
    ("", "{}/shared/version/missing/..", Other),
    ("", "{}/shared/version/decoy", Other),
    // Below a file, behind what may not be searched.
    ("", "{}/shared/version/which/", Other),
    ("", "{}/shared/version/which/.", Other),
    ("", "{}/shared/version/which/..", Other),
    ("", "{}/shared/version/which/x", Other),
    ("", "{}/shared/version/which/../dir", Other),
    ("", "{}/shared/version/locked", Other),
    ("", "{}/shared/version/locked/", Other),
    ("", "{}/shared/version/locked/secret", Other),
    ("", "{}/shared/version/locked/..", Other),
    ("", "{}/shared/version/locked/../which", Other),
    ("", "{}/shared/version/locked/missing", Other),
    // Neighbours.
    ("", "{}/shared/version1", Other),
    ("", "{}/shared/version1/which", Other),
    ("", "{}/shared/version2", Holder),
    ("", "{}/shared/version2/which", Other),
    ("", "{}/shared/versio", Other),
    ("", "{}/shared/versio/which", Other),
    ("", "{}/shared", Holder),
    ("", "{}/shared/", Holder),
    // The link's parent by another name.
    ("", "{}/alias/version", Link),
    ("", "{}/alias/version/", LinkAndSlash),
    ("", "{}/alias/version/which", Other),
    ("", "{}/aliases/version", Link),
    ("", "{}/aliases/version/dir/inner", Other),
    ("", "{}/beside/deeper/up/version", Link),
    ("", "{}/beside/deeper/up/version/which", Other),
    ("", "{}/beside/deeper/up/../shared/version/which", Other),
    ("", "{}/beside/deeper/up", Other),
    ("", "{}/aliases", Other),
    // Symlinks in the target that lead back to the link.
    ("", "{}/shared/version/back", Other),
    ("", "{}/shared/version/back/", Other),
    ("", "{}/shared/version/back/which", Other),
    ("", "{}/shared/version/back/back/back/which", Other),
    ("", "{}/shared/version/back/..", Other),
    ("", "{}/shared/version/backfile", Other),
    ("", "{}/shared/version/backfile/", Other),
    ("", "{}/shared/version2/backfile", Other),
    ("", "{}/shared/version/relative", Other),
    ("", "{}/shared/version/relative/inner", Other),
    ("", "{}/shared/version/relative/../which", Other),
    ("", "{}/shared/version/dir/up", Other),
    ("", "{}/shared/version/dir/lost", Other),
    ("", "{}/shared/version/dir/lost/", Other),
    ("", "{}/shared/version/dir/lost/x", Other),
    ("", "{}/shared/version/round", Other),
    ("", "{}/shared/version/round/x", Other),
    // A link to a file.
    ("", "{}/shared/current", Link),
    ("", "{}/shared/current/", LinkAndSlash),
    ("", "{}/shared/current/.", Other),
    ("", "{}/shared/current/..", Other),
    ("", "{}/shared/current/x", Other),
    // A link to nothing.
    ("", "{}/shared/dangling", Link),
    ("", "{}/shared/dangling/", LinkAndSlash),
    ("", "{}/shared/dangling/.", Other),
    ("", "{}/shared/dangling/..", Other),
    ("", "{}/shared/dangling/x", Other),
    // Links to links, behind links, in a circle.
    ("", "{}/shared/chain", Link),
    ("", "{}/shared/chain/", LinkAndSlash),
    ("", "{}/shared/chain/inner", Other),
    ("", "{}/shared/chain/..", Other),
    ("", "{}/shared/chain/../which", Other),
    ("", "{}/shared/version/nested", Link),
    ("", "{}/shared/version/nested/", LinkAndSlash),
    ("", "{}/shared/version/nested/here", Other),
    ("", "{}/shared/version2/nested", Link),
    ("", "{}/shared/version2/nested/here", Other),
    ("", "{}/shared/version/back/nested/here", Other),
    (
        "",
        "{}/shared/version/nested/../shared/version/which",
        Other,
    ),
    ("", "{}/shared/circle", Link),
    ("", "{}/shared/circle/", LinkAndSlash),
    ("", "{}/shared/circle/x", Other),
    ("", "{}/knot", Other),
    // Forty links are followed, one more is not.
    ("", "{}/hops/38", Other),
    ("", "{}/hops/38/", Other),
    ("", "{}/hops/38/which", Other),
    ("", "{}/hops/37/back/which", Other),
    ("", "{}/hops/37/dir/up", Other),
    ("", "{}/hops/39", Other),
    ("", "{}/hops/39/", Other),
    ("", "{}/hops/39/which", Other),
    ("", "{}/hops/38/dir/up", Other),
    // Magic links count as well.
    ("", "/proc/self/cwd/hops/36/which", Other),
    ("", "/proc/self/cwd/hops/37/which", Other),
    ("", "{}/hops/38/nested", Link),
    ("", "{}/hops/38/nested/", LinkAndSlash),
    // Relative: from above, from the parent, from inside, from beside.
    ("", "shared/version", Link),
    ("", "shared/version/which", Other),
    ("", "./shared//version/.", Other),
    ("", "alias/version/which", Other),
    ("shared", "version", Link),
    ("shared", "version/", LinkAndSlash),
    ("shared", "./version", Link),
    ("shared", "version/.", Other),
    ("shared", "version/..", Other),
    ("shared", "version/which", Other),
    ("shared", "version/missing", Other),
    ("shared", "../shared/version", Link),
    ("shared", "current", Link),
    ("shared", "version1/which", Other),
    ("shared", ".", Other),
    ("shared", "..", Other),
    ("shared/version2", "which", Other),
    ("shared/version2", "back", Other),
    ("shared/version2", "back/which", Other),
    ("shared/version2", "relative/inner", Other),
    ("shared/version2", "nested", Link),
    ("shared/version2", "nested/here", Other),
    ("shared/version2", "../version", Link),
    ("shared/version2", "../version/which", Other),
    ("shared/version2", "../version1/which", Other),
    ("shared/version2/dir", "../../version/which", Other),
    ("shared/version2/dir", "up", Other),
    ("shared/version2/dir", "../nested/here", Other),
    ("beside/deeper", "../../shared/version", Link),
    ("beside/deeper", "up/version/which", Other),
    ("beside/deeper", "up/../shared/version/which", Other),
    ("beside/deeper", "version", Other),
    // What is hidden.
    ("", "{}/shared/erp2", Other),
    ("", "{}/shared/erp2/", HiddenAndSlash),
    ("", "{}/shared/erp2/.", Other),
    ("", "{}/shared/erp2/..", Other),
    ("", "{}/shared/erp2/../version1/which", Other),
    ("", "{}/shared/erp2/which", Other),
    ("", "{}/shared/erp2/missing", Other),
    ("", "{}/shared/erp2/dir/../which", Other),
    ("", "{}/shared/erp2-behind/which", Other),
    ("", "{}/shared/erp22", Other),
    ("", "{}/shared/./version/../erp2", Other),
    ("", "{}/aliases/erp2/which", Other),
    ("", "{}/shared/version/private", Other),
    ("", "{}/shared/version2/private/which", Other),
    ("", "{}/shared/version/back/private/dir", Other),
    ("", "{}/shared/version/sealed/private", Other),
    ("", "{}/shared/version/nested/private/which", Other),
    ("", "{}/hops/37/private", Other),
    ("", "{}/beside/lair", Other),
    ("", "{}/beside/lair/", Other),
    ("", "{}/beside/lair/which", Other),
    ("", "{}/beside/lair/..", Other),
    ("", "{}/shared/version/dir/lair", Other),
    ("", "{}/shared/version/lair-which", Other),
    ("shared", "erp2", Other),
    ("shared", "erp2/", HiddenAndSlash),
    ("shared", "erp2/which", Other),
    ("shared", "erp2/../version/which", Other),
    ("shared", "version/../erp2/dir", Other),
    ("shared/version2", "private", Other),
    ("shared/version2", "private/../which", Other),
    ("shared/version2", "../erp2/which", Other),
    ("beside/deeper", "up/erp2/which", Other),
    ("beside", "lair/which", Other),
    ("other", "private", Other),
    ("shared", "/proc/self/cwd/erp2/which", Other),
    // A target that is private, and our own.
    ("", "{}/shared/room", Link),
    ("", "{}/shared/room/key", Other),
    ("", "{}/shared/room/..", Holder),
    ("", "{}/other/house/room/key", Other),
    ("other", "house", Other),
    // Magic links of procfs.
    ("shared", "/proc/self/cwd/version", Link),
    ("shared", "/proc/self/cwd/version/which", Other),
    ("shared/version2", "/proc/self/cwd/../version/which", Other),
    ("", "/proc/self/root{}/shared/version/which", Other),
    ("shared", "/proc/thread-self/cwd/version/", LinkAndSlash),
    // What is no name.
    ("", "", Other),
    ("", "/", Other),
    ("", "/proc/self/exe/x", Other),
];

/// Returns them all, with those whose length is the point.
pub fn all() -> Vec<Spelling> {
    let listed = SPELLINGS.iter().map(|&(start, text, names)| Spelling {
        start,
        text: text.into(),
        names,
    });
    let long = |text: String| Spelling {
        start: "shared",
        names: if text.len() < libc::PATH_MAX as usize {
            Other
        } else {
            TooLong
        },
        text,
    };
    assert_eq!(HOPS, 40, "the spellings count hops");
    listed
        .chain([
            long(format!("version/{}", "x".repeat(255))),
            long(format!("version/{}", "x".repeat(256))),
            long(format!("version{}/which", "/.".repeat(2041))),
            long(format!("version{}//which", "/.".repeat(2041))),
            long(format!("version{}///which", "/.".repeat(2041))),
            long(format!("version{}////which", "/.".repeat(2041))),
            long("version/../".repeat(370) + "version/which"),
        ])
        .collect()
}
