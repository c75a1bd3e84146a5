//! What a line of the journal says.
use crate::members::trouble::State;
use crate::roll::finish::{Finish, Task};
use crate::roll::plan::{OnFailure, Plan};
use serde::{Deserialize, Serialize};

/// One step for one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// A copy of the tree is made for the member alone.
    Copy,
    /// The member is stopped.
    Stop,
    /// Its link is set, or set back.
    Link,
    /// The member is started.
    Start,
    /// Its health is awaited.
    Check,
}

/// Which way a member goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// To the target.
    There,
    /// To what it had before.
    Back,
}

/// How a roll ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every member has the target.
    Complete,
    /// No member has the target any more.
    Undone,
    /// Everybody has the target, without any link of the roll.
    Settled,
}

/// What happened, or is about to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are the event's words")]
pub enum Event {
    /// The roll was planned.
    Planned { plan: Box<Plan> },
    /// Another program drives it from here on.
    Taken { who: String, host: String, pid: u32 },
    /// It goes on after a halt, a hold or a pause.
    Resumed,
    /// A step is about to be taken.
    Begun {
        member: String,
        way: Way,
        step: Step,
    },
    /// The step is done; a link has its generation, a copy the inode number of its directory.
    Ended {
        member: String,
        way: Way,
        step: Step,
        #[serde(skip_serializing_if = "Option::is_none")]
        generation: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inode: Option<u64>,
    },
    /// The member is healthy from here on.
    Healthy { member: String },
    /// It is not.
    Unhealthy { member: String, why: String },
    /// Its link is not the one that the roll has made: it stays as somebody else has made it.
    LeftAlone { member: String, why: String },
    /// The member has its new version.
    Upgraded { member: String },
    /// The member has its old version again.
    Undone { member: String },
    /// Something went wrong with the member.
    Failed {
        member: String,
        way: Way,
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<Step>,
        state: State,
        message: String,
    },
    /// All members go back from here on; because of a failure, if one is named.
    Turned {
        #[serde(skip_serializing_if = "Option::is_none")]
        on_failure: Option<OnFailure>,
    },
    /// The first members are done, and it waits for `resume`.
    Held,
    /// It was asked to pause, and waits for `resume`.
    Paused,
    /// It was interrupted between two steps.
    Interrupted { why: String },
    /// It has stopped after a failure; what could be done about that is done.
    Halted,
    /// Its place is to become the new version for everybody.
    Finishing { finish: Box<Finish> },
    /// A task of that is about to be taken.
    TaskBegun { task: Task },
    /// The task is done; the last one has its generation.
    TaskEnded {
        task: Task,
        #[serde(skip_serializing_if = "Option::is_none")]
        generation: Option<u64>,
    },
    /// It has ended.
    Finished { outcome: Outcome },
    /// A tree that it has left has no name any more, and is being removed.
    Collected { path: String },
}

impl Event {
    /// Returns the member that it is about, if it is about one.
    pub fn member(&self) -> Option<&str> {
        match self {
            Event::Begun { member, .. }
            | Event::Ended { member, .. }
            | Event::Healthy { member }
            | Event::Unhealthy { member, .. }
            | Event::LeftAlone { member, .. }
            | Event::Upgraded { member }
            | Event::Undone { member }
            | Event::Failed { member, .. } => Some(member),
            _ => None,
        }
    }
}
