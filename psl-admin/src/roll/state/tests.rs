//! What follows from what was written down.
use super::*;
use crate::members::trouble;
use crate::roll::finish::Form;
use crate::roll::finish::plan::Old;
use crate::roll::plan::{Options, Turn};

fn state(members: usize, max_unavailable: usize, canary: Option<usize>) -> State {
    let turns = (0..members).map(|member| Turn {
        member: member.to_string(),
        to: "/v2".to_owned(),
        before: None,
    });
    State::planned(Plan {
        format: FORMAT,
        roll: "2031-05-07.1".to_owned(),
        from: "/v".to_owned(),
        to: "/v2".to_owned(),
        members: turns.collect(),
        options: Options {
            max_unavailable,
            canary,
            min_healthy: 1,
            deadline: 2,
            on_failure: OnFailure::UndoMember,
            copy_from: None,
            private: false,
        },
        generation: 1,
        who: String::new(),
        host: String::new(),
        reason: None,
    })
}

fn begin(state: &mut State, member: usize, way: Way, step: Step) {
    let member = member.to_string();
    state.follow(&Event::Begun { member, way, step });
}

fn end(state: &mut State, member: usize, way: Way, step: Step) {
    let member = member.to_string();
    state.follow(&Event::Ended {
        member,
        way,
        step,
        generation: None,
        inode: None,
    });
}

fn upgrade(state: &mut State, member: usize) {
    for step in state.steps(member, Way::There) {
        begin(state, member, Way::There, step);
        end(state, member, Way::There, step);
    }
    let member = member.to_string();
    state.follow(&Event::Upgraded { member });
}

fn fail(state: &mut State, member: usize) {
    state.follow(&Event::Failed {
        member: member.to_string(),
        way: Way::There,
        step: None,
        state: trouble::State::Unhealthy,
        message: String::new(),
    });
}

#[test]
fn no_more_members_begin_than_may_be_down() {
    let state = state(3, 2, None);
    assert_eq!(state.next_there(&[]), Some(0));
    assert_eq!(state.next_there(&[0]), Some(1));
    assert_eq!(state.next_there(&[0, 1]), None);
    assert_eq!(state.next_there(&[1]), Some(0));
}

#[test]
fn no_more_members_begin_than_are_to_be_tried_first() {
    let mut state = state(4, 4, Some(2));
    assert_eq!(state.next_there(&[0]), Some(1));
    assert_eq!(state.next_there(&[0, 1]), None);
    upgrade(&mut state, 0);
    assert_eq!(state.next_there(&[1]), None);
    assert!(!state.must_hold());
    upgrade(&mut state, 1);
    assert!(state.must_hold());
    state.follow(&Event::Held);
    assert_eq!(state.next_there(&[]), None);
    state.follow(&Event::Resumed);
    assert_eq!(state.next_there(&[]), Some(2));
    assert!(!state.must_hold());
}

#[test]
fn whoever_goes_on_stops_again_what_may_be_the_old_instance_and_never_the_new_one() {
    use Step::{Check, Link, Start, Stop};
    let rows = [
        (Stop, false, vec![Stop, Link, Start, Check]),
        (Stop, true, vec![Stop, Link, Start, Check]),
        (Link, false, vec![Stop, Link, Start, Check]),
        (Link, true, vec![Stop, Link, Start, Check]),
        (Start, false, vec![Start, Check]),
        (Start, true, vec![Start, Check]),
        (Check, false, vec![Start, Check]),
    ];
    for (last, is_done, expected) in rows {
        let mut state = state(1, 1, None);
        for step in [Stop, Link, Start, Check] {
            begin(&mut state, 0, Way::There, step);
            if step == last && !is_done {
                break;
            }
            end(&mut state, 0, Way::There, step);
            if step == last {
                break;
            }
        }
        assert_eq!(state.steps(0, Way::There), expected, "{last:?} {is_done}");
    }
}

#[test]
fn a_member_whose_link_was_never_touched_is_only_started_on_its_way_back() {
    let mut state = state(1, 1, None);
    begin(&mut state, 0, Way::There, Step::Stop);
    assert_eq!(state.steps(0, Way::Back), [Step::Start, Step::Check]);
    begin(&mut state, 0, Way::There, Step::Link);
    let whole = [Step::Stop, Step::Link, Step::Start, Step::Check];
    assert_eq!(state.steps(0, Way::Back), whole);
}

#[test]
fn a_failure_lets_others_be_finished_and_none_begin() {
    let mut state = state(3, 2, None);
    begin(&mut state, 0, Way::There, Step::Stop);
    begin(&mut state, 1, Way::There, Step::Stop);
    fail(&mut state, 0);
    assert_eq!(state.phase, Phase::Failing);
    assert_eq!(state.next_there(&[]), Some(1));
    assert_eq!(state.next_there(&[1]), None);
    upgrade(&mut state, 1);
    assert_eq!(state.next_there(&[]), None);
    assert_eq!(state.next_back(&[]), Some(0));
    assert_eq!(state.next_back(&[0]), None);
}

#[test]
fn the_way_back_begins_with_what_is_half_done_and_goes_from_the_last_to_the_first() {
    let mut state = state(4, 1, None);
    (0..3).for_each(|member| upgrade(&mut state, member));
    state.plan.options.on_failure = OnFailure::UndoAll;
    begin(&mut state, 1, Way::There, Step::Stop);
    state.follow(&Event::Turned { on_failure: None });
    assert_eq!(state.next_back(&[]), Some(1));
    assert_eq!(state.next_back(&[1]), Some(2));
    assert_eq!(state.next_back(&[1, 2]), Some(0));
    assert_eq!(state.next_back(&[1, 2, 0]), None);
}

#[test]
fn a_member_that_failed_is_tried_again_from_its_stop_on() {
    let mut state = state(2, 1, None);
    for step in [Step::Stop, Step::Link, Step::Start] {
        begin(&mut state, 0, Way::There, step);
    }
    fail(&mut state, 0);
    state.follow(&Event::Halted);
    assert_eq!(state.next_there(&[]), None);
    state.follow(&Event::Resumed);
    assert_eq!(state.next_there(&[]), Some(0));
    assert_eq!(state.steps(0, Way::There).first(), Some(&Step::Stop));
}

#[test]
fn a_roll_that_is_being_finished_keeps_its_members_until_it_is_finished_or_complete_again() {
    let mut state = state(1, 1, None);
    upgrade(&mut state, 0);
    let complete = Event::Finished {
        outcome: Outcome::Complete,
    };
    state.follow(&complete);
    assert!(!state.is_live());
    let finish = Finish {
        form: Form::Link {
            to: "/v2".to_owned(),
        },
        place: "/v".to_owned(),
        old: Some(Old::Tree { inode: 1 }),
        kept: "/v.old-3".to_owned(),
        aside: "/.v.psl-finish".to_owned(),
    };
    let finishing = Event::Finishing {
        finish: Box::new(finish),
    };
    state.follow(&finishing);
    assert!(state.is_live());
    let done = |task, generation| Event::TaskEnded { task, generation };
    state.follow(&done(Task::Prepare, None));
    state.follow(&complete);
    assert!(!state.is_live() && state.finish.is_none());
    state.follow(&finishing);
    assert_eq!(state.tasks, []);
    for (task, generation) in Task::ALL.into_iter().zip([None, None, None, Some(7)]) {
        state.follow(&done(task, generation));
    }
    state.follow(&Event::Finished {
        outcome: Outcome::Settled,
    });
    assert!(!state.is_live() && state.finish.is_some());
    assert_eq!(state.settled, Some(7));
    assert!(state.collected.is_empty());
    state.follow(&Event::Collected {
        path: "/v.old-3".to_owned(),
    });
    assert_eq!(state.collected, ["/v.old-3"]);
}
