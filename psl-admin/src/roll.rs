//! A roll: the upgrade of members one after the other, written down before it is done.
//!
//! In the order of the flow: what is planned and whether it can go well, who may drive it, what was written down, what
//! follows from that, and the steps themselves.
pub mod plan;
pub mod preflight;

pub mod directory;
pub mod driven;
pub mod fence;
pub mod journal;
pub mod request;

pub mod outcome;
pub mod state;

pub mod copy;
pub mod drive;
pub mod finish;
pub mod link;
pub mod signals;

pub mod watch;
