//! What a demo comes to: the counts, and for `--json` everything that was seen.
use crate::columns;
use crate::console::Console;
use crate::demo::instance::Instance;
use crate::demo::look::Look;
use crate::demo::standing::Standing;
use crate::demo::story::HEADING;
use crate::demo::tally::Tally;
use crate::failure::Failure;
use serde::Serialize;
use std::time::{Duration, Instant};

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
    /// What has become of the requests.
    pub tally: Tally,
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
    /// The generation that it runs with.
    generation: u64,
    /// How many requests it was sent.
    requests: u64,
    /// How often it did not serve.
    times_down: u64,
    /// How long that was together.
    down_ms: u64,
}

impl Counts {
    /// Takes the counts of an instance as they are at a moment.
    pub fn of(instance: &Instance, standing: &Standing, at: Instant, generation: u64) -> Self {
        Self {
            member: instance.member,
            port: instance.port.number,
            generation,
            requests: standing.requests,
            times_down: standing.left,
            down_ms: milliseconds(standing.away(at)),
        }
    }

    fn row(&self) -> [String; 5] {
        [
            self.member.to_owned(),
            self.generation.to_string(),
            self.requests.to_string(),
            self.times_down.to_string(),
            seconds(self.down_ms),
        ]
    }
}

/// A summary as `demo --json` prints it.
#[derive(Serialize)]
struct Shown<'a> {
    directory: &'a str,
    kept: bool,
    generation: u64,
    requests: u64,
    failed: u64,
    sent_on: u64,
    answers: &'a [u64],
    took_ms: u64,
    instances: &'a [Counts],
    moments: &'a [Look],
}

impl Summary {
    /// Prints it: a table for people, and how to go on in a directory that is kept; or an object.
    pub fn print(&self, console: &Console) -> Result<(), Failure> {
        if console.json {
            return console.print_json(&self.shown());
        }
        console.print(format!("\n{}", self.table()))?;
        console.print_styled(&format!("{HEADING}{}{HEADING:#}\n", self.line()))?;
        match self.kept && !console.quiet {
            true => console.print(self.next()),
            false => Ok(()),
        }
    }

    fn shown(&self) -> Shown<'_> {
        Shown {
            directory: &self.directory,
            kept: self.kept,
            generation: self.generation,
            requests: self.tally.sent(),
            failed: self.tally.failed,
            sent_on: self.tally.sent_on,
            answers: &self.tally.answers,
            took_ms: milliseconds(self.took),
            instances: &self.instances,
            moments: &self.moments,
        }
    }

    fn table(&self) -> String {
        columns::aligned(
            [
                "INSTANCE",
                "GENERATION",
                "REQUESTS",
                "TIMES DOWN",
                "SECONDS DOWN",
            ],
            self.instances.iter().map(Counts::row),
        )
    }

    fn line(&self) -> String {
        let Tally {
            answers: [first, second],
            failed,
            ..
        } = self.tally;
        format!(
            "{} requests, {failed} failed: {first} answered by version 1, {second} by version 2; \
             {} generations; {} s{}",
            self.tally.sent(),
            self.generation,
            seconds(milliseconds(self.took)),
            match self.kept {
                true => "",
                false => "; nothing is left behind",
            },
        )
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
             {admin} upgrade status --svg \"$T/roll.svg\"\n  \
             {admin} run --member erp2 -- \"$T/binaries/version/bin/server\" --port {port} &\n  \
             curl http://127.0.0.1:{port}/\n  \
             kill $!; rm -r \"$T\"\n"
        )
    }
}

/// Writes milliseconds as seconds with one decimal.
fn seconds(milliseconds: u64) -> String {
    let tenths = milliseconds.saturating_add(50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
