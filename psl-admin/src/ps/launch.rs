//! Processes as instances: those that one launch has started.
use crate::ps::survey::{Seen, Survey};
use std::collections::{BTreeMap, HashMap};

/// An instance, by the positions of its processes in the survey.
#[derive(Debug, PartialEq, Eq)]
pub struct Launch {
    /// The first process leads; it is no other one's child.
    processes: Vec<usize>,
}

impl Launch {
    /// Returns the process that stands for it.
    pub fn first<'s>(&self, survey: &'s Survey) -> &'s Seen {
        &survey.seen[self.processes[0]]
    }

    /// Returns all of its processes, the first one first.
    pub fn processes<'s>(&self, survey: &'s Survey) -> impl Iterator<Item = &'s Seen> {
        self.processes.iter().map(|&at| &survey.seen[at])
    }
}

/// Puts each process to that which has started it, if it is of the same member and generation.
///
/// `first` has the processes that are the first ones of a launch, whatever has started them, and their members. What has
/// lost its parent is an instance of its own.
pub fn group(seen: &[Seen], first: &HashMap<i32, &str>) -> Vec<Launch> {
    let by_pid: HashMap<_, _> = seen
        .iter()
        .enumerate()
        .map(|(at, seen)| (seen.pid(), at))
        .collect();
    let parent = |at: usize| {
        let own = &seen[at];
        let of = |seen: &Seen| {
            (
                seen.instance.pinned.generation,
                seen.instance.pinned.member.clone(),
            )
        };
        if first.get(&own.pid()) == Some(&own.instance.pinned.member.as_str()) {
            return None;
        }
        let above = *by_pid.get(&own.parent)?;
        let is_older = seen[above].start <= own.start;
        (is_older && of(&seen[above]) == of(own)).then_some(above)
    };
    let parents: Vec<_> = (0..seen.len()).map(parent).collect();
    let mut launches: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..seen.len() {
        let mut top = at;
        // A number that was given again could close a circle.
        for _ in 0..seen.len() {
            match parents[top] {
                Some(above) => top = above,
                None => break,
            }
        }
        launches.entry(top).or_default().push(at);
    }
    let lead = |(top, mut processes): (usize, Vec<usize>)| {
        processes.sort_by_key(|&at| (at != top, at));
        Launch { processes }
    };
    launches.into_iter().map(lead).collect()
}
