//! A plan as `--dry-run` prints it: every step, the way back, and how long it can take at most.
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::members::bounded::KILLED;
use crate::roll::fence::LOCK_WAIT;
use crate::roll::plan::{OnFailure, Plan, Turn};
use psl_table::members::{Health, Members, Plan as Listed, Start};
use std::fmt::Write as _;
use std::time::Duration;

/// Prints it.
pub fn show(context: &Context, plan: &Plan, members: &Members) -> Result<Exit, Failure> {
    let most = most(plan, members);
    if context.console.json {
        let [there, back] = most.map(|time| time.as_secs());
        let json = serde_json::json!({
            "plan": plan,
            "at_most": {"there": there, "back": back},
        });
        context.console.print_json(&json)?;
    } else {
        context.console.print(text(plan, members, most))?;
    }
    Ok(Exit::Done)
}

fn text(plan: &Plan, members: &Members, [there, back]: [Duration; 2]) -> String {
    let options = &plan.options;
    let mut text = format!(
        "{} members, at most {} down at once; generation {} is current\n",
        plan.members.len(),
        options.max_unavailable,
        plan.generation
    );
    let mut say = |line: String| writeln!(text, "{line}").expect("writing to a string succeeds");
    for (index, turn) in plan.members.iter().enumerate() {
        say(format!("{}. {}", index + 1, turn.member));
        let listed = &members.0[&turn.member];
        for (step, what) in steps(plan, turn, listed) {
            say(format!("   {step:<6} {what}"));
        }
        if options.canary == Some(index + 1) && index + 1 < plan.members.len() {
            say("-- holds until `psl-admin upgrade resume`".to_owned());
        }
    }
    say("the way back of a member: stop, its link as follows, start, healthy once".to_owned());
    for turn in &plan.members {
        say(format!("   {:<6} {}", "link", way_back(plan, turn)));
    }
    say(match options.on_failure {
        OnFailure::UndoMember => "a member that fails goes back, and the roll halts".to_owned(),
        OnFailure::UndoAll => "when a member fails, all members go back".to_owned(),
        OnFailure::Stop => "a member that fails is left as it is, and the roll halts".to_owned(),
    });
    say(format!(
        "at most {} there, and {} back, while the store answers",
        told(there),
        told(back)
    ));
    text
}

fn steps(plan: &Plan, turn: &Turn, listed: &Listed) -> Vec<(&'static str, String)> {
    let options = &plan.options;
    let (stop, start) = match &listed.start {
        Start::Command {
            command,
            stop_signal,
        } => (
            format!(
                "{}, then KILL",
                signal_hook::low_level::signal_name(stop_signal.as_raw()).unwrap_or("a signal")
            ),
            shell_words::join(command.argv()),
        ),
        Start::Unit(unit) => (
            format!("systemctl stop {unit}"),
            format!("systemctl start {unit}"),
        ),
        Start::Commands { start, stop } => (
            shell_words::join(stop.argv()),
            shell_words::join(start.argv()),
        ),
    };
    let mut steps = Vec::new();
    if let Some(tree) = &options.copy_from {
        steps.push(("copy", format!("{tree} to {}", turn.to)));
    }
    steps.extend([
        (
            "stop",
            format!("{stop}, within {}", told(listed.stop_deadline)),
        ),
        ("link", format!("{} -> {}", plan.from, turn.to)),
        ("start", start),
        (
            "check",
            format!(
                "{}, for {} without a break, within {} from the start on",
                listed.health.as_ref().map_or_else(String::new, checked),
                told(options.min_healthy()),
                told(options.deadline())
            ),
        ),
    ]);
    steps
}

fn checked(health: &Health) -> String {
    match health {
        Health::Http { url, .. } => url.clone(),
        Health::Tcp(address) => format!("connect to {address}"),
        Health::Exec(command) => shell_words::join(command.argv()),
    }
}

fn way_back(plan: &Plan, turn: &Turn) -> String {
    let (member, from) = (&turn.member, &plan.from);
    match &turn.before {
        Some(link) => format!("{member}: {from} -> {} again", link.to),
        None => format!("{member}: {from} without a link of its own"),
    }
}

/// Returns how long all members can take at most, there and back. Copies take as long as they take.
fn most(plan: &Plan, members: &Members) -> [Duration; 2] {
    let deadline = plan.options.deadline();
    let one = |turn: &Turn| {
        let stop = members.0[&turn.member].stop_deadline;
        // Whoever holds the member is waited for as well, and what was killed, and the store's lock.
        stop + LOCK_WAIT + KILLED + LOCK_WAIT + deadline
    };
    let one_by_one: Vec<_> = plan.members.iter().map(one).collect();
    let at_once = one_by_one.chunks(plan.options.max_unavailable);
    let there = at_once.filter_map(|members| members.iter().max()).sum();
    [there, one_by_one.iter().sum()]
}

fn told(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
