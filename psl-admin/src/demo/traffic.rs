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
