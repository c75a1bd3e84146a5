//! Whether an instance is sent requests, and for how long it was not.
use std::time::{Duration, Instant};

/// The place of one instance behind the balancer.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its port.
    pub port: u16,
    /// Whether it is sent requests: it said at the last time that it is healthy.
    pub serves: bool,
    /// How many requests it was sent.
    pub requests: u64,
    /// How often it has left.
    pub left: u64,
    away: Duration,
    since: Option<Instant>,
}

impl Standing {
    /// Begins with an instance that has not served yet.
    pub fn new(port: u16) -> Self {
        Self {
            port,
            serves: false,
            requests: 0,
            left: 0,
            away: Duration::ZERO,
            since: None,
        }
    }

    /// Has it serve, or not, from this moment on.
    pub fn set(&mut self, serves: bool, at: Instant) {
        if self.serves == serves {
            return;
        }
        self.serves = serves;
        match serves {
            true => self.away += self.since.take().map_or(Duration::ZERO, |since| at - since),
            false => {
                self.left += 1;
                self.since = Some(at);
            }
        }
    }

    /// Returns how long it has not served since it served first.
    pub fn away(&self, at: Instant) -> Duration {
        self.away + self.since.map_or(Duration::ZERO, |since| at - since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_after_the_first_service_counts_as_away() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut standing = Standing::new(1);
        let moments = [
            (2, false, 0, 0),
            (5, true, 0, 0),
            (6, true, 0, 0),
            (7, false, 1, 0),
            (9, false, 1, 2),
            (10, true, 1, 3),
            (20, false, 2, 3),
            (24, true, 2, 7),
        ];
        for (moment, serves, left, away) in moments {
            standing.set(serves, at(moment));
            let found = (standing.left, standing.away(at(moment)).as_secs());
            assert_eq!(found, (left, away), "at {moment}");
        }
        assert_eq!(standing.away(at(30)).as_secs(), 7);
    }
}
