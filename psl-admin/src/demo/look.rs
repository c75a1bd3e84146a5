//! What all instances answer and see at one moment of a demo, and whether it is what it has to be.
use crate::demo::admin::Admin;
use crate::demo::answer::{Answer, ask};
use crate::demo::board::Board;
use crate::demo::instance::Instance;
use crate::demo::site::Site;
use crate::demo::version::Version;
use crate::exit::Exit;
use crate::failure::Failure;
use serde::Serialize;
use std::time::Duration;

/// How many answers a look waits for.
const ANSWERS: u64 = 30;

/// How long it waits for them.
const DEADLINE: Duration = Duration::from_secs(30);

/// What an instance in the middle of its turn is said to be.
const DOWN: &str = "-";

/// Who sees what really lies in the directory.
const BYSTANDER: &str = "a process without PSL";

/// What one instance answers, and what it sees.
#[derive(Debug, Serialize)]
pub struct Seen {
    /// The instance.
    pub member: &'static str,
    /// The version that it read when it started.
    pub release: String,
    /// The page that it opens for each request.
    pub page: String,
    /// Its program's physical path.
    pub program: String,
    /// What `ls -l` shows to it.
    pub listing: String,
}

/// All of them, at one generation.
#[derive(Debug, Serialize)]
pub struct Look {
    /// Which moment it is.
    pub moment: &'static str,
    /// The current generation.
    pub generation: u64,
    /// The instances, in their order.
    pub instances: Vec<Seen>,
    /// What `ls -l` shows to a process without PSL.
    pub listing: String,
}

/// What has to be at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// What is told of it.
    pub moment: &'static str,
    /// The version of each instance; `None` for one in the middle of its turn.
    pub versions: [Option<Version>; 3],
    /// What lies at the place for everybody.
    pub shared: Version,
    /// The instances.
    pub instances: &'a [Instance],
}

impl Look {
    /// Waits for some more answers, asks each instance, has `ls` run for it, and compares with what has to be.
    pub fn take(expected: &Expected<'_>, generation: u64, admin: &Admin) -> Result<Self, Failure> {
        await_answers(&admin.board)?;
        let dir = admin.site.path("binaries");
        let mut look = Self {
            moment: expected.moment,
            generation,
            instances: Vec::new(),
            listing: admin.run_plain(&["ls", "-l", &dir])?,
        };
        let shared = expected.shared;
        compare_listing(BYSTANDER, &look.listing, &admin.site, shared)?;
        for (instance, version) in expected.instances.iter().zip(expected.versions) {
            let member = instance.member;
            let listing = admin.run(&["run", "--member", member, "--", "ls", "-l", &dir])?;
            let answer = ask(instance.port.number);
            let answer = match version {
                Some(version) => {
                    let answer = answer
                        .map_err(|error| different(format!("{member} does not answer: {error}")))?;
                    compare_answer(member, &answer, &admin.site, version)?;
                    let linked = [version, shared].contains(&Version::Two);
                    let seen = if linked { Version::Two } else { Version::One };
                    compare_listing(member, &listing, &admin.site, seen)?;
                    Some(answer)
                }
                None => answer.ok(),
            };
            let told =
                |part: fn(Answer) -> String| answer.clone().map_or_else(|| DOWN.to_owned(), part);
            look.instances.push(Seen {
                member,
                release: told(|answer| answer.release),
                page: told(|answer| answer.page),
                program: told(|answer| answer.program),
                listing,
            });
        }
        Ok(look)
    }

    /// Returns each different listing once, with those who see it.
    pub fn listings(&self) -> Vec<(String, &str)> {
        let members = self
            .instances
            .iter()
            .map(|seen| (seen.member, seen.listing.as_str()));
        let mut listings: Vec<(Vec<&str>, &str)> = Vec::new();
        for (viewer, listing) in members.chain([(BYSTANDER, self.listing.as_str())]) {
            match listings.iter_mut().find(|(_, known)| *known == listing) {
                Some((viewers, _)) => viewers.push(viewer),
                None => listings.push((vec![viewer], listing)),
            }
        }
        let joined = |(viewers, listing): (Vec<&str>, _)| match viewers.split_last() {
            Some((last, others)) if !others.is_empty() => {
                (format!("{} and {last}", others.join(", ")), listing)
            }
            _ => (viewers.concat(), listing),
        };
        listings.into_iter().map(joined).collect()
    }
}

/// Waits until there are some more answers; fails when a request failed.
fn await_answers(board: &Board) -> Result<(), Failure> {
    let goal = board.shown().tally.answered() + ANSWERS;
    let came = board.wait(DEADLINE, |shown| {
        shown.tally.answered() >= goal || shown.tally.trouble.is_some()
    })?;
    if let Some(trouble) = &board.shown().tally.trouble {
        return Err(different(trouble.clone()));
    }
    match came {
        true => Ok(()),
        false => Err(different(format!(
            "there were no {ANSWERS} answers within {DEADLINE:?}"
        ))),
    }
}

/// Compares what an instance answers with the expected version.
fn compare_answer(
    member: &str,
    answer: &Answer,
    site: &Site,
    expected: Version,
) -> Result<(), Failure> {
    let program = site.program(expected);
    if Version::of(answer) == Some(expected) && answer.program == program {
        return Ok(());
    }
    Err(different(format!(
        "{member} answers {answer:?}, expected version {} of {program:?}",
        expected.number()
    )))
}

/// Compares what `ls -l` shows at the place: a link to the second version, or the directory that really lies there.
fn compare_listing(
    viewer: &str,
    listing: &str,
    site: &Site,
    expected: Version,
) -> Result<(), Failure> {
    let (kind, end) = match expected {
        Version::One => ('d', " version".to_owned()),
        linked => ('l', format!(" version -> {}", site.path(linked.tree()))),
    };
    let shows = |line: &str| line.starts_with(kind) && line.ends_with(&end);
    if listing.lines().filter(|line| shows(line)).count() == 1 {
        return Ok(());
    }
    Err(different(format!(
        "`ls -l` shows {viewer}:\n{listing}expected a line {kind:?}...{end:?}"
    )))
}

fn different(message: String) -> Failure {
    Failure::new(Exit::Failed, message)
}
