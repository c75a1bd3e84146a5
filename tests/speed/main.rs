//! What the engines and their peers cost, against a bare process: paired, interleaved, in one run.
//!
//! `tests/speed/run` installs the peers, builds what is measured, and runs this.

use std::error::Error;
use std::path::PathBuf;

mod rows;

mod room;
mod trees;
mod way;

mod pairs;
mod worker;

mod alone;

mod report;

mod picture;

fn main() -> Result<(), Box<dyn Error>> {
    let asked = Asked::parse(std::env::args().skip(1))?;
    let room = room::Room::new()?;
    let mut report = report::Report::default();
    for row in rows::all(&room) {
        if !asked.wants(&row.what) {
            continue;
        }
        eprintln!("{} ...", row.what);
        report.add(pairs::measure(&room, row, asked.seconds)?);
    }
    if asked.only.is_none() {
        for figure in alone::all(&room)? {
            report.add_figure(figure);
        }
    }
    print!("{report}");
    if let Some(path) = asked.picture {
        std::fs::write(path, picture::drawn(&report))?;
    }
    Ok(())
}

/// What the command line asks for.
struct Asked {
    /// How long each row may take.
    seconds: f64,
    only: Option<String>,
    picture: Option<PathBuf>,
}

impl Asked {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut asked = Self {
            seconds: 18.0,
            only: None,
            picture: None,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let missing = || format!("\"{argument}\" expects a value");
                arguments.next().ok_or_else(missing)
            };
            match argument.as_str() {
                "--quick" => asked.seconds = 1.5,
                "--seconds" => {
                    let text = value()?;
                    let number = |_| format!("\"{text}\" is no number of seconds");
                    asked.seconds = text.parse().map_err(number)?;
                }
                "--only" => asked.only = Some(value()?),
                "--picture" => asked.picture = Some(value()?.into()),
                _ => {
                    return Err(format!(
                        "there is no \"{argument}\", expected --quick, --seconds N, --only TEXT or --picture FILE"
                    ));
                }
            }
        }
        Ok(asked)
    }

    fn wants(&self, what: &str) -> bool {
        self.only.as_ref().is_none_or(|text| what.contains(text))
    }
}
