//! What a demo comes to: the counts, and for `--json` everything that was seen.
use crate::console::Console;
use crate::demo::instance::Instance;
use crate::demo::look::Look;
use crate::demo::story::HEADING;
use crate::demo::traffic::Traffic;
use crate::failure::Failure;
use serde::Serialize;
use std::time::Duration;

/// The result of a whole demo.
#[derive(Debug)]
pub struct Summary {
    /// Where it took place.
    pub directory: String,
    /// Whether the directory stays.
    pub kept: bool,
    /// The store's generation at the end.
    pub generation: u64,
    /// How long the demo took.
    pub took: Duration,
    /// The counts of each instance.
    pub instances: Vec<Counts>,
    /// What was seen, moment by moment.
    pub moments: Vec<Look>,
}

/// The counts of one instance.
#[derive(Debug, Serialize)]
pub struct Counts {
    member: &'static str,
    port: u16,
    /// How many requests were sent to it.
    requests: u64,
    /// How many answers were of version 1 and of version 2.
    answers: [u64; 2],
    /// How many requests met no instance, since it was down.
    while_down: u64,
    /// How many requests failed or were answered wrongly when the instance had to answer.
    failed: u64,
    /// The longest time between two answers.
    longest_gap_ms: u64,
}

impl Counts {
    /// Takes the counts of an instance.
    pub fn of(instance: &Instance, traffic: &Traffic) -> Self {
        Self {
            member: instance.member,
            port: instance.port.number,
            requests: traffic.requests(),
            answers: traffic.answers,
            while_down: traffic.while_down,
            failed: traffic.failed,
            longest_gap_ms: milliseconds(traffic.longest_gap),
        }
    }
}

/// A summary as `demo --json` prints it.
#[derive(Serialize)]
struct Shown<'a> {
    directory: &'a str,
    kept: bool,
    generation: u64,
    requests: u64,
    while_down: u64,
    failed: u64,
    longest_gap_ms: u64,
    took_ms: u64,
    instances: &'a [Counts],
    moments: &'a [Look],
}

impl Summary {
    /// Prints it: one line for people, and how to go on in a directory that is kept; or an object.
    pub fn print(&self, console: &Console) -> Result<(), Failure> {
        let shown = self.shown();
        if console.json {
            return console.print_json(&shown);
        }
        console.print_styled(&format!("{HEADING}{}{HEADING:#}\n", shown.line()))?;
        match self.kept && !console.quiet {
            true => console.print(self.next()),
            false => Ok(()),
        }
    }

    fn shown(&self) -> Shown<'_> {
        let sum = |count: fn(&Counts) -> u64| self.instances.iter().map(count).sum();
        let gaps = self.instances.iter().map(|counts| counts.longest_gap_ms);
        Shown {
            directory: &self.directory,
            kept: self.kept,
            generation: self.generation,
            requests: sum(|counts| counts.requests),
            while_down: sum(|counts| counts.while_down),
            failed: sum(|counts| counts.failed),
            longest_gap_ms: gaps.max().unwrap_or(0),
            took_ms: milliseconds(self.took),
            instances: &self.instances,
            moments: &self.moments,
        }
    }

    /// Says what can be typed next.
    fn next(&self) -> String {
        let port = self.instances.first().map_or(0, |counts| counts.port);
        let directory = shell_words::quote(&self.directory);
        let admin = std::env::args_os().next().unwrap_or("psl-admin".into());
        let admin = admin.to_string_lossy();
        let admin = shell_words::quote(&admin);
        format!(
            "\n{directory} stays; go on with\n  \
             T={directory}; export PSL_STORE=\"$T/store\" PSL_CONFIG=\"$T/psl.toml\"\n  \
             {admin} history\n  \
             {admin} run --member erp2 -- \"$T/binaries/version/bin/server\" --port {port} &\n  \
             curl http://127.0.0.1:{port}/\n  \
             kill $!; rm -r \"$T\"\n"
        )
    }
}

impl Shown<'_> {
    fn line(&self) -> String {
        format!(
            "{} requests, {} failed, {} met an instance that was down; longest gap {} ms; \
             {} generations; {}.{} s{}",
            self.requests,
            self.failed,
            self.while_down,
            self.longest_gap_ms,
            self.generation,
            self.took_ms / 1000,
            self.took_ms % 1000 / 100,
            if self.kept {
                ""
            } else {
                "; nothing is left behind"
            },
        )
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
