//! What `ps` prints of an instance or a process.
use crate::columns;
use crate::ps::judge::Verdict;
use crate::ps::survey::{Seen, Survey};
use crate::running::{Life, Registration};
use jiff::Timestamp;
use serde::Serialize;
use std::cmp::Ordering;

/// What is to be thought of an instance; the worst comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Another host's, which alone can tell.
    Remote,
    /// It has the links that a new launch would have.
    Current,
    /// It has PSL's variables, and nothing makes it see links.
    Uncovered,
    /// It has an older generation, whose links are others.
    Stale,
    /// It uses files of a version that its links do not lead to.
    Mixed,
}

/// A row.
#[derive(Debug, Serialize)]
pub struct Row {
    member: Option<String>,
    pid: u32,
    host: String,
    /// The path that it was executed by.
    program: String,
    /// None when it does not tell.
    generation: Option<u64>,
    /// None when nothing makes it see its links.
    engine: Option<String>,
    pub state: State,
    /// Why it is in that state, where there is something to say.
    why: Option<String>,
    /// When it was started, as RFC 3339 in UTC.
    started: Option<Timestamp>,
    /// How many processes it stands for.
    processes: usize,
    /// Its entry in the store, where nothing else is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    registration: Option<String>,
}

impl Row {
    /// Describes a process of this host.
    pub fn of(process: &Seen, (state, why): Verdict) -> Self {
        let pinned = &process.instance.pinned;
        let member = Some(pinned.member.clone()).filter(|member| !member.is_empty());
        Self {
            member,
            pid: process.pid().unsigned_abs(),
            host: own_host(),
            program: String::from_utf8_lossy(&process.instance.program).into_owned(),
            generation: process.silence.is_none().then_some(pinned.generation),
            engine: process.engine().map(|engine| engine.name().to_owned()),
            state,
            why,
            started: process.started,
            processes: 1,
            registration: None,
        }
    }

    /// Returns why it is in its state, and which process that is, unless that is the one which stands for all.
    pub fn told_of(&self, is_another: bool) -> Option<String> {
        let why = self.why.as_ref()?;
        Some(match is_another {
            true => format!("process {} ({:?}): {why}", self.pid, self.program),
            false => why.clone(),
        })
    }

    /// Lets it stand for an instance of so many processes, whose worst state is this.
    pub fn stand_for(&mut self, processes: usize, state: State, why: Option<String>) {
        self.processes = processes;
        self.state = state;
        self.why = why;
    }

    /// Puts rows in order: by member, then those of this host first, by age.
    pub fn in_order(&self, other: &Self) -> Ordering {
        let key = |row: &Self| {
            let is_remote = row.state == State::Remote;
            (
                row.member.clone(),
                is_remote,
                row.host.clone(),
                row.started,
                row.pid,
            )
        };
        key(self).cmp(&key(other))
    }

    fn cells(&self) -> [String; 8] {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        let others = match self.processes {
            0 | 1 => None,
            count => Some(format!("{count} processes")),
        };
        let host = (self.host != own_host()).then(|| format!("on {}", self.host));
        let note: Vec<_> = [host, others, self.why.clone()]
            .into_iter()
            .flatten()
            .collect();
        [
            or_none(self.member.clone()),
            self.pid.to_string(),
            self.program.clone(),
            or_none(self.generation.map(|generation| generation.to_string())),
            or_none(self.engine.clone()),
            format!("{:?}", self.state).to_uppercase(),
            or_none(self.started.map(age)),
            note.join("; "),
        ]
    }
}

/// Describes an instance of which nothing but its registration is known.
/// `unseen` judges one of another user.
pub fn of_registration(
    one: &Registration,
    survey: &Survey,
    unseen: impl FnOnce(&str, u64) -> State,
) -> Row {
    let (launched, process) = (&one.entry.launched, &one.entry.process);
    let (pid, state, why) = match one.life {
        Life::Alive(pid) if survey.unseen.contains(&pid) => {
            let state = unseen(&launched.member, launched.generation);
            (
                pid.unsigned_abs(),
                state,
                "by its registration: it belongs to another user",
            )
        }
        Life::Alive(pid) => {
            let why = "it was registered, and neither the shim nor mounts are there";
            (pid.unsigned_abs(), State::Uncovered, why)
        }
        Life::Dead | Life::Unknown => (
            process.pid,
            State::Remote,
            "by its registration: whether it still runs is not known here",
        ),
    };
    Row {
        member: Some(launched.member.clone()),
        pid,
        host: process.host.clone(),
        program: launched.program.clone(),
        generation: Some(launched.generation),
        engine: (state != State::Uncovered).then(|| launched.engine.clone()),
        state,
        why: Some(why.into()),
        started: Some(one.entry.started),
        processes: 1,
        registration: Some(one.file.to_string_lossy().into_owned()),
    }
}

/// Writes rows as a table.
pub fn table(rows: &[Row]) -> String {
    let header = [
        "MEMBER",
        "PID",
        "PROGRAM",
        "GENERATION",
        "ENGINE",
        "STATE",
        "AGE",
        "NOTE",
    ];
    columns::aligned(header, rows.iter().map(Row::cells))
}

fn own_host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// Writes how long ago a moment was, in the largest unit of which it is at least one.
fn age(moment: Timestamp) -> String {
    let seconds = Timestamp::now().duration_since(moment).as_secs().max(0);
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.iter().find(|(size, _)| seconds >= *size);
    unit.map_or_else(
        || format!("{seconds}s"),
        |(size, name)| format!("{}{name}", seconds / size),
    )
}
