//! What all instances answer and see at one moment of a demo, and whether it is what it has to be.
use crate::demo::admin::Admin;
use crate::demo::board::Board;
use crate::demo::instance::Instance;
use crate::demo::site::Site;
use crate::demo::traffic::Traffic;
use crate::demo::version::Version;
use crate::exit::Exit;
use crate::failure::Failure;
use serde::Serialize;
use std::time::Duration;

/// How many answers of each instance a look waits for.
const ANSWERS: u64 = 30;

/// How long it waits for them.
const DEADLINE: Duration = Duration::from_secs(30);

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

impl Look {
    /// Waits for some more answers of every instance, has `ls` run for each, and compares with what has to be.
    pub fn take(
        moment: &'static str,
        generation: u64,
        instances: &[Instance],
        admin: &Admin,
    ) -> Result<Self, Failure> {
        await_answers(instances, &admin.board)?;
        let dir = admin.site.path("binaries");
        let mut look = Self {
            moment,
            generation,
            instances: Vec::new(),
            listing: admin.run_plain(&["ls", "-l", &dir])?,
        };
        compare_listing(BYSTANDER, &look.listing, &admin.site, Version::One)?;
        for instance in instances {
            let member = instance.member;
            let listing = admin.run(&["run", "--member", member, "--", "ls", "-l", &dir])?;
            let (expected, answer) = {
                let traffic = &admin.board.traffic()[instance.index];
                (traffic.expected, traffic.latest.clone())
            };
            let answer = answer.ok_or_else(|| different(format!("{member} has not answered")))?;
            compare_program(member, &answer.program, &admin.site.program(expected))?;
            compare_listing(member, &listing, &admin.site, expected)?;
            look.instances.push(Seen {
                member,
                release: answer.release,
                page: answer.page,
                program: answer.program,
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

/// Waits until every instance has answered some more times; fails when a request failed.
fn await_answers(instances: &[Instance], board: &Board) -> Result<(), Failure> {
    let goals: Vec<_> = board
        .traffic()
        .iter()
        .map(|traffic| traffic.answered() + ANSWERS)
        .collect();
    let arrived = |traffic: &[Traffic]| {
        traffic
            .iter()
            .zip(&goals)
            .all(|(traffic, goal)| traffic.answered() >= *goal)
    };
    let troubled = |traffic: &[Traffic]| traffic.iter().any(|traffic| traffic.trouble.is_some());
    let came = board.wait(DEADLINE, |traffic| arrived(traffic) || troubled(traffic))?;
    for instance in instances {
        instance.check(board)?;
    }
    match came {
        true => Ok(()),
        false => Err(different(format!(
            "the instances did not answer {ANSWERS} times within {DEADLINE:?}"
        ))),
    }
}

/// Compares the program that runs with the one of the expected version.
fn compare_program(member: &str, program: &str, expected: &str) -> Result<(), Failure> {
    if program == expected {
        return Ok(());
    }
    Err(different(format!(
        "{member} runs {program:?}, expected {expected:?}"
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
        Version::Two => (
            'l',
            format!(" version -> {}", site.path(Version::Two.tree())),
        ),
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
