//! File actions with names that need no links, for a child that carries them out without passing a hook.
//!
//! libc keeps the name of an action as it was added. It is rewritten in a copy when a child is spawned, not when it is
//! added: a relative name is relative to what the actions before it make of the working directory, and what the way
//! leads through may have changed since. It also takes no memory of which objects were added to: a table of their
//! addresses would need a lock, and would be wrong once an object is copied.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::null_mut;

use libc::posix_spawn_file_actions_t as FileActions;
use psl_table::tree::PATH_MAX;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};

use crate::call::Code;
use crate::hooks::file_actions::{
    Action, Directory, Object, Unreachable, start_of, working_directory,
};
use crate::link_itself;
use crate::resolve::{Operand, resolve, snapshot};

/// File actions as the child can carry them out.
pub struct Prepared {
    given: *const FileActions,
    /// Used only when something had to be rewritten.
    object: Object,
    room: Option<Room>,
    /// What the child is to fail with.
    failure: Option<Errno>,
}

impl Prepared {
    /// Resolves the names in file actions.
    ///
    /// Fails only when memory or descriptors have run out: everything else is the child's to fail with.
    ///
    /// # Safety
    ///
    /// `given` is null or an object that posix_spawn_file_actions_init(3) made.
    pub unsafe fn new(given: *const FileActions) -> Result<Self, Errno> {
        // SAFETY: the caller's promise; the layouts agree.
        let object = unsafe { given.cast::<Object>().as_ref() }.copied();
        let mut prepared = Self {
            given,
            object: object.unwrap_or(Object::EMPTY),
            room: None,
            failure: None,
        };
        if snapshot().is_none() {
            return Ok(prepared);
        }
        // SAFETY: the caller's promise.
        let actions = unsafe { prepared.object.actions() };
        for index in 0..actions.len() {
            // SAFETY: the caller's promise.
            match unsafe { prepared.resolve(actions, index) } {
                Ok(()) => {}
                Err(errno) if is_shortage(errno) => return Err(errno),
                Err(errno) => {
                    prepared.room(actions)?.actions_mut()[index] = Action::failing();
                    prepared.object.used = index as c_int + 1;
                    prepared.failure = Some(errno);
                    break;
                }
            }
        }
        Ok(prepared)
    }

    /// Resolves the name in one action; fails with what the child is to fail with.
    unsafe fn resolve(&mut self, actions: &[Action], index: usize) -> Result<(), Errno> {
        // SAFETY: the caller's promise.
        unsafe {
            let Some((path, last, flags)) = actions[index].name() else {
                return Ok(());
            };
            let start = match start_of(path, &actions[..index]) {
                Ok(start) => start,
                Err(errno) if is_shortage(errno) => return Err(errno),
                // The child gets no further than to the action that leads there.
                Err(_) => return Ok(()),
            };
            resolve(start.as_raw(), path, last, |operand| match operand {
                Operand::Given => Ok(()),
                Operand::Rewritten(name) => self.rename(actions, index, name),
                // A descriptor on a link is none that a child could be given by its name.
                Operand::Link(_) => link_itself::refuse(path, flags),
                Operand::Error(errno) => Err(errno),
            })
        }
    }

    /// Returns the object to spawn with.
    pub fn as_ptr(&self) -> *const FileActions {
        match self.room {
            Some(_) => (&raw const self.object).cast(),
            None => self.given,
        }
    }

    /// Opens the directory that the program is started in; fails where the child fails to go there.
    ///
    /// # Safety
    ///
    /// As for [`Prepared::new`].
    pub unsafe fn directory(&self) -> Result<Directory, Errno> {
        if snapshot().is_none() {
            return Ok(Directory::Inherited(libc::AT_FDCWD));
        }
        // SAFETY: the caller's promise; the layouts agree.
        unsafe {
            let given = self.given.cast::<Object>().as_ref();
            working_directory(given.map_or(&[], |given| given.actions()))
        }
    }

    /// Returns what the caller has to be told of a spawn's result.
    pub fn outcome(&self, spawned: Code) -> Code {
        match self.failure {
            Some(errno) => Unreachable::outcome(spawned, errno),
            None => spawned,
        }
    }

    fn room(&mut self, actions: &[Action]) -> Result<&mut Room, Errno> {
        if self.room.is_none() {
            let mut room = Room::map(actions.len())?;
            room.actions_mut().copy_from_slice(actions);
            self.object.actions = room.actions_mut().as_mut_ptr();
            self.room = Some(room);
        }
        self.room.as_mut().ok_or(Errno::NOMEM)
    }

    fn rename(&mut self, actions: &[Action], index: usize, to: &CStr) -> Result<(), Errno> {
        let room = self.room(actions)?;
        let name = room.name(index, to)?;
        room.actions_mut()[index].rename(name);
        Ok(())
    }
}

/// Memory for a copy of actions, each with a name: untouched, it costs nothing.
struct Room {
    start: *mut Action,
    count: usize,
}

impl Room {
    fn map(count: usize) -> Result<Self, Errno> {
        // SAFETY: a fresh private mapping disturbs nothing.
        let start = unsafe {
            rustix::mm::mmap_anonymous(
                null_mut(),
                Self::size(count),
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )
        }?;
        Ok(Self {
            start: start.cast(),
            count,
        })
    }

    fn size(count: usize) -> usize {
        count * (size_of::<Action>() + PATH_MAX)
    }

    fn actions_mut(&mut self) -> &mut [Action] {
        // SAFETY: the mapping begins with that many actions, and zeroes are one.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.count) }
    }

    /// Keeps the name of one action.
    fn name(&mut self, index: usize, name: &CStr) -> Result<*const c_char, Errno> {
        let bytes = name.to_bytes_with_nul();
        if bytes.len() > PATH_MAX {
            return Err(Errno::NAMETOOLONG);
        }
        // SAFETY: the names come after the actions, each with that much room.
        unsafe {
            let names: *mut u8 = self.start.add(self.count).cast();
            let at = names.add(index * PATH_MAX);
            at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            Ok(at.cast_const().cast())
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // SAFETY: `map` made this mapping, and who spawned is done with it.
        let unmapped = unsafe { rustix::mm::munmap(self.start.cast(), Self::size(self.count)) };
        debug_assert!(unmapped.is_ok());
    }
}

/// Whether it is this process that lacks something, not the name that is wrong.
pub fn is_shortage(errno: Errno) -> bool {
    matches!(errno, Errno::NOMEM | Errno::MFILE | Errno::NFILE)
}
