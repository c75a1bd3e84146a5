//! What a probe is told to do: calls of libc, a line each.

use std::fmt;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The symbol, looked up as the dynamic linker would.
    pub symbol: String,
    /// The working directory, absolute.
    pub start: String,
    /// How the result is shown.
    pub shows: String,
    /// Whether the tree has to be looked at afterwards, and mended.
    pub changes: bool,
    /// The arguments.
    pub arguments: Vec<Argument>,
}

/// An argument as C has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A C string.
    Text(String),
    /// A descriptor of this directory or file, opened with `O_PATH`.
    Open(String),
    /// A number, or a pointer that is none.
    Number(i64),
    /// A pointer to this many bytes, all zero.
    Buffer(usize),
    /// A pointer to these numbers, 64 bits each.
    Numbers(Vec<i64>),
    /// A pointer to an array of C strings with a null pointer at its end.
    Texts(Vec<String>),
    /// An open stream.
    Stream,
    /// A pointer to an address of a local socket with this name, cut where there is no room.
    Address(String),
    /// A descriptor of a local socket, for `stream` or `datagrams`.
    Socket(String),
    /// A descriptor that watches files.
    Watch,
    /// A descriptor of this directory, opened for reading, which the call takes over.
    Taken(String),
    /// A descriptor of this file, opened for reading, which stays open when a program is executed.
    Kept(String),
    /// A pointer that leads to no string: `unmapped`, `unreadable` or `torn`.
    Wild(String),
    /// The address of a function.
    Function(String),
    /// A pointer to file actions of posix_spawn(3): words, with `; ` between two.
    Actions(String),
    /// A pointer to attributes of posix_spawn(3), likewise.
    Attributes(String),
}

/// Separates the texts of an array; no test has it in a text.
const UNIT: char = '\u{1f}';

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "text:{text}"),
            Self::Open(path) => write!(f, "open:{path}"),
            Self::Number(number) => write!(f, "number:{number}"),
            Self::Buffer(size) => write!(f, "buffer:{size}"),
            Self::Numbers(numbers) => {
                let numbers: Vec<_> = numbers.iter().map(i64::to_string).collect();
                write!(f, "numbers:{}", numbers.join(","))
            }
            Self::Texts(texts) => {
                write!(f, "texts:")?;
                texts.iter().try_for_each(|text| write!(f, "{text}{UNIT}"))
            }
            Self::Stream => write!(f, "stream:"),
            Self::Address(name) => write!(f, "address:{name}"),
            Self::Socket(kind) => write!(f, "socket:{kind}"),
            Self::Wild(kind) => write!(f, "wild:{kind}"),
            Self::Watch => write!(f, "watch:"),
            Self::Taken(path) => write!(f, "taken:{path}"),
            Self::Kept(path) => write!(f, "kept:{path}"),
            Self::Function(name) => write!(f, "function:{name}"),
            Self::Actions(words) => write!(f, "actions:{words}"),
            Self::Attributes(words) => write!(f, "attributes:{words}"),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            symbol,
            start,
            shows,
            changes,
            ..
        } = self;
        write!(f, "{symbol}\t{start}\t{shows}\t{changes}")?;
        self.arguments
            .iter()
            .try_for_each(|argument| write!(f, "\t{argument}"))
    }
}

impl Call {
    /// Reads a line back; none if it is no call.
    pub fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        Some(Self {
            symbol: fields.next()?.into(),
            start: fields.next()?.into(),
            shows: fields.next()?.into(),
            changes: fields.next()?.parse().ok()?,
            arguments: fields.map(Argument::parse).collect::<Option<_>>()?,
        })
    }
}

impl Argument {
    fn parse(field: &str) -> Option<Self> {
        let (kind, value) = field.split_once(':')?;
        Some(match kind {
            "text" => Self::Text(value.into()),
            "open" => Self::Open(value.into()),
            "number" => Self::Number(value.parse().ok()?),
            "buffer" => Self::Buffer(value.parse().ok()?),
            "numbers" => Self::Numbers(
                value
                    .split(',')
                    .map(str::parse)
                    .collect::<Result<_, _>>()
                    .ok()?,
            ),
            "texts" => Self::Texts(value.split_terminator(UNIT).map(String::from).collect()),
            "stream" => Self::Stream,
            "address" => Self::Address(value.into()),
            "socket" => Self::Socket(value.into()),
            "wild" => Self::Wild(value.into()),
            "watch" => Self::Watch,
            "taken" => Self::Taken(value.into()),
            "kept" => Self::Kept(value.into()),
            "function" => Self::Function(value.into()),
            "actions" => Self::Actions(value.into()),
            "attributes" => Self::Attributes(value.into()),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_as_it_was_written() {
        let call = Call {
            symbol: "open".into(),
            start: "/".into(),
            shows: "descriptor".into(),
            changes: true,
            arguments: vec![
                Argument::Text(String::new()),
                Argument::Open("/a".into()),
                Argument::Number(-100),
                Argument::Buffer(8),
                Argument::Numbers(vec![1, -2]),
                Argument::Texts(vec![String::new(), "a b".into()]),
                Argument::Texts(vec![]),
                Argument::Stream,
                Argument::Address("/a".into()),
                Argument::Socket("stream".into()),
                Argument::Wild("torn".into()),
                Argument::Watch,
                Argument::Taken("/".into()),
                Argument::Kept("/x".into()),
                Argument::Function("alphasort".into()),
                Argument::Actions("chdir /; close 5".into()),
                Argument::Attributes("mask".into()),
            ],
        };
        assert_eq!(Call::parse(&call.to_string()), Some(call));
    }
}
