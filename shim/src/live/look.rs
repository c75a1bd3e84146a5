//! A look at the table: whether another one lies there, and what live links have in it.

use std::ffi::CString;
use std::mem::ManuallyDrop;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use psl_table::choices::Choices;
use psl_table::config::HostConfig;
use psl_table::error::Class;
use psl_table::snapshot::Snapshot;
use psl_table::store::{Stamp, Store, TABLE};
use psl_table::subject::Subject;
use psl_table::swap::{Reader, Swap};
use psl_table::tree::Host;
use psl_table::trust::Trust;
use rustix::event::{PollFd, PollFlags, Timespec};

use super::{Asking, IS_SAID, NEWEST, Newest};
use crate::memory::Arena;
use crate::notice;
use crate::report::Level;

impl Asking {
    /// Returns whether live links lead elsewhere since.
    pub(super) fn look(&self) -> bool {
        let last = NEWEST.read();
        let stamp = last.as_ref().map(|last| (last, Stamp::of(&last.file)));
        let size = match stamp {
            Some((last, Ok(stamp))) if stamp == last.stamp => {
                IS_SAID.store(false, Ordering::Relaxed);
                None
            }
            Some((_, Ok(stamp))) => Some(stamp.size),
            Some((_, Err(_))) | None => self.size(),
        };
        size.is_some_and(|size| self.read(last, size))
    }

    /// Returns the size of the table's file; none, and says why, where it cannot be found.
    fn size(&self) -> Option<u64> {
        let arena = Arena::new(0).or_else(|| self.no_memory())?;
        // SAFETY: only one thread looks at a time, and a number is in no memory.
        unsafe {
            self.aside.run(&arena, || match self.find() {
                Ok((_, _, stamp)) => Some(stamp.size),
                Err(reason) => {
                    self.say_once(&reason);
                    None
                }
            })
        }
    }

    /// Reads a table of this size, and keeps what live links have in it.
    fn read(&self, last: Option<Reader<'static, Newest>>, size: u64) -> bool {
        /// How much memory, at most, a byte of the table takes while it is read, and what comes of it.
        const READ: usize = 128;
        const KEPT: usize = 16;
        let size = usize::try_from(size).unwrap_or(0);
        let room = |factor: usize| Arena::new(size.saturating_mul(factor));
        let (Some(arena), Some(kept)) = (room(READ), room(KEPT)) else {
            return self.no_memory().unwrap_or_default();
        };
        let base = last
            .as_ref()
            .map_or(self.pinned, |last| last.or(self.pinned));
        // SAFETY: only one thread looks at a time; what is returned is in `kept`.
        let found = unsafe {
            self.aside.run(&arena, || {
                let (store, file, stamp) = match self.find() {
                    Ok(found) => found,
                    Err(reason) => {
                        self.say_once(&reason);
                        return Err(());
                    }
                };
                let changed = match self.newest(&store, base) {
                    Ok(changed) => {
                        IS_SAID.store(false, Ordering::Relaxed);
                        changed
                    }
                    Err(error) => {
                        self.say_once(&error.to_string());
                        // What is wrong with the text stays so; all else may have passed a second later.
                        if error.class() != Class::Invalid {
                            return Err(());
                        }
                        None
                    }
                };
                let is_other = changed.is_some();
                let kept_before = || last.as_ref().and_then(|last| (*last.snapshot).as_ref());
                self.aside.with(&kept, || {
                    let snapshot = changed.as_ref().or_else(kept_before).cloned();
                    Ok((file.clone(), stamp, snapshot, is_other))
                })
            })
        };
        let Ok((file, stamp, snapshot, is_other)) = found else {
            return false;
        };
        let newest = Newest {
            file: ManuallyDrop::new(file),
            stamp,
            snapshot: ManuallyDrop::new(snapshot),
            _memory: kept,
        };
        NEWEST.replace(Swap::version(last.as_ref()), newest) && is_other
    }

    /// Finds the store, as a launch does, and its table's file.
    fn find(&self) -> Result<((PathBuf, Trust), CString, Stamp), String> {
        let config = HostConfig::load(self.config.as_deref());
        let config = config.map_err(|error| error.to_string())?;
        let store = self.store.clone().or(config.store);
        let store = store.ok_or("no store is named any more")?;
        let table = store.join(TABLE);
        let file = CString::new(table.as_os_str().as_bytes());
        let file = file.map_err(|_| format!("{table:?} has a NUL"))?;
        match Stamp::of(&file) {
            Ok(stamp) => Ok(((store, config.trust), file, stamp)),
            Err(errno) => Err(format!("cannot look at {table:?}: {errno}")),
        }
    }

    /// Reads the table; returns `base` with the texts that live links have in it, none if they are the same.
    fn newest(
        &self,
        (store, trust): &(PathBuf, Trust),
        base: &Snapshot,
    ) -> psl_table::Result<Option<Snapshot>> {
        let table = Store::open(store, *trust)?.read()?;
        let [app, version] = self.app.clone();
        let exe = self.exe.as_slice();
        let subject = Subject::of_member(&table, self.member.as_deref())
            .with_user(&table, self.uid)
            .or_attributes(&table, app, version)
            .with_exe(exe)
            .with_env(self.env.clone());
        let choices = Choices::of(&table, &subject);
        // A text with a NUL is none that a table can have.
        Ok(base.with_live(&choices, exe, &Host).unwrap_or_default())
    }

    fn no_memory<T>(&self) -> Option<T> {
        self.say_once("there is no memory to read the table");
        None
    }

    /// Says, once, why live links stay as they are.
    fn say_once(&self, reason: &str) {
        if IS_SAID.swap(true, Ordering::Relaxed) {
            return;
        }
        let stderr = rustix::stdio::stderr();
        let mut broken = [PollFd::new(&stderr, PollFlags::empty())];
        // A pipe that nobody reads any more would end the process (SIGPIPE).
        let asked = rustix::event::poll(&mut broken, Some(&Timespec::default()));
        let is_broken = asked.is_ok() && broken[0].revents().contains(PollFlags::ERR);
        if !is_broken {
            let parts = [
                reason.as_bytes(),
                b"; live links stay as they are until it can be read",
            ];
            notice::say(&self.notice, Level::Warn, &parts);
        }
    }
}
