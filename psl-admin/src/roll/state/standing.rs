//! Where one member of a roll is.
use crate::members::trouble;
use crate::roll::journal::event::{Event, Step, Way};

/// Which version a member has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The one that it had.
    #[default]
    Old,
    /// It is on its way.
    Between,
    /// The target.
    New,
}

/// Where a member is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Which version it has.
    pub side: Side,
    /// Which way it goes, or went last.
    pub way: Option<Way>,
    /// The step that was begun last on this way, and whether it is done.
    pub step: Option<(Step, bool)>,
    /// Whether its copy was made.
    pub is_copied: bool,
    /// The inode number of the copy's directory.
    pub copy: Option<u64>,
    /// Whether its link may have been set, and was not set back.
    pub is_linked: bool,
    /// Whether its link was not set back, because somebody else has changed it.
    pub is_left_alone: bool,
    /// Whether its start was begun on this way.
    pub has_begun_start: bool,
    /// The generation with its link, or without it.
    pub generation: Option<u64>,
    /// What went wrong last, if it was not put right.
    pub failed: Option<(trouble::State, String)>,
}

impl Standing {
    /// Follows one line about the member.
    pub fn follow(&mut self, event: &Event) {
        match event {
            Event::Begun { way, step, .. } => self.begin(*way, *step),
            Event::Ended {
                way,
                step,
                generation,
                inode,
                ..
            } => {
                self.step = Some((*step, true));
                self.generation = generation.or(self.generation);
                self.is_copied |= *step == Step::Copy;
                self.copy = inode.or(self.copy);
                if (*way, *step) == (Way::Back, Step::Link) {
                    self.is_linked = false;
                }
            }
            Event::LeftAlone { why, .. } => {
                self.failed = Some((trouble::State::LinkRefused, why.clone()));
                self.is_left_alone = true;
                self.is_linked = false;
            }
            Event::Failed { state, message, .. } => {
                self.failed = Some((*state, message.clone()));
                // Whoever tries again starts it again.
                self.has_begun_start = false;
                if self.side == Side::New {
                    self.side = Side::Between;
                }
            }
            Event::Upgraded { .. } => {
                self.side = Side::New;
                self.failed = None;
            }
            Event::Undone { .. } => self.side = Side::Old,
            _ => {}
        }
    }

    fn begin(&mut self, way: Way, step: Step) {
        if self.way != Some(way) || step == Step::Stop {
            self.has_begun_start = false;
        }
        if way == Way::There {
            self.failed = None;
        }
        self.way = Some(way);
        self.step = Some((step, false));
        // A copy that nobody uses yet changes nothing for the member.
        if step != Step::Copy {
            self.side = Side::Between;
        }
        self.has_begun_start |= step == Step::Start;
        self.is_linked |= (way, step) == (Way::There, Step::Link);
    }
}
