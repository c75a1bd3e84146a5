//! The versions of the server.
use crate::demo::answer::Answer;

/// A version of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// What every instance runs at first.
    One,
    /// What they move to.
    Two,
    /// What cannot serve, and is taken back.
    Three,
}

impl Version {
    /// Those that may answer, in their order.
    pub const SERVING: [Self; 2] = [Self::One, Self::Two];

    /// Returns the number that the version's files and answers tell.
    pub fn number(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Two => "2",
            Self::Three => "3",
        }
    }

    /// Returns where the version's tree lies, below the demo's directory.
    pub fn tree(self) -> &'static str {
        match self {
            Self::One => "binaries/version",
            Self::Two => "binaries/version2",
            Self::Three => "binaries/version3",
        }
    }

    /// Returns what the version's page says.
    pub fn page(self) -> String {
        format!("page of version {}", self.number())
    }

    /// Returns the command that makes it out of a copy of the version before.
    pub fn patch(self) -> String {
        let number = self.number();
        match self {
            Self::Three => format!("echo {number} > share/release; rm share/page"),
            _ => format!(
                "echo {number} > share/release; echo {} > share/page",
                self.page()
            ),
        }
    }

    /// Returns the version that all the parts of an answer are of; `None` when they are of several, or of none that
    /// may answer. The program is compared where the directory is known.
    pub fn of(answer: &Answer) -> Option<Self> {
        Self::SERVING.into_iter().find(|version| {
            let program = format!("/{}/bin/server", version.tree());
            answer.release == version.number()
                && answer.page == version.page()
                && answer.program.ends_with(&program)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_of_a_version_when_all_its_parts_are() {
        let rows = [
            ("1", "1", "version", Some(Version::One)),
            ("2", "2", "version2", Some(Version::Two)),
            ("1", "2", "version2", None),
            ("2", "1", "version2", None),
            ("2", "2", "version", None),
            ("3", "3", "version3", None),
        ];
        for (release, page, tree, expected) in rows {
            let answer = Answer {
                release: release.to_owned(),
                page: format!("page of version {page}"),
                program: format!("/t/binaries/{tree}/bin/server"),
                process: 7,
            };
            assert_eq!(Version::of(&answer), expected, "{answer:?}");
        }
    }
}
