//! `rolls/<id>.request`: what another program asks of whoever drives a roll.
use crate::failure::Failure;
use crate::roll::directory::{Rolls, failed};
use crate::store_file;
use serde::{Deserialize, Serialize};
use std::fs;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// To begin with no other member.
    Pause,
    /// To let go of the roll as soon as possible: somebody wants to undo it.
    LetGo,
}

impl Request {
    /// Asks.
    pub fn put(self, rolls: &Rolls<'_>, id: &str) -> Result<(), Failure> {
        let file = rolls.request(id);
        let text = serde_json::to_string(&self).expect("a word is JSON");
        store_file::write(&file, &text).map_err(|error| failed("write", &file, &error))
    }

    /// Returns what is being asked. A store that is away asks nothing.
    pub fn get(rolls: &Rolls<'_>, id: &str) -> Option<Self> {
        let text = store_file::read(&rolls.request(id), rolls.store.trust());
        serde_json::from_str(&text.ok()?).ok()
    }

    /// Takes back what was asked.
    pub fn clear(rolls: &Rolls<'_>, id: &str) {
        // Whoever takes the roll over clears it as well.
        let _ = fs::remove_file(rolls.request(id));
    }
}
