//! Paired times: in each round every way has its turn, and is compared with its base in the same round.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use crate::room::Room;
use crate::rows::{Call, Goal, Row};
use crate::way::Way;
use crate::worker::Worker;

/// How long a turn takes, in nanoseconds: long against waking up, and short against what a scheduler gives to others.
const TURN: f64 = 2e6;

/// Programs that take longer than this are slow.
const PATIENCE: f64 = 20e6;

/// As often as this the slow have no turn: they are not what is in question.
const SLOW: usize = 8;

/// A row with what was measured, by way.
pub struct Measured {
    /// The row.
    pub row: Row,
    /// How long a call takes to a bare process, in nanoseconds: the median.
    pub bare: f64,
    /// The medians of ratios to a bare process.
    pub ratios: BTreeMap<Way, f64>,
    /// What the goal is about.
    pub reached: f64,
    /// How many rounds there were.
    pub rounds: usize,
}

/// Measures a row for about so long.
pub fn measure(room: &Room, row: Row, seconds: f64) -> io::Result<Measured> {
    let mut turns = Vec::new();
    for call in &row.calls {
        match Turn::start(room, call) {
            Ok(turn) => turns.push(turn),
            Err(_) if call.way.may_be_missing() => {
                eprintln!("  {} is left out: it does not start", call.way.name());
            }
            Err(error) => return Err(error),
        }
    }
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let mut rounds = 0;
    while rounds < 5 || Instant::now() < end {
        let count = turns.len();
        for at in 0..count {
            // Nobody always comes after the same one.
            let turn = &mut turns[(at + rounds) % count];
            let is_due = !turn.is_slow || rounds.is_multiple_of(SLOW);
            let time = is_due.then(|| turn.worker.time(turn.calls)).transpose()?;
            turn.times.push(time);
        }
        rounds += 1;
    }
    let times = |way| turns.iter().find(|turn| turn.way == way);
    let compared = |way, base, with: fn(f64, f64) -> f64| {
        let (one, other) = (times(way)?, times(base)?);
        let pairs = one.times.iter().zip(&other.times);
        let both = pairs.filter_map(|(one, other)| Some(with((*one)?, (*other)?)));
        median(both.collect())
    };
    let ratios = Way::ALL.into_iter();
    let ratios = ratios.filter_map(|way| Some((way, compared(way, Way::Bare, |a, b| a / b)?)));
    let reached = match row.goal {
        Goal::Ratio { way, base, .. } => compared(way, base, |a, b| a / b),
        Goal::Over { .. } => compared(Way::Preload, Way::Bare, |a, b| a - b),
    };
    Ok(Measured {
        bare: compared(Way::Bare, Way::Bare, |a, _| a).unwrap_or(f64::NAN),
        ratios: ratios.collect(),
        reached: reached.unwrap_or(f64::NAN),
        rounds,
        row,
    })
}

/// One way's worker with its times.
struct Turn {
    way: Way,
    worker: Worker,
    /// How many calls are a turn.
    calls: u64,
    is_slow: bool,
    times: Vec<Option<f64>>,
}

impl Turn {
    fn start(room: &Room, call: &Call) -> io::Result<Self> {
        let way = call.way;
        let mut worker = Worker::start(room, call.started, &call.call)?;
        worker.time(1)?;
        let first = worker.time(1)?;
        // The second guess is of calls enough to be one.
        let guess = worker.time(calls_in(TURN / 10.0, first))?;
        Ok(Self {
            way,
            worker,
            calls: calls_in(TURN, guess),
            is_slow: guess > PATIENCE && way.may_be_missing(),
            times: Vec::new(),
        })
    }
}

fn calls_in(turn: f64, each: f64) -> u64 {
    (turn / each).clamp(1.0, 1e6) as u64
}

/// Returns the middle one.
pub fn median(mut of: Vec<f64>) -> Option<f64> {
    of.sort_by(f64::total_cmp);
    let middle = of.len() / 2;
    match of.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(of[middle]),
        _ => Some((of[middle - 1] + of[middle]) / 2.0),
    }
}
