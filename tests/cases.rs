//! A row for every hooked symbol: its arguments, what it shows, and where it differs from the kernel on purpose.

mod spellings;

use libc::{
    AT_EMPTY_PATH, AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_SYMLINK_NOFOLLOW, O_APPEND,
    O_CLOEXEC, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDWR, O_TRUNC,
    O_WRONLY, R_OK, RENAME_EXCHANGE, RENAME_NOREPLACE, S_IFIFO, S_IFREG, W_OK, X_OK,
};
pub use spellings::{Names, Spelling, all as spellings};

/// An argument of a row.
#[derive(Clone, Copy, Debug)]
pub enum Given {
    /// The name that is spelt.
    Path,
    /// The directory that it is relative to.
    Dir,
    /// A name below the root that is spelt as it is here, absolute.
    Fixed(&'static str),
    /// A text.
    Text(&'static str),
    /// A number.
    Int(i64),
    /// Room for so many bytes.
    Room(usize),
    /// Numbers of 64 bits.
    Numbers(&'static [i64]),
    /// An open stream.
    Stream,
    /// A descriptor of a directory below the root, which the call takes over.
    Taken(&'static str),
    /// The address of a function.
    Function(&'static str),
}

/// What the two trees answer where a private link differs from a symlink on purpose.
#[derive(Clone, Copy, Debug)]
pub struct Differs {
    /// The names that it differs for.
    pub on: Names,
    /// The kernel's answer on a symlink.
    pub real: &'static str,
    /// Ours, which leaves everything as it was.
    pub private: &'static str,
}

/// Symbols that are called alike.
#[derive(Clone, Debug)]
pub struct Row {
    /// The symbols: the first is played with every spelling, its twins, if there is much to mend behind them,
    /// with every other one.
    pub symbols: &'static [&'static str],
    /// The arguments.
    pub arguments: Vec<Given>,
    /// Symbols that the probe calls to show the result.
    pub also: &'static [&'static str],
    /// How the probe shows the result.
    pub shows: &'static str,
    /// Whether it may change the tree.
    pub changes: bool,
    /// Whether the arguments are wrong whatever the name is: then which error comes first is nobody's concern.
    pub is_wrong: bool,
    /// Where it differs on purpose.
    pub differs: Vec<Differs>,
}

use Given::{Dir, Fixed, Function, Int, Numbers, Path, Room, Stream, Taken, Text};

fn row(symbols: &'static [&'static str], arguments: &[Given], shows: &'static str) -> Row {
    Row {
        symbols,
        arguments: arguments.into(),
        also: &[],
        shows,
        changes: false,
        is_wrong: false,
        differs: Vec::new(),
    }
}

impl Row {
    fn changes(mut self) -> Self {
        self.changes = true;
        self
    }

    fn is_wrong(mut self) -> Self {
        self.is_wrong = true;
        self
    }

    fn also(mut self, symbols: &'static [&'static str]) -> Self {
        self.also = symbols;
        self
    }

    /// On the link itself, with a slash behind it or without.
    fn differs(mut self, on: Names, real: &'static str, private: &'static str) -> Self {
        self.differs.push(Differs { on, real, private });
        self
    }

    /// Links change through the table only.
    fn is_busy(self, real: &'static str, real_with_slash: &'static str) -> Self {
        self.changes()
            .differs(Names::Link, real, "-1 EBUSY")
            .differs(Names::LinkAndSlash, real_with_slash, "-1 EBUSY")
    }

    fn is_not_permitted(self) -> Self {
        self.changes().differs(Names::Link, "0 -", "-1 EPERM")
    }
}

const fn int(flags: i32) -> Given {
    Int(flags as i64)
}

const CWD: Given = int(AT_FDCWD);
const STAT: Given = Room(size_of::<libc::stat64>());
const STATX: Given = Room(size_of::<libc::statx>());
const STATFS: Given = Room(size_of::<libc::statfs64>());
const STATVFS: Given = Room(size_of::<libc::statvfs64>());
/// Two times, as timespec or timeval.
const TIMES: Given = Numbers(&[1_000_000, 0, 2_000_000, 0]);
const NEW: Given = Fixed("spare/new");
const FILE: Given = Fixed("spare/file");
const DIRECTORY: Given = Fixed("spare/dir");

/// The flags that open(2) is called with.
fn opens() -> Vec<Row> {
    let mut rows = Vec::new();
    for flags in [
        0,
        O_CLOEXEC | O_NONBLOCK,
        O_DIRECTORY,
        O_NOFOLLOW,
        O_NOFOLLOW | O_DIRECTORY,
        O_PATH,
        O_PATH | O_DIRECTORY,
        O_PATH | O_NOFOLLOW | O_DIRECTORY,
    ] {
        rows.push(row(
            &["open", "open64", "__open", "__open64"],
            &[Path, int(flags), Int(0)],
            "descriptor",
        ));
        rows.push(row(
            &["__open_2", "__open64_2"],
            &[Path, int(flags)],
            "descriptor",
        ));
        rows.push(row(
            &["openat", "openat64"],
            &[Dir, Path, int(flags), Int(0)],
            "descriptor",
        ));
        rows.push(row(
            &["__openat_2", "__openat64_2"],
            &[Dir, Path, int(flags)],
            "descriptor",
        ));
    }
    for flags in [
        O_WRONLY | O_TRUNC,
        O_WRONLY | O_APPEND,
        O_RDWR | O_CREAT,
        O_RDWR | O_CREAT | O_EXCL,
        O_RDWR | O_CREAT | O_NOFOLLOW,
        libc::O_TMPFILE | O_RDWR,
    ] {
        let mode = Int(0o640);
        rows.push(
            row(
                &["open", "open64", "__open", "__open64"],
                &[Path, int(flags), mode],
                "descriptor",
            )
            .changes(),
        );
        rows.push(
            row(
                &["openat", "openat64"],
                &[Dir, Path, int(flags), mode],
                "descriptor",
            )
            .changes(),
        );
    }
    // Linux 6.4 and later know that this makes no sense.
    let nonsense = [Path, int(O_CREAT | O_DIRECTORY), Int(0o640)];
    rows.push(
        row(&["open", "open64"], &nonsense, "descriptor")
            .changes()
            .is_wrong(),
    );
    // A descriptor on the link itself is the one thing that nothing in the file system can stand for.
    let itself = int(O_PATH | O_NOFOLLOW);
    for (symbols, arguments) in [
        (&["open", "open64"], &[Path, itself, Int(0)][..]),
        (&["openat", "openat64"], &[Dir, Path, itself, Int(0)]),
    ] {
        rows.push(row(symbols, arguments, "descriptor").differs(
            Names::Link,
            "descriptor -",
            "-1 ELOOP",
        ));
    }
    rows.push(row(&["creat", "creat64"], &[Path, Int(0o604)], "descriptor").changes());
    for mode in ["r", "re"] {
        rows.push(row(
            &["fopen", "fopen64", "_IO_fopen"],
            &[Path, Text(mode)],
            "stream",
        ));
        rows.push(row(
            &["freopen", "freopen64"],
            &[Path, Text(mode), Stream],
            "stream",
        ));
        rows.push(row(
            &["setmntent", "__setmntent"],
            &[Path, Text(mode)],
            "stream",
        ));
    }
    for mode in ["w", "a", "r+", "wx", "w+xe"] {
        rows.push(
            row(
                &["fopen", "fopen64", "_IO_fopen"],
                &[Path, Text(mode)],
                "stream",
            )
            .changes(),
        );
        rows.push(
            row(
                &["freopen", "freopen64"],
                &[Path, Text(mode), Stream],
                "stream",
            )
            .changes(),
        );
    }
    rows.push(row(&["catopen"], &[Path, Int(0)], "catalog"));
    // Without room for a handle, the answer is how much it takes, for whatever is there.
    let handle = [Dir, Path, Room(8), Room(4)];
    rows.push(row(
        &["name_to_handle_at"],
        &[&handle[..], &[int(AT_SYMLINK_FOLLOW)]].concat(),
        "number",
    ));
    rows.push(
        row(
            &["name_to_handle_at"],
            &[&handle[..], &[Int(0)]].concat(),
            "number",
        )
        .differs(Names::Link, "-1 EOVERFLOW", "-1 EOPNOTSUPP"),
    );
    rows
}

/// openat2(2) with the flags that forbid what a symlink does.
fn confined() -> Vec<Row> {
    const HOW: [&[i64]; 5] = [
        &[0, 0, 0],
        &[0, 0, libc::RESOLVE_NO_XDEV as i64],
        &[0, 0, libc::RESOLVE_NO_MAGICLINKS as i64],
        &[0, 0, libc::RESOLVE_NO_SYMLINKS as i64],
        &[0, 0, libc::RESOLVE_BENEATH as i64],
    ];
    let openat2 = |how| {
        row(
            &["openat2"],
            &[Dir, Path, Numbers(how), Int(24)],
            "descriptor",
        )
    };
    HOW.into_iter().map(openat2).collect()
}

fn listings() -> Vec<Row> {
    const AROUND: &[&str] = &["telldir", "seekdir", "rewinddir", "closedir"];
    let mut rows = vec![
        row(&["opendir"], &[Path], "listing 0").also(&["readdir64", "closedir"]),
        row(&["opendir"], &[Path], "listing 1").also(&["readdir"]),
        row(&["opendir"], &[Path], "listing 2").also(&["readdir64_r"]),
        row(&["opendir"], &[Path], "listing 3").also(&["readdir_r"]),
        row(&["opendir"], &[Path], "positions").also(AROUND),
        row(&["fdopendir"], &[Int(-1)], "listing 0"),
        row(&["fdopendir"], &[Taken("spare/file")], "listing 0"),
    ];
    for dir in ["shared", "shared/version2", "shared/version2/dir", "spare"] {
        rows.push(row(&["fdopendir"], &[Taken(dir)], "listing 0"));
        rows.push(row(&["fdopendir"], &[Taken(dir)], "positions"));
    }
    for (filter, compare) in [
        (Int(0), Function("alphasort")),
        (Function("has_no_a"), Function("versionsort")),
    ] {
        let result = Room(8);
        rows.push(row(
            &["scandir", "scandir64"],
            &[Path, result, filter, compare],
            "entries 1",
        ));
        rows.push(row(
            &["scandirat", "scandirat64"],
            &[Dir, Path, result, filter, compare],
            "entries 2",
        ));
    }
    rows
}

fn facts() -> Vec<Row> {
    let mut rows = vec![
        row(
            &["stat", "stat64", "lstat", "lstat64"],
            &[Path, STAT],
            "stat 1",
        ),
        row(
            &["__xstat", "__xstat64", "__lxstat", "__lxstat64"],
            &[Int(1), Path, STAT],
            "stat 2",
        ),
        row(
            &["statfs", "statfs64", "__statfs"],
            &[Path, STATFS],
            "statfs 1",
        ),
        row(&["statvfs", "statvfs64"], &[Path, STATVFS], "statvfs 1"),
        row(&["pathconf"], &[Path, int(libc::_PC_LINK_MAX)], "long"),
        row(&["pathconf"], &[Path, int(libc::_PC_NAME_MAX)], "long"),
    ];
    for flags in [
        0,
        AT_SYMLINK_NOFOLLOW,
        AT_EMPTY_PATH,
        AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
    ] {
        rows.push(row(
            &["fstatat", "fstatat64"],
            &[Dir, Path, STAT, int(flags)],
            "stat 2",
        ));
        rows.push(row(
            &["__fxstatat", "__fxstatat64"],
            &[Int(1), Dir, Path, STAT, int(flags)],
            "stat 3",
        ));
        let mask = Int(i64::from(libc::STATX_BASIC_STATS));
        rows.push(row(
            &["statx"],
            &[Dir, Path, int(flags), mask, STATX],
            "statx 4",
        ));
    }
    rows.push(row(&["access"], &[Path, Int(8)], "number").is_wrong());
    rows.push(
        row(
            &["faccessat"],
            &[Dir, Path, Int(8), int(AT_SYMLINK_NOFOLLOW)],
            "number",
        )
        .is_wrong(),
    );
    for mode in [0, R_OK, W_OK, X_OK, R_OK | W_OK | X_OK] {
        rows.push(row(
            &["access", "eaccess", "euidaccess"],
            &[Path, int(mode)],
            "number",
        ));
        for flags in [0, libc::AT_EACCESS, AT_SYMLINK_NOFOLLOW] {
            rows.push(row(
                &["faccessat"],
                &[Dir, Path, int(mode), int(flags)],
                "number",
            ));
        }
    }
    rows
}

fn attributes() -> Vec<Row> {
    let (user, group) = (Int(-1), Int(-1));
    let nofollow = int(AT_SYMLINK_NOFOLLOW);
    vec![
        row(&["chmod"], &[Path, Int(0o711)], "number").changes(),
        row(&["lchmod"], &[Path, Int(0o711)], "number").changes(),
        row(&["fchmodat"], &[Dir, Path, Int(0o711), Int(0)], "number").changes(),
        row(&["fchmodat"], &[Dir, Path, Int(0o711), nofollow], "number").changes(),
        row(&["chown"], &[Path, user, group], "number").changes(),
        row(&["lchown"], &[Path, user, group], "number").is_not_permitted(),
        row(&["fchownat"], &[Dir, Path, user, group, Int(0)], "number").changes(),
        row(&["fchownat"], &[Dir, Path, user, group, nofollow], "number").is_not_permitted(),
        row(&["truncate", "truncate64"], &[Path, Int(1)], "number").changes(),
        row(&["truncate"], &[Path, Int(-1)], "number").is_wrong(),
        row(
            &["utime"],
            &[Path, Numbers(&[1_000_000, 2_000_000])],
            "number",
        )
        .changes(),
        row(&["utimes"], &[Path, TIMES], "number").changes(),
        row(&["lutimes"], &[Path, TIMES], "number").is_not_permitted(),
        row(&["futimesat"], &[Dir, Path, TIMES], "number").changes(),
        row(&["utimensat"], &[Dir, Path, TIMES, Int(0)], "number").changes(),
        row(&["utimensat"], &[Dir, Path, TIMES, nofollow], "number").is_not_permitted(),
    ]
}

fn texts() -> Vec<Row> {
    let mut rows = Vec::new();
    for size in [1, 10, 4096] {
        let (room, bytes) = (Room(4096), Int(size));
        rows.push(row(&["readlink"], &[Path, room, bytes], "bytes 1"));
        rows.push(row(&["readlinkat"], &[Dir, Path, room, bytes], "bytes 2"));
        rows.push(row(
            &["__readlink_chk"],
            &[Path, room, bytes, Int(4096)],
            "bytes 1",
        ));
        rows.push(row(
            &["__readlinkat_chk"],
            &[Dir, Path, room, bytes, Int(4096)],
            "bytes 2",
        ));
    }
    rows.push(row(&["readlink"], &[Path, Room(8), Int(0)], "bytes 1").is_wrong());
    rows.push(row(&["readlink"], &[Path, Int(1), Int(8)], "bytes 1"));
    // libc asks for one component after another, and takes any length.
    for (symbols, arguments) in [
        (&["realpath"][..], &[Path, Int(0)][..]),
        (&["realpath"], &[Path, Room(4096)]),
        (&["__realpath_chk"], &[Path, Room(4096), Int(4096)]),
        (&["canonicalize_file_name"], &[Path]),
    ] {
        let real = "pointer EINVAL";
        rows.push(row(symbols, arguments, "string").differs(
            Names::TooLong,
            real,
            "null ENAMETOOLONG",
        ));
    }
    rows
}

fn entries() -> Vec<Row> {
    let fifo = Int(i64::from(S_IFIFO | 0o620));
    let file = Int(i64::from(S_IFREG | 0o620));
    let mut rows = vec![
        row(&["link"], &[Path, NEW], "number").changes(),
        row(&["link"], &[FILE, Path], "number").changes(),
        row(&["symlink"], &[Text("anything"), Path], "number").changes(),
        row(&["symlinkat"], &[Text("anything"), Dir, Path], "number").changes(),
        row(&["mkdir"], &[Path, Int(0o710)], "number").changes(),
        row(&["mkfifo"], &[Path, Int(0o710)], "number").changes(),
        row(&["mkdirat"], &[Dir, Path, Int(0o710)], "number").changes(),
        row(&["mkfifoat"], &[Dir, Path, Int(0o710)], "number").changes(),
        row(&["mknod"], &[Path, fifo, Int(0)], "number").changes(),
        row(&["mknodat"], &[Dir, Path, file, Int(0)], "number").changes(),
        row(&["__xmknod"], &[Int(0), Path, file, Room(8)], "number").changes(),
        row(
            &["__xmknodat"],
            &[Int(0), Dir, Path, fifo, Room(8)],
            "number",
        )
        .changes(),
        row(&["unlink"], &[Path], "number").is_busy("0 -", "-1 ENOTDIR"),
        row(&["remove"], &[Path], "number").is_busy("0 -", "-1 ENOTDIR"),
        row(&["unlinkat"], &[Dir, Path, Int(0)], "number").is_busy("0 -", "-1 ENOTDIR"),
        row(&["rmdir"], &[Path], "number").is_busy("-1 ENOTDIR", "-1 ENOTDIR"),
        row(&["unlinkat"], &[Dir, Path, int(AT_REMOVEDIR)], "number")
            .is_busy("-1 ENOTDIR", "-1 ENOTDIR"),
        row(&["rename"], &[Path, NEW], "number").is_busy("0 -", "-1 ENOTDIR"),
        row(&["rename"], &[FILE, Path], "number").is_busy("0 -", "-1 ENOTDIR"),
        row(&["rename"], &[DIRECTORY, Path], "number").is_busy("-1 ENOTDIR", "-1 ENOTDIR"),
        row(&["rename"], &[Path, Path], "number").is_busy("0 -", "-1 ENOTDIR"),
        row(&["renameat"], &[Dir, Path, CWD, NEW], "number").is_busy("0 -", "-1 ENOTDIR"),
        row(&["renameat"], &[CWD, FILE, Dir, Path], "number").is_busy("0 -", "-1 ENOTDIR"),
    ];
    for flags in [0, AT_SYMLINK_FOLLOW] {
        rows.push(row(&["linkat"], &[Dir, Path, CWD, NEW, int(flags)], "number").changes());
        rows.push(row(&["linkat"], &[CWD, FILE, Dir, Path, int(flags)], "number").changes());
    }
    let exchange = Int(i64::from(RENAME_EXCHANGE));
    let noreplace = Int(i64::from(RENAME_NOREPLACE));
    rows.extend([
        row(&["renameat2"], &[Dir, Path, CWD, NEW, Int(0)], "number").is_busy("0 -", "-1 ENOTDIR"),
        row(&["renameat2"], &[CWD, FILE, Dir, Path, Int(0)], "number").is_busy("0 -", "-1 ENOTDIR"),
        row(&["renameat2"], &[Dir, Path, CWD, FILE, exchange], "number")
            .is_busy("0 -", "-1 ENOTDIR"),
        row(
            &["renameat2"],
            &[CWD, DIRECTORY, Dir, Path, exchange],
            "number",
        )
        .is_busy("0 -", "-1 ENOTDIR"),
        row(&["renameat2"], &[Dir, Path, CWD, NEW, noreplace], "number")
            .is_busy("0 -", "-1 ENOTDIR"),
        row(&["renameat2"], &[CWD, FILE, Dir, Path, noreplace], "number").changes(),
    ]);
    rows
}

fn directories() -> Vec<Row> {
    vec![
        row(&["chdir"], &[Path], "directory"),
        row(&["chroot"], &[Path], "root"),
        row(&["get_current_dir_name"], &[], "string"),
    ]
}

/// Returns every row that is played with every spelling.
pub fn rows() -> Vec<Row> {
    [
        opens(),
        confined(),
        listings(),
        facts(),
        attributes(),
        texts(),
        entries(),
        directories(),
    ]
    .concat()
}

/// Symbols whose rows stand in `programs`: they are played with programs, not with spellings alone.
pub const PROGRAMS: &[&str] = &[
    "execl", "execle", "execlp", "execv", "execve", "execveat", "execvp", "execvpe", "fexecve",
];
