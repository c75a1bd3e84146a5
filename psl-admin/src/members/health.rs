//! Whether a member is healthy.
mod exec;
mod http;
mod tcp;

use crate::members::bounded::Until;
use psl_table::members::Health;
use std::time::Duration;

/// How long one probe may take.
pub const PROBE: Duration = Duration::from_secs(5);

/// The shortest pause between two probes.
pub const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause between two probes.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Asks once; otherwise says what was found, and what was expected.
pub fn probe(health: &Health, until: &Until<'_>) -> Result<(), String> {
    let until = until.at_most(PROBE);
    match health {
        Health::Http {
            url, status, body, ..
        } => http::probe(url, *status, body.as_deref(), until.left()),
        Health::Tcp(address) => tcp::probe(address, until.left()),
        Health::Exec(command) => exec::probe(command, &until),
    }
}
