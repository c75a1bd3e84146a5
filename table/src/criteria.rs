//! When a row of the table holds.

mod together;
mod version;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use glob::Pattern;

use crate::name;
use crate::subject::Subject;

/// The criteria keys, as written in `when`; `env` is a table of names.
pub const KEYS: [&str; 8] = [
    "member", "group", "app", "version", "host", "user", "exe", "env",
];

/// What a process must be for a row to hold; every key that is given must agree.
///
/// Without any key the row holds for every process that uses the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Criteria {
    /// The one member.
    pub member: Option<String>,
    /// A group that the member belongs to.
    pub group: Option<String>,
    /// The member's application.
    pub app: Option<String>,
    /// The member's version: equal as a string, or a semver requirement that the version meets.
    pub version: Option<String>,
    /// A glob on the host's node name.
    pub host: Option<Pattern>,
    /// The effective user, by name or number.
    pub user: Option<String>,
    /// A glob on the program's path as executed; `*` crosses slashes.
    pub exe: Option<Pattern>,
    /// A glob on the value of each of these environment variables, which must be set.
    pub env: BTreeMap<String, Pattern>,
}

impl Criteria {
    /// Sets one key from its text; an environment variable's key is `env.NAME`.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), CriteriaFlaw> {
        let known = key
            .strip_prefix("env.")
            .map_or_else(|| KEYS.contains(&key) && key != "env", |_| true);
        if !known {
            return Err(CriteriaFlaw::UnknownKey);
        }
        if let Some(variable) = key.strip_prefix("env.") {
            if variable.is_empty() || variable.contains(['=', '\0']) {
                return Err(CriteriaFlaw::VariableName);
            }
            // An empty glob is meaningful here: a variable that is set to nothing.
            let previous = self.env.insert(variable.to_owned(), glob(value)?);
            return previous.map_or(Ok(()), |_| Err(CriteriaFlaw::Twice));
        }
        match key {
            "member" => {
                name::check_member(value).map_err(CriteriaFlaw::Member)?;
                fill(&mut self.member, value.to_owned())
            }
            "group" => fill(&mut self.group, word(value)?),
            "app" => fill(&mut self.app, word(value)?),
            "version" => fill(&mut self.version, word(value)?),
            "user" => fill(&mut self.user, word(value)?),
            "host" => fill(&mut self.host, glob(&word(value)?)?),
            _ => fill(&mut self.exe, glob(&word(value)?)?),
        }
    }

    /// Returns the keys that are given with their texts, in the order of [`KEYS`].
    pub fn pairs(&self) -> Vec<(Key<'_>, &str)> {
        let given = [
            (Key::Member, self.member.as_deref()),
            (Key::Group, self.group.as_deref()),
            (Key::App, self.app.as_deref()),
            (Key::Version, self.version.as_deref()),
            (Key::Host, self.host.as_ref().map(Pattern::as_str)),
            (Key::User, self.user.as_deref()),
            (Key::Exe, self.exe.as_ref().map(Pattern::as_str)),
        ];
        let env = self.env.iter();
        let given = given
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)));
        given
            .chain(env.map(|(name, pattern)| (Key::Env(name), pattern.as_str())))
            .collect()
    }

    /// Returns how many keys are given; each environment variable is a key.
    pub fn keys(&self) -> usize {
        let given = [
            self.member.is_some(),
            self.group.is_some(),
            self.app.is_some(),
            self.version.is_some(),
            self.host.is_some(),
            self.user.is_some(),
            self.exe.is_some(),
        ];
        given.into_iter().filter(|given| *given).count() + self.env.len()
    }

    /// Tells whether every given key agrees with the subject, or the first that does not.
    pub fn holds(&self, subject: &Subject) -> Verdict<'_> {
        let equal = |wanted: &Option<String>, found: &Option<String>| {
            wanted.as_ref().is_none_or(|_| wanted == found)
        };
        let within = |wanted: &Option<Pattern>, found: Option<&[u8]>| {
            wanted
                .as_ref()
                .is_none_or(|pattern| matches(pattern, found))
        };
        let failed = if !equal(&self.member, &subject.member) {
            Key::Member
        } else if let Some(group) = &self.group
            && !subject.groups.contains(group)
        {
            Key::Group
        } else if !equal(&self.app, &subject.app) {
            Key::App
        } else if let Some(wanted) = &self.version
            && !subject
                .version
                .as_ref()
                .is_some_and(|found| version::agrees(wanted, found))
        {
            Key::Version
        } else if !within(&self.host, Some(subject.host.as_bytes())) {
            Key::Host
        } else if let Some(user) = &self.user
            && !subject.is_user(user)
        {
            Key::User
        } else if !within(&self.exe, subject.exe.as_deref()) {
            Key::Exe
        } else {
            let unmet = self
                .env
                .iter()
                .find(|(name, pattern)| !matches(pattern, subject.variable(name)));
            match unmet {
                Some((name, _)) => Key::Env(name),
                None => return Verdict::Holds,
            }
        };
        Verdict::Fails(failed)
    }
}

impl fmt::Display for Criteria {
    /// Writes `member=erp1 app=erp`, or `every process`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.pairs();
        if pairs.is_empty() {
            return f.write_str("every process");
        }
        for (position, (key, value)) in pairs.iter().enumerate() {
            let gap = if position == 0 { "" } else { " " };
            write!(f, "{gap}{key}={value}")?;
        }
        Ok(())
    }
}

/// Whether criteria hold for a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'c> {
    /// Every given key agrees.
    Holds,
    /// This key is the first that does not.
    Fails(Key<'c>),
}

/// One criteria key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is the key of its name")]
pub enum Key<'c> {
    Member,
    Group,
    App,
    Version,
    Host,
    User,
    Exe,
    /// The environment variable of this name.
    Env(&'c str),
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Key::Member => "member",
            Key::Group => "group",
            Key::App => "app",
            Key::Version => "version",
            Key::Host => "host",
            Key::User => "user",
            Key::Exe => "exe",
            Key::Env(name) => return write!(f, "env.{name}"),
        };
        f.write_str(name)
    }
}

/// Why a criteria key or its value is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CriteriaFlaw {
    /// No criteria key has this name.
    UnknownKey,
    /// The key is given twice.
    Twice,
    /// The value is not a member's name.
    Member(name::Flaw),
    /// The value is empty.
    Empty,
    /// The value has a control character.
    Control,
    /// No environment variable can have this name.
    VariableName,
    /// The value is not a glob, for this reason.
    Glob(&'static str),
}

impl fmt::Display for CriteriaFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CriteriaFlaw::UnknownKey => write!(f, "is no criteria key"),
            CriteriaFlaw::Twice => write!(f, "is given twice, expected it once"),
            CriteriaFlaw::Member(flaw) => flaw.fmt(f),
            CriteriaFlaw::Empty => write!(f, "is empty, expected at least one character"),
            CriteriaFlaw::Control => write!(f, "has a control character, expected none"),
            CriteriaFlaw::VariableName => {
                write!(f, "names no variable, expected a name without `=`")
            }
            CriteriaFlaw::Glob(why) => write!(f, "is not a glob: {why}"),
        }
    }
}

impl std::error::Error for CriteriaFlaw {}

fn fill<T>(slot: &mut Option<T>, value: T) -> Result<(), CriteriaFlaw> {
    let previous = slot.replace(value);
    previous.map_or(Ok(()), |_| Err(CriteriaFlaw::Twice))
}

fn word(value: &str) -> Result<String, CriteriaFlaw> {
    if value.is_empty() {
        Err(CriteriaFlaw::Empty)
    } else if value.chars().any(char::is_control) {
        Err(CriteriaFlaw::Control)
    } else {
        Ok(value.to_owned())
    }
}

fn glob(value: &str) -> Result<Pattern, CriteriaFlaw> {
    Pattern::new(value).map_err(|error| CriteriaFlaw::Glob(error.msg))
}

/// Matches bytes that need not be UTF-8: what is not counts as the replacement character.
fn matches(pattern: &Pattern, found: Option<&[u8]>) -> bool {
    let text = found.map(String::from_utf8_lossy);
    text.is_some_and(|text: Cow<'_, str>| pattern.matches(&text))
}
