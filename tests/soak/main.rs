//! A store under everything at once, for minutes: starts, commits, live links, rolls, gc, and kills at random.
//!
//! Whatever sees a table checks what it sees. At the end nothing may have leaked, and nothing may have been wrong.

mod commits;
mod counts;
mod gc;
mod kills;
mod leaks;
mod readers;
mod rolls;
mod serve;
mod site;
mod starts;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use counts::Counts;
use psl_tests::{host, shim};
use readers::Readers;
use site::Site;

/// How many of each kind work at once.
const STARTERS: usize = 3;

const USAGE: &str = "expected: soak MINUTES";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["read", live, fixed] => serve::read(live.as_ref(), fixed.as_ref()),
        ["serve", file, state] => serve::serve(file.as_ref(), state.as_ref()),
        [minutes] => match minutes.parse::<f64>() {
            Ok(minutes) if minutes > 0.0 && minutes < 10_000.0 => soak(minutes),
            _ => refuse(minutes),
        },
        _ => refuse(&arguments.join(" ")),
    }
}

fn refuse(found: &str) -> ExitCode {
    eprintln!("soak: {USAGE}, found {found:?}");
    ExitCode::from(2)
}

fn soak(minutes: f64) -> ExitCode {
    // They are built first, which takes longer than anything else.
    println!("{:?} and {:?}", host::admin(), shim::library());
    let begun = Instant::now();
    let counts = Counts::default();
    let site = Site::new(begun + Duration::from_secs_f64(minutes * 60.0));
    let readers = Readers::start(&site);
    let before = readers.usage();
    std::thread::scope(|scope| {
        let (site, counts, readers) = (&site, &counts, &readers);
        for _ in 0..STARTERS {
            scope.spawn(|| starts::start_on(site, counts));
        }
        for number in 0..site::ADMINISTRATORS {
            scope.spawn(move || commits::commit_on(site, counts, number));
        }
        scope.spawn(|| readers.follow_on(site, counts));
        scope.spawn(|| rolls::roll_on(site, counts));
        scope.spawn(|| gc::collect_on(site, counts));
    });
    let usage = readers.usage();
    let reads = readers.end(&counts);
    counts.reads.add(reads);
    leaks::check(&site, &counts, &before, &usage);
    print!("{counts}");
    println!("{:.1} minutes", begun.elapsed().as_secs_f64() / 60.0);
    match counts.wrong().as_slice() {
        [] => ExitCode::SUCCESS,
        wrong => {
            for one in wrong {
                eprintln!("soak: wrong: {one}");
            }
            ExitCode::FAILURE
        }
    }
}
