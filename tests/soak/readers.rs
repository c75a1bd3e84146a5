//! Instances that live as long as the soak: what they see of a live link, what they must not see, and what they take.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use procfs::process::Process;

use crate::commits::{self, Fate};
use crate::counts::Counts;
use crate::site::{DATA, READERS, Site, changed};

/// How long after a commit a live link has to be seen, on a machine that has a lot to do.
const SEEN: Duration = Duration::from_secs(3);

/// How long a reader has until its memory is that of one that has long been running.
const WARM: Duration = Duration::from_secs(5);

/// What a process takes.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Resident memory in KiB that is its own.
    pub memory: u64,
    /// Open descriptors.
    pub descriptors: u64,
}

/// The instances.
pub struct Readers {
    children: Vec<Child>,
    lines: Mutex<Receiver<(usize, String)>>,
    reads: Arc<AtomicU64>,
}

impl Readers {
    /// Starts them, and waits until they have settled.
    pub fn start(site: &Site) -> Self {
        let (send, lines) = mpsc::channel();
        let reads = Arc::new(AtomicU64::new(0));
        let start = |(number, member): (usize, &&str)| {
            let mut command = site.host.run(member, &site.program);
            command
                .arg("read")
                .args([site.path("data/live"), site.path("app/version/which")])
                .stdin(Stdio::null())
                .stdout(Stdio::piped());
            let mut child = command.spawn().expect("it can be started");
            let output = child.stdout.take().expect("it is piped");
            let (send, reads) = (send.clone(), Arc::clone(&reads));
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    match line.strip_prefix("reads ").map(str::parse) {
                        // Relaxed: only the sum matters.
                        Some(Ok(more)) => _ = reads.fetch_add(more, Ordering::Relaxed),
                        _ => _ = send.send((number, line)),
                    }
                }
                // Nobody may listen any more.
                let _ = send.send((number, "has ended".into()));
            });
            child
        };
        let children: Vec<_> = READERS.iter().enumerate().map(start).collect();
        std::thread::sleep(WARM);
        Self {
            children,
            lines: Mutex::new(lines),
            reads,
        }
    }

    /// Changes the live link until it is over, and waits each time until all have seen it.
    pub fn follow_on(&self, site: &Site, counts: &Counts) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen: HashMap<usize, String> = HashMap::new();
        let mut number = 1;
        while !site.is_over(counts) {
            let next = number % DATA + 1;
            let table = match site.store().read() {
                Ok(table) => table,
                Err(error) => return counts.is_wrong(format!("the table: {error}")),
            };
            let line = format!("to = \"{}\"", site.path(&format!("data/{next}")));
            let text = changed(table.text(), "live", &line);
            match commits::commit(site, counts, "live", (&table, &text)) {
                Ok(Fate::Acknowledged) => {}
                // It may have been made, or not: it is asked for again until that is known.
                Ok(Fate::Conflict | Fate::Killed) => {
                    let line = format!("{line} # live");
                    let is_made = |text: &str| text.lines().any(|found| found == line);
                    let table = site.store().read();
                    if !table.is_ok_and(|table| is_made(table.text())) {
                        continue;
                    }
                }
                Err(ended) => return counts.is_wrong(format!("a commit: {ended:?}")),
            }
            number = next;
            let committed = Instant::now();
            let expected = format!("live {number} {number}");
            while !(0..READERS.len()).all(|reader| seen.get(&reader) == Some(&expected)) {
                let left = SEEN.saturating_sub(committed.elapsed());
                match lines.recv_timeout(left) {
                    Ok((reader, line)) if line.starts_with("live ") => {
                        seen.insert(reader, line);
                    }
                    Ok((reader, line)) => {
                        return counts.is_wrong(format!("{}: {line}", READERS[reader]));
                    }
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                        return counts
                            .is_wrong(format!("after {SEEN:?} {expected:?} is not in {seen:?}"));
                    }
                }
            }
            let took = u64::try_from(committed.elapsed().as_millis()).unwrap_or(u64::MAX);
            counts.slowest_flip.reach(took);
            counts.flips.add(1);
        }
    }

    /// Looks at what they take.
    pub fn usage(&self) -> Vec<Usage> {
        self.children.iter().map(usage).collect()
    }

    /// Ends them, and returns how often they have read.
    pub fn end(mut self, counts: &Counts) -> u64 {
        for (child, member) in self.children.iter_mut().zip(READERS) {
            match child.try_wait() {
                Ok(None) => {}
                ended => counts.is_wrong(format!("{member} has ended: {ended:?}")),
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        self.reads.load(Ordering::Relaxed)
    }
}

fn usage(child: &Child) -> Usage {
    let pid = i32::try_from(child.id()).expect("it is small");
    let process = Process::new(pid);
    // One that has ended is told of at the end.
    let status = process
        .as_ref()
        .ok()
        .and_then(|process| process.status().ok());
    let memory = status.and_then(|status| Some(status.rssanon? + status.rssshmem.unwrap_or(0)));
    let open = fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    Usage {
        memory: memory.unwrap_or(0),
        descriptors: open as u64,
    }
}
