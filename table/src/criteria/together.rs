//! Whether two criteria could hold for one process.

use glob::Pattern;

use crate::criteria::{Criteria, Key, version};
use crate::table::Member;

impl Criteria {
    /// Tells whether one process could meet both.
    ///
    /// Errs towards yes: two globs that share no string, and a user's name and number, count as
    /// compatible; so do two groups, because a member may have both.
    pub fn together_with(&self, other: &Criteria) -> bool {
        let same = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        let overlap = |one: Option<&Pattern>, other: Option<&Pattern>| match (one, other) {
            (Some(one), Some(other)) => could_overlap(one, other),
            _ => true,
        };
        let versions = match (&self.version, &other.version) {
            (Some(one), Some(other)) => version::together(one, other),
            _ => true,
        };
        same(&self.member, &other.member)
            && same(&self.app, &other.app)
            && could_be_one_user(self.user.as_deref(), other.user.as_deref())
            && overlap(self.host.as_ref(), other.host.as_ref())
            && overlap(self.exe.as_ref(), other.exe.as_ref())
            && (self.env.iter()).all(|(name, one)| overlap(Some(one), other.env.get(name)))
            && versions
    }

    /// Returns a key and value that no process meets together with another value of the same key.
    pub(crate) fn exclusive_value(&self) -> (Option<Key<'_>>, &str) {
        let literal = |pattern: &&Pattern| is_literal(pattern);
        let app = self.app.as_deref().map(|app| (Key::App, app));
        let host = self.host.as_ref().filter(literal);
        let exe = self.exe.as_ref().filter(literal);
        app.or_else(|| host.map(|host| (Key::Host, host.as_str())))
            .or_else(|| exe.map(|exe| (Key::Exe, exe.as_str())))
            .map_or((None, ""), |(key, value)| (Some(key), value))
    }

    /// Tells whether every process that meets all of `others` meets these criteria.
    ///
    /// `member` has the attributes of the member that `others` name, when the table lists it.
    pub(crate) fn implied_by(&self, others: &[&Criteria], member: Option<&Member>) -> bool {
        self.pairs().iter().all(|pair| {
            let attribute = member.is_some_and(|member| match pair.0 {
                Key::Group | Key::App | Key::Version => self.key_suits(pair.0, member),
                _ => false,
            });
            attribute || others.iter().any(|other| other.pairs().contains(pair))
        })
    }

    /// Tells whether a member with these attributes can meet the criteria.
    pub(crate) fn suits(&self, member: &Member) -> bool {
        [Key::Group, Key::App, Key::Version]
            .into_iter()
            .all(|key| self.key_suits(key, member))
    }

    fn key_suits(&self, key: Key<'_>, member: &Member) -> bool {
        match key {
            Key::Group => (self.group.as_ref()).is_none_or(|group| member.groups.contains(group)),
            Key::App => self.app.is_none() || self.app == member.app,
            Key::Version => self.version.as_ref().is_none_or(|wanted| {
                let found = member.version.as_ref();
                found.is_some_and(|found| version::agrees(wanted, found))
            }),
            _ => true,
        }
    }
}

fn could_be_one_user(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            one == other || one.parse::<u32>().is_ok() != other.parse::<u32>().is_ok()
        }
        _ => true,
    }
}

fn could_overlap(one: &Pattern, other: &Pattern) -> bool {
    match (is_literal(one), is_literal(other)) {
        (true, _) => other.matches(one.as_str()),
        (_, true) => one.matches(other.as_str()),
        (false, false) => true,
    }
}

fn is_literal(pattern: &Pattern) -> bool {
    !pattern.as_str().contains(['*', '?', '['])
}
