//! What a process would reach if it were started again.
use crate::engine::Engine;
use crate::explain::answer::either;
use crate::explain::here;
use crate::explain::reached::{File, Refusal};
use crate::explain::view::View;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::within::Within;
use psl_table::store::Store;
use serde::Serialize;

/// The answer after a restart.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Restart {
    /// The process would start, and reach this.
    Reaches {
        /// It is another file, or another errno.
        changes: bool,
        generation: u64,
        #[serde(serialize_with = "either", flatten)]
        reached: Result<File, Refusal>,
    },
    /// The process would not start.
    Refused {
        /// Always, for a process that does not start reaches nothing.
        changes: bool,
        refused: String,
    },
}

impl Restart {
    /// Asks the current table what the process has asked its own.
    pub fn of(
        store: &Store,
        instance: &Instance,
        tree: &Within,
        path: &[u8],
        now: &Result<File, Refusal>,
    ) -> Result<Self, Failure> {
        let refused = |why: &dyn std::fmt::Display| Self::Refused {
            changes: true,
            refused: why.to_string(),
        };
        let table = match store.read() {
            Ok(table) => table,
            Err(error) => return Ok(refused(&error)),
        };
        // The mounts of an instance are what a restart would do away with.
        let host = here()?;
        let tree = match instance.engine() {
            Some(Engine::Mount) => &host,
            Some(Engine::Preload) | None => tree,
        };
        let view = match View::new(&table, instance.subject(&table), tree, instance.engine()) {
            Ok(view) => view,
            Err(Failure::Told { message, .. }) => return Ok(refused(&message)),
            Err(failure) => return Err(failure),
        };
        let (_, reached) = view.walk(path);
        let is_same = match (&reached, now) {
            (Ok(then), Ok(now)) => then.is(now),
            (Err(then), Err(now)) => then.errno == now.errno,
            _ => false,
        };
        Ok(Self::Reaches {
            changes: !is_same,
            generation: table.generation,
            reached,
        })
    }
}
