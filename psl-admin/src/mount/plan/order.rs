//! The order of mounts: what is mounted below a target comes before the target is mounted elsewhere.
use super::{Put, Step};
use crate::failure::Failure;
use crate::mount::refused;
use std::path::Path;

/// How far the search has come with a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Unseen,
    Open,
    Done,
}

/// Sorts steps so that each comes after those whose places lie below its target; refuses circles.
///
/// A step that nobody could see, below a hidden place, is left out.
pub fn sort(mut steps: Vec<Step>) -> Result<Vec<Step>, Failure> {
    drop_unreachable(&mut steps);
    refuse_covered(&steps)?;
    let mut marks = vec![Mark::Unseen; steps.len()];
    let mut order = Vec::with_capacity(steps.len());
    for start in 0..steps.len() {
        // Each entry is a step and the steps that it still waits for.
        let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
        if marks[start] == Mark::Unseen {
            marks[start] = Mark::Open;
            open.push((start, below_target(&steps, start)));
        }
        while let Some((step, waits)) = open.last_mut() {
            match waits.pop() {
                None => {
                    marks[*step] = Mark::Done;
                    order.push(*step);
                    open.pop();
                }
                Some(next) if marks[next] == Mark::Open => return Err(circle(&steps, *step, next)),
                Some(next) if marks[next] == Mark::Unseen => {
                    marks[next] = Mark::Open;
                    open.push((next, below_target(&steps, next)));
                }
                Some(_) => {}
            }
        }
    }
    let mut steps: Vec<_> = steps.into_iter().map(Some).collect();
    let sorted = order.into_iter().filter_map(|step| steps[step].take());
    Ok(sorted.collect())
}

fn drop_unreachable(steps: &mut Vec<Step>) {
    let hidden = steps.iter().filter(|step| step.put == Put::Nothing);
    let hidden: Vec<_> = hidden.map(|step| step.place.clone()).collect();
    steps.retain(|step| !hidden.iter().any(|hidden| is_below(&step.place, hidden)));
}

/// A walk follows what it meets, so nothing that it reached lies at or below a place. Where a file system answers
/// differently from one moment to the next, that is not so, and a mount would be made of the wrong tree.
fn refuse_covered(steps: &[Step]) -> Result<(), Failure> {
    for step in steps {
        let Put::Target(target) = &step.put else {
            continue;
        };
        let place = &step.place;
        let covered = steps
            .iter()
            .find(|other| target.starts_with(&other.place) || is_below(place, &other.place));
        if let Some(other) = covered {
            return Err(refused(format!(
                "the link {place:?} to {target:?} lies behind {:?}, which was not there a moment ago, expected a tree that nobody changes; start it again",
                other.place
            )));
        }
    }
    Ok(())
}

fn below_target(steps: &[Step], step: usize) -> Vec<usize> {
    let Put::Target(target) = &steps[step].put else {
        return Vec::new();
    };
    let places = steps.iter().enumerate();
    let below = places.filter(|(_, other)| is_below(&other.place, target));
    below.map(|(index, _)| index).collect()
}

fn circle(steps: &[Step], one: usize, other: usize) -> Failure {
    let shown = |step: &Step| match &step.put {
        Put::Target(target) => format!("{:?} to {target:?}", step.place),
        Put::Nothing => format!("{:?}", step.place),
    };
    let (first, second) = (shown(&steps[one]), shown(&steps[other]));
    let message = if one == other {
        format!("the link {first} lies in its own target: mounts cannot be nested without end")
    } else {
        format!(
            "the links {first} and {second} lie, by way of each other, in their own targets: mounts cannot be nested without end"
        )
    };
    refused(message).with_help("start with `--engine preload`")
}

fn is_below(path: &Path, directory: &Path) -> bool {
    path != directory && path.starts_with(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(place: &str, target: &str) -> Step {
        Step {
            place: place.into(),
            is_directory: true,
            put: match target {
                "" => Put::Nothing,
                _ => Put::Target(target.into()),
            },
        }
    }

    fn sorted(rows: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let steps = rows.iter().map(|(place, target)| step(place, target));
        match sort(steps.collect()) {
            Ok(steps) => Ok(steps
                .iter()
                .map(|step| step.place.display().to_string())
                .collect()),
            Err(Failure::Told { message, .. }) => Err(message),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_below_a_target_comes_first() {
        for (rows, order) in [
            (&[("/a", "/t"), ("/t/x", "/u")][..], &["/t/x", "/a"][..]),
            (&[("/t/x", "/u"), ("/a", "/t")], &["/t/x", "/a"]),
            (
                &[("/a", "/t"), ("/b", "/t"), ("/t/h", "")],
                &["/t/h", "/a", "/b"],
            ),
            (
                &[("/a", "/t"), ("/t/x", "/u"), ("/u/y", "/v")],
                &["/u/y", "/t/x", "/a"],
            ),
            // A neighbour's name is no directory above.
            (&[("/a", "/t"), ("/t1/x", "/u")], &["/a", "/t1/x"]),
            (&[("/h", ""), ("/h/x", "/u"), ("/h/y", "")], &["/h"]),
            (&[], &[]),
        ] {
            assert_eq!(sorted(rows).expect("it can be sorted"), order, "{rows:?}");
        }
    }

    #[test]
    fn circles_are_refused_by_name() {
        for (rows, why) in [
            (
                &[("/t/x", "/t")][..],
                "the link \"/t/x\" to \"/t\" lies in its own target",
            ),
            (
                &[("/x/a", "/y"), ("/y/b", "/x")],
                "the links \"/y/b\" to \"/x\" and \"/x/a\" to \"/y\" lie, by way of each other, in their own targets",
            ),
        ] {
            let message = sorted(rows).expect_err("it is a circle");
            assert!(message.starts_with(why), "{message}");
        }
    }

    #[test]
    fn a_target_behind_a_place_is_refused() {
        for rows in [
            &[("/a", "/b/t"), ("/b", "/c")][..],
            &[("/a", "/b"), ("/b", "/c")],
            &[("/a/x", "/c"), ("/a", "/d")],
        ] {
            let message = sorted(rows).expect_err("it is behind a place");
            assert!(message.contains("was not there a moment ago"), "{message}");
        }
    }
}
