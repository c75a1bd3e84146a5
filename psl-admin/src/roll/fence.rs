//! Who drives a roll: one program at a time, and a token that is greater for each one that takes over.
//!
//! Whoever drives holds a lock and writes a beat every second. The lock says at once that a program of this host is
//! gone. The beat says it of other hosts, and of a program that has stopped without ending: such a program finds a
//! greater token when it goes on, and does nothing more.
pub mod beat;
mod owner;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::members::detached::process::Identity;
use crate::roll::directory::{Rolls, failed};
use beat::Beat;
use psl_table::history::Author;
use psl_table::store::Trust;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use owner::Owner;

/// How long another program may hold the store's lock.
pub const LOCK_WAIT: Duration = Duration::from_secs(10);

/// The right to drive a roll, until somebody takes it over.
#[derive(Debug)]
pub struct Fence {
    /// The file that says which token is the current one.
    pub owner: PathBuf,
    /// This program's token.
    pub token: u64,
    held: Owner,
    trust: Trust,
    _beat: Beat,
}

/// Why a program must not go on.
#[derive(Debug)]
pub enum Refusal {
    /// Somebody else drives the roll.
    Overtaken(Failure),
    /// The store cannot be asked.
    Away(Failure),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Overtaken(failure) | Refusal::Away(failure) => failure,
        }
    }
}

/// Refuses unless this token is the current one.
pub fn require(owner: &Path, token: u64, trust: Trust) -> Result<(), Refusal> {
    let found = match Owner::read(owner, trust) {
        Ok(found) => found,
        Err(error) => return Err(Refusal::Away(failed("read", owner, &error))),
    };
    match found {
        Some(found) if found.token == token => Ok(()),
        Some(found) => {
            let message = format!("the roll was taken over by {found}; nothing more is done here");
            Err(Refusal::Overtaken(Failure::new(Exit::Conflict, message)))
        }
        None => {
            let message = format!("{owner:?} is gone, expected it to name token {token}");
            Err(Refusal::Away(Failure::new(Exit::Storage, message)))
        }
    }
}

impl Fence {
    /// Begins to drive a roll that has just been made; only under the store's lock.
    pub fn first(rolls: &Rolls<'_>, id: &str, who: &str) -> Result<Self, Failure> {
        Self::begin(rolls, id, who, 1, None)
    }

    /// Takes over from whoever drove the roll, and does `act` with the token before anybody else can.
    ///
    /// Refused when somebody drives it. That takes a few seconds to find out where locks say nothing.
    pub fn take_over<T>(
        rolls: &Rolls<'_>,
        id: &str,
        by: &Author,
        act: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<(Self, T), Failure> {
        let file = rolls.owner(id);
        let trust = rolls.store.trust();
        let read = || Owner::read(&file, trust).map_err(|error| failed("read", &file, &error));
        let last = read()?;
        let lock = beat::lock(&rolls.beat(id), rolls.store.trust())?;
        if let Some(last) = &last {
            let has_ended = last.released || (last.is_here() && lock.is_some());
            if !has_ended && beat::is_moving(&rolls.beat(id), last.token, trust)? {
                let message = format!("roll {id:?} is being driven by {last}");
                return Err(Failure::new(Exit::Conflict, message).with_help(format!(
                    "`psl-admin upgrade pause {id}` stops it before the next member"
                )));
            }
        }
        let taken = rolls.store.exclusively(by, LOCK_WAIT, || {
            if read()?.map(|owner| owner.token) != last.as_ref().map(|owner| owner.token) {
                let message = format!("roll {id:?} was taken over by another program meanwhile");
                return Err(Failure::new(Exit::Conflict, message));
            }
            let done = act()?;
            let token = last.as_ref().map_or(0, |owner| owner.token) + 1;
            let fence = Self::begin(rolls, id, &by.who, token, lock)?;
            let request = rolls.request(id);
            match fs::remove_file(&request) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(failed("remove", &request, &error))
                }
                _ => Ok((fence, done)),
            }
        });
        taken?
    }

    fn begin(
        rolls: &Rolls<'_>,
        id: &str,
        who: &str,
        token: u64,
        lock: Option<File>,
    ) -> Result<Self, Failure> {
        let held = Owner {
            token,
            who: who.to_owned(),
            process: Identity::own().ok_or_else(|| {
                Failure::new(Exit::Refused, "cannot look at this process in /proc")
            })?,
            released: false,
        };
        let owner = rolls.owner(id);
        held.write(&owner)
            .map_err(|error| failed("write", &owner, &error))?;
        let lock = match lock {
            Some(lock) => Some(lock),
            None => beat::lock(&rolls.beat(id), rolls.store.trust())?,
        };
        Ok(Self {
            owner,
            token,
            held,
            trust: rolls.store.trust(),
            _beat: Beat::start(rolls.beat(id), token, lock, rolls.store.trust())?,
        })
    }

    /// Refuses when somebody else has taken over.
    pub fn require(&self) -> Result<(), Refusal> {
        require(&self.owner, self.token, self.trust)
    }

    /// Says that nobody drives the roll any more, so that the next one need not wait.
    pub fn release(self, rolls: &Rolls<'_>, by: &Author) {
        let mut held = self.held.clone();
        held.released = true;
        // Whoever comes next waits a little longer when this fails.
        let _ = rolls.store.exclusively(by, LOCK_WAIT, || {
            if self.require().is_ok() {
                let _ = held.write(&self.owner);
            }
        });
    }
}
