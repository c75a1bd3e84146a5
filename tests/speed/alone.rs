//! Figures that are no ratio of times: memory, and a commit to a large table.

use std::fs;
use std::io::{self, Error};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::pairs::median;
use crate::room::{ADMIN, Room, Store};
use crate::way::Way;

/// A figure with its goal.
pub struct Figure {
    /// What it is about.
    pub what: String,
    /// The goal, in words.
    pub goal: String,
    /// What was measured, in words.
    pub figure: String,
    /// Whether that is what was wanted.
    pub is_reached: bool,
}

/// Takes all of them.
pub fn all(room: &Room) -> io::Result<Vec<Figure>> {
    Ok(vec![memory(room)?, add(room)?])
}

/// The private dirty pages of a process, and how many of them it has without the library.
fn memory(room: &Room) -> io::Result<Figure> {
    let dirty = |way: Way| -> io::Result<f64> {
        let mut command = way.command(room, Path::new("/bin/cat"));
        let output = command.arg("/proc/self/smaps_rollup").output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text
            .lines()
            .find_map(|it| it.strip_prefix("Private_Dirty:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        number.ok_or_else(|| Error::other(format!("\"{text}\" tells no dirty pages")))
    };
    let several = |way| -> io::Result<f64> {
        let taken = (0..9).map(|_| dirty(way)).collect::<io::Result<_>>()?;
        Ok(median(taken).expect("there are some"))
    };
    let (bare, empty) = (several(Way::Bare)?, several(Way::Empty)?);
    let (inert, own) = (several(Way::Inert)? - bare, several(Way::Preload)? - bare);
    let wide = several(Way::Wide)? - bare;
    Ok(Figure {
        what: "private dirty pages a process".into(),
        goal: "<= 64 KiB".into(),
        figure: format!(
            "{own} KiB over bare ({bare}); inert {inert}, empty .so {}; with 10,000 links {wide}",
            empty - bare
        ),
        is_reached: own <= 64.0,
    })
}

/// Adds a link to a table of ten thousand, on this disk and in memory, where syncing is free.
fn add(room: &Room) -> io::Result<Figure> {
    const TIMES: usize = 7;
    let memory = tempfile::tempdir_in("/dev/shm")?;
    let disk = tempfile::tempdir_in(room.tree())?;
    let mut medians = Vec::new();
    for (at, store) in [(&disk, "on disk"), (&memory, "in memory")] {
        let store_dir = at.path().join("store");
        let mut copy = Command::new("/bin/cp");
        succeed(copy.arg("-a").arg(room.store(Store::Large)).arg(&store_dir))?;
        let mut times = Vec::new();
        for number in 0..TIMES {
            let tree = room.tree();
            let mut command = Command::new(room.built(ADMIN));
            command
                .env_clear()
                .env("PSL_CONFIG", room.config())
                .arg("--store")
                .arg(&store_dir)
                .args(["--quiet", "add", "--member", "m"])
                .args([tree.join(format!("added-{number}")), tree.join("file")]);
            let begin = Instant::now();
            succeed(&mut command)?;
            times.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        medians.push((store, median(times).expect("there are some")));
        fs::remove_dir_all(store_dir)?;
    }
    let (synced, unsynced) = (medians[0].1, medians[1].1);
    Ok(Figure {
        what: "add at 10,000 rows".into(),
        goal: "<= 30 ms but for syncing".into(),
        figure: format!("{unsynced:.1} ms in memory, {synced:.1} ms synced to disk"),
        is_reached: unsynced <= 30.0,
    })
}

fn succeed(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Error::other(format!(
            "{command:?} ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ))),
    }
}
