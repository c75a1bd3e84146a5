//! What a row is made of.

use super::spellings::Names;

/// An argument of a row.
#[derive(Clone, Copy, Debug)]
pub enum Given {
    /// The name that is spelt.
    Path,
    /// The name that is spelt, with this behind it.
    Template(&'static str),
    /// An array with nothing in it but the name that is spelt.
    Paths,
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
    /// An array of texts.
    Texts(&'static [&'static str]),
    /// A descriptor of this program of the newer version, which stays open when it is executed.
    Program(&'static str),
    /// File actions for a program that is spawned; in their names `{}` is the root and `<>` the name that is spelt.
    Actions(&'static str),
    /// Attributes for a program that is spawned.
    Attributes(&'static str),
    /// An address of a local socket with the name that is spelt.
    Address,
    /// A descriptor of a local socket, for `stream` or `datagrams`.
    Socket(&'static str),
    /// An open stream.
    Stream,
    /// A descriptor that watches files.
    Watch,
    /// A descriptor of a directory below the root, which the call takes over.
    Taken(&'static str),
    /// A pointer to what is no name: `unmapped`, `unreadable` or `torn`.
    Wild(&'static str),
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
    /// The symbols: the first is played with every spelling, its twins with every seventh.
    pub symbols: Vec<&'static str>,
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
    /// Whether it is another row by another symbol: then that it is, a few names tell.
    pub is_twin: bool,
    /// Whether it must not be played with `/`: it would do something to this host.
    pub spares_root: bool,
    /// Where it differs on purpose.
    pub differs: Vec<Differs>,
}

/// Makes rows: a line each, as it would stand in a manual.
macro_rules! rows {
    ($( $symbol:ident $(| $twin:ident)* ($($argument:expr),*) $shows:literal $(. $remark:ident ($($value:expr),*))*; )*) => {
        vec![ $(
            $crate::cases::Row::new(
                &[stringify!($symbol) $(, stringify!($twin))*],
                &[$($argument),*],
                $shows,
            ) $(.$remark($($value),*))*
        ),* ]
    };
}

pub(super) use rows;

impl Row {
    /// Makes one without remarks.
    pub fn new(symbols: &[&'static str], arguments: &[Given], shows: &'static str) -> Self {
        Self {
            symbols: symbols.into(),
            arguments: arguments.into(),
            also: &[],
            shows,
            changes: false,
            is_wrong: false,
            is_twin: false,
            spares_root: false,
            differs: Vec::new(),
        }
    }

    /// It may change the tree.
    pub fn changes(mut self) -> Self {
        self.changes = true;
        self
    }

    /// Its arguments are wrong whatever the name is.
    pub fn wrong(mut self) -> Self {
        self.is_wrong = true;
        self
    }

    /// It is not played with `/`.
    pub fn spares_root(mut self) -> Self {
        self.spares_root = true;
        self
    }

    /// The probe calls these, too.
    pub fn also(mut self, symbols: &'static [&'static str]) -> Self {
        self.also = symbols;
        self
    }

    /// On these names, the kernel's answer on a symlink is one and ours another.
    pub fn differs(mut self, on: Names, real: &'static str, private: &'static str) -> Self {
        self.differs.push(Differs { on, real, private });
        self
    }

    /// Links change through the table only: what the kernel answers on a symlink, without a slash and with one.
    pub fn busy(self, real: &'static str, real_with_slash: &'static str) -> Self {
        self.changes()
            .differs(Names::Link, real, "-1 EBUSY")
            .differs(Names::LinkAndSlash, real_with_slash, "-1 EBUSY")
    }

    /// What a symlink's own attributes are is not for its users to say.
    pub fn not_permitted(self) -> Self {
        self.changes().differs(Names::Link, "0 -", "-1 EPERM")
    }
}

/// Flags, as an argument.
pub const fn int(flags: i32) -> Given {
    Given::Int(flags as i64)
}

/// The working directory's descriptor.
pub const CWD: Given = int(libc::AT_FDCWD);
/// A name that nothing has.
pub const NEW: Given = Given::Fixed("spare/new");
/// A regular file.
pub const FILE: Given = Given::Fixed("spare/file");
/// An empty directory.
pub const DIRECTORY: Given = Given::Fixed("spare/dir");
