//! What has become of the requests of all clients.
use crate::demo::answer::Answer;
use crate::demo::version::Version;
use std::io;

/// The counts of a demo's requests.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How many answers came of each version that serves.
    pub answers: [u64; Version::SERVING.len()],
    /// How many requests got no answer, or one with parts of several versions.
    pub failed: u64,
    /// How often an instance refused a connection, and the request went to another one.
    pub sent_on: u64,
    /// What went wrong first.
    pub trouble: Option<String>,
}

impl Tally {
    /// Counts the outcome of one request, as the client that sent it saw it.
    pub fn count(&mut self, outcome: io::Result<Answer>) {
        match outcome {
            Ok(answer) => match Version::of(&answer) {
                Some(version) => self.answers[version as usize] += 1,
                None => self.fail(format!("an unexpected answer: {answer:?}")),
            },
            Err(error) => self.fail(format!("a request failed: {error}")),
        }
    }

    /// Returns how many requests were sent.
    pub fn sent(&self) -> u64 {
        self.answered() + self.failed
    }

    /// Returns how many were answered as they have to be.
    pub fn answered(&self) -> u64 {
        self.answers.iter().sum()
    }

    fn fail(&mut self, trouble: String) {
        self.failed += 1;
        self.trouble.get_or_insert(trouble);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_request_counts_once_and_the_first_trouble_is_told() {
        let answer = |release: &str, tree: &str| Answer {
            release: release.to_owned(),
            page: format!("page of version {release}"),
            program: format!("/t/binaries/{tree}/bin/server"),
            process: 7,
        };
        let mut tally = Tally::default();
        tally.count(Ok(answer("1", "version")));
        tally.count(Ok(answer("2", "version2")));
        tally.count(Ok(answer("2", "version2")));
        assert_eq!((tally.answers, tally.failed), ([1, 2], 0));
        assert_eq!(tally.trouble, None);
        tally.count(Ok(answer("2", "version")));
        tally.count(Err(io::ErrorKind::ConnectionReset.into()));
        assert_eq!((tally.sent(), tally.answered(), tally.failed), (5, 3, 2));
        let trouble = tally.trouble.unwrap();
        assert!(trouble.starts_with("an unexpected answer: "), "{trouble}");
    }
}
