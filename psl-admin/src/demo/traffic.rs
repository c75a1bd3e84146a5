//! What the requests to one instance have shown.
use crate::demo::answer::Answer;
use crate::demo::version::Version;
use std::io;
use std::time::{Duration, Instant};

/// Whether an instance has to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is stopped, or has not been told of since.
    Down,
    /// It was started as this process, whose first answer makes it serve.
    Starting(u32),
    /// It has answered, and must go on.
    Serving,
}

/// The counts and the last answer of one instance.
#[derive(Debug)]
pub struct Traffic {
    /// The version that the instance has to answer with.
    pub expected: Version,
    /// Whether it has to answer at all.
    pub phase: Phase,
    /// How many answers came of each version.
    pub answers: [u64; 2],
    /// How many requests met no instance, since it was down.
    pub while_down: u64,
    /// How many requests failed while the instance had to answer, or were answered wrongly.
    pub failed: u64,
    /// The longest time between two answers.
    pub longest_gap: Duration,
    /// The newest answer.
    pub latest: Option<Answer>,
    /// What went wrong first.
    pub trouble: Option<String>,
    answered: Option<Instant>,
}

impl Traffic {
    /// Begins with nothing, and the instance down.
    pub fn new() -> Self {
        Self {
            expected: Version::One,
            phase: Phase::Down,
            answers: [0; 2],
            while_down: 0,
            failed: 0,
            longest_gap: Duration::ZERO,
            latest: None,
            trouble: None,
            answered: None,
        }
    }

    /// Counts the outcome of one request, which was sent while `expected` was expected; a request may be on its way
    /// while that changes.
    pub fn count(&mut self, expected: Version, outcome: io::Result<Answer>) {
        match outcome {
            Ok(answer) => self.count_answer(expected, answer),
            Err(_) if self.phase != Phase::Serving => self.while_down += 1,
            Err(error) => self.count_failure(format!("a request failed: {error}")),
        }
    }

    /// Returns how many requests were sent.
    pub fn requests(&self) -> u64 {
        self.answered() + self.while_down + self.failed
    }

    /// Returns how many were answered as expected.
    pub fn answered(&self) -> u64 {
        self.answers.iter().sum()
    }

    fn count_answer(&mut self, before: Version, answer: Answer) {
        let expected = [before, self.expected];
        match expected.iter().find(|version| agrees(&answer, **version)) {
            Some(version) => self.answers[*version as usize] += 1,
            None => self.count_failure(format!("an unexpected answer: {answer:?}")),
        }
        let at = Instant::now();
        if let Some(before) = self.answered.replace(at) {
            self.longest_gap = self.longest_gap.max(at - before);
        }
        if self.phase == Phase::Starting(answer.process) {
            self.phase = Phase::Serving;
        }
        self.latest = Some(answer);
    }

    fn count_failure(&mut self, trouble: String) {
        self.failed += 1;
        self.trouble.get_or_insert(trouble);
    }
}

/// Tells whether all the parts of an answer are of one version; the program is compared where the directory is known.
fn agrees(answer: &Answer, version: Version) -> bool {
    let program = format!("/{}/bin/server", version.tree());
    answer.release == version.number()
        && answer.page == version.page()
        && answer.program.ends_with(&program)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROCESS: u32 = 7;

    fn answer(release: &str, page: &str, tree: &str) -> io::Result<Answer> {
        Ok(Answer {
            release: release.to_owned(),
            page: format!("page of version {page}"),
            program: format!("/t/binaries/{tree}/bin/server"),
            process: PROCESS,
        })
    }

    fn serving(expected: Version) -> Traffic {
        Traffic {
            expected,
            phase: Phase::Serving,
            ..Traffic::new()
        }
    }

    #[test]
    fn an_answer_counts_when_all_its_parts_are_of_the_expected_version() {
        let rows = [
            (Version::One, answer("1", "1", "version"), ([1, 0], 0)),
            (Version::Two, answer("2", "2", "version2"), ([0, 1], 0)),
            (Version::One, answer("2", "2", "version2"), ([0, 0], 1)),
            (Version::Two, answer("1", "2", "version2"), ([0, 0], 1)),
            (Version::Two, answer("2", "1", "version2"), ([0, 0], 1)),
            (Version::Two, answer("2", "2", "version"), ([0, 0], 1)),
        ];
        for (expected, outcome, counts) in rows {
            let told = format!("{expected:?}: {outcome:?}");
            let mut traffic = serving(expected);
            traffic.count(expected, outcome);
            assert_eq!((traffic.answers, traffic.failed), counts, "{told}");
            assert_eq!(traffic.trouble.is_some(), traffic.failed > 0, "{told}");
        }
    }

    #[test]
    fn a_request_on_its_way_may_be_answered_by_the_version_before() {
        let mut traffic = serving(Version::Two);
        traffic.count(Version::One, answer("1", "1", "version"));
        assert_eq!((traffic.answers, traffic.failed), ([1, 0], 0));
    }

    #[test]
    fn only_an_instance_that_serves_has_to_answer() {
        let refused = || Err(io::ErrorKind::ConnectionRefused.into());
        let rows = [
            (Phase::Down, (1, 0)),
            (Phase::Starting(PROCESS), (1, 0)),
            (Phase::Serving, (0, 1)),
        ];
        for (phase, counts) in rows {
            let mut traffic = Traffic {
                phase,
                ..Traffic::new()
            };
            traffic.count(Version::One, refused());
            assert_eq!((traffic.while_down, traffic.failed), counts, "{phase:?}");
            assert_eq!(traffic.requests(), 1);
        }
    }

    #[test]
    fn the_first_answer_of_the_started_process_makes_it_serve() {
        for (id, phase) in [(PROCESS, Phase::Serving), (8, Phase::Starting(8))] {
            let mut traffic = Traffic {
                phase: Phase::Starting(id),
                ..Traffic::new()
            };
            traffic.count(Version::One, answer("1", "1", "version"));
            assert_eq!(traffic.phase, phase);
        }
    }
}
