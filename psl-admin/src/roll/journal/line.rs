//! One line of a journal, and its checksum.
use crate::roll::journal::event::Event;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What stands before the checksum.
const SUM: &str = ",\"sum\":\"";

/// What stands behind it.
const END: &str = "\"}\n";

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When it was written, by the clock of the host that wrote it.
    pub time: Timestamp,
    /// The token of the program that wrote it.
    pub token: u64,
    /// What it says.
    #[serde(flatten)]
    pub event: Event,
}

impl Line {
    /// Makes a line of this moment, to the millisecond.
    pub fn of_this_moment(token: u64, event: Event) -> Self {
        let now = Timestamp::now();
        Self {
            time: Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now),
            token,
            event,
        }
    }

    /// Writes it with its checksum.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string(self).expect("these values have string keys only");
        let body = text.strip_suffix('}').unwrap_or(&text);
        let sum = crc32fast::hash(body.as_bytes());
        format!("{body}{SUM}{sum:08x}{END}")
    }

    /// Reads it, newline included; otherwise says what is wrong with it.
    pub fn of_text(text: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(text).map_err(|_| "the line is not UTF-8")?;
        let (body, sum) = text
            .strip_suffix(END)
            .and_then(|text| text.rsplit_once(SUM))
            .ok_or("the line has no checksum")?;
        if format!("{:08x}", crc32fast::hash(body.as_bytes())) != sum {
            return Err("the checksum of the line is wrong".into());
        }
        serde_json::from_str(&format!("{body}}}"))
            .map_err(|error| format!("the line cannot be understood ({error})"))
    }
}
