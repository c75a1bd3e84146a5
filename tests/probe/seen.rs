//! What a call's result shows.

use std::ffi::{c_int, c_void};

use rustix::fd::AsRawFd;

use crate::addresses;
use crate::call::{Prepared, Returned};
use crate::child::{ended, in_child, lower, remaining};
use crate::facts::{descriptor, itself, opened, stat, statx};
use crate::kept;
use crate::play::World;
use crate::records::{self, Kind};
use crate::{listing, made_up, pointers, trees};

/// What a call returned, and what that shows.
pub struct Shown {
    /// The value and errno.
    pub result: String,
    /// What it is.
    pub seen: String,
    /// How often memory was allocated.
    pub allocations: u64,
}

/// Makes a call and says what it returned and what that shows.
pub fn called(world: &World, shows: &str, prepared: &Prepared, function: *mut c_void) -> Shown {
    let (what, argument) = shows.split_once(' ').unwrap_or((shows, ""));
    let argument: usize = argument.parse().unwrap_or_default();
    if let "program" | "root" | "spawned" = what {
        return in_child(|| {
            if shows.contains("lowered") {
                lower();
            }
            let returned = prepared.call(function);
            let code = returned.value as c_int;
            let (errno, seen) = match what {
                "root" => (
                    returned.errno_name(),
                    text(&working_directory()) + &opened(world, "/"),
                ),
                // The error is returned; errno may be anything.
                "spawned" => (
                    "".into(),
                    if code == 0 {
                        ended(shows, prepared)
                    } else {
                        remaining().into()
                    },
                ),
                _ => (returned.errno_name(), String::new()),
            };
            format!("{code} {errno} -> {seen}")
        });
    }
    if let "records" | "old-records" = what {
        let kind = if what == "records" {
            Kind::Typed
        } else {
            Kind::Old
        };
        let (returned, seen) = records::shown(world, kind, argument, prepared, function);
        return Shown {
            result: format!("{} {}", returned.value, returned.errno_name()),
            seen,
            allocations: returned.allocated,
        };
    }
    let next = next_descriptor();
    let returned = prepared.call(function);
    let number = returned.value as c_int;
    let pointer = if returned.value == 0 {
        "null"
    } else {
        "pointer"
    };
    let (value, seen) = match what {
        "number" => (number.to_string(), String::new()),
        "long" => (returned.value.to_string(), String::new()),
        "descriptor" if number >= 0 => ("descriptor".into(), descriptor(world, number)),
        "keep" if number >= 0 => {
            keep(number, argument);
            ("descriptor".into(), descriptor(world, number))
        }
        "descriptor" | "keep" => (number.to_string(), String::new()),
        "directory" => {
            let seen = text(&working_directory());
            (number.to_string(), seen)
        }
        "bytes" => (
            returned.value.to_string(),
            bytes(returned, prepared, argument),
        ),
        "stat" | "statx" | "statfs" | "statvfs" if number != 0 => {
            let untouched = prepared.words[argument] < 4096
                || prepared.bytes(argument).iter().all(|&byte| byte == 0);
            let seen = if untouched { "" } else { "written to" };
            (number.to_string(), seen.into())
        }
        "stat" => (number.to_string(), stat(world, &prepared.filled(argument))),
        "statx" => (number.to_string(), statx(world, &prepared.filled(argument))),
        "statfs" => {
            let it: libc::statfs64 = prepared.filled(argument);
            let seen = format!("type {:x} names {}", it.f_type, it.f_namelen);
            (number.to_string(), seen)
        }
        "statvfs" => {
            let it: libc::statvfs64 = prepared.filled(argument);
            let seen = format!("flags {:x} names {}", it.f_flag, it.f_namemax);
            (number.to_string(), seen)
        }
        "string" => (pointer.into(), pointers::string(returned, prepared)),
        "stream" => (pointer.into(), pointers::stream(world, returned.value)),
        "listing" => (
            pointer.into(),
            listing::stream(world, returned.value, argument),
        ),
        "positions" => (pointer.into(), listing::positions(returned.value)),
        "entries" if number < 0 => (number.to_string(), String::new()),
        "entries" => (
            number.to_string(),
            listing::entries(number, prepared.filled(argument)),
        ),
        "bound-stream" | "bound-datagrams" if number != 0 => (number.to_string(), String::new()),
        "bound-stream" | "bound-datagrams" => {
            let given = &prepared.words[argument..];
            (number.to_string(), addresses::shown(what, given))
        }
        "kept" | "users" | "piped" | "refused" | "shared" => kept::shown(what, returned.value),
        "itself" if number < 0 => (number.to_string(), String::new()),
        "itself" => ("descriptor".into(), itself(world, number)),
        "walk" => {
            let seen = trees::walk(world, number == -1, argument == 1);
            (number.to_string(), seen)
        }
        "hierarchy" => (
            pointer.into(),
            trees::hierarchy(world, returned.value, argument),
        ),
        "matches" => (
            number.to_string(),
            trees::strings(number, prepared, argument, "globfree"),
        ),
        "words" => (
            number.to_string(),
            trees::strings(number, prepared, argument, "wordfree"),
        ),
        "nothing" => ("nothing".into(), String::new()),
        // The number is made of the file's inode.
        "key" if number == -1 => ("-1".into(), String::new()),
        "key" => ("key".into(), format!("{:x}", number as u32 >> 24)),
        // The loader tells in words of its own what is wrong.
        "library" => (pointer.into(), pointers::library(world, returned.value)),
        "made" => made_up::shown(shows, returned.value, prepared),
        "catalog" => {
            let seen = pointers::catalog(returned.value);
            let value = if returned.value == -1 {
                "-1"
            } else {
                "catalog"
            };
            (value.into(), seen)
        }
        _ => panic!("nothing is known to show {shows}"),
    };
    let leaked = if next_descriptor() == next {
        ""
    } else {
        " and leaves a descriptor open"
    };
    let result = match shows {
        // Nobody is told whether it failed, or it tried several names until one did not.
        "nothing" | "made up string" | "library" => value,
        // These try many names.
        _ if matches!(what, "matches" | "words") => value,
        _ if matches!(&*value, "0" | "pointer") && matches!(what, "walk" | "hierarchy") => value,
        _ => format!("{value} {}", returned.errno_name()),
    };
    Shown {
        result,
        seen: seen + leaked,
        allocations: match what {
            // These are there to allocate.
            "library" | "kept" | "walk" | "hierarchy" | "matches" | "words" => 0,
            _ if shows == "made up string" => 0,
            _ => returned.allocated,
        },
    }
}

/// Keeps a descriptor by another number, for the calls that come.
fn keep(number: c_int, by: usize) {
    // SAFETY: the call gave it to us; what was kept before is nobody else's.
    let kept = unsafe { libc::dup3(number, by as c_int, libc::O_CLOEXEC) };
    assert_eq!(kept, by as c_int, "there is room for it");
}

/// The number that the next descriptor will have.
fn next_descriptor() -> c_int {
    let lowest = rustix::io::dup(rustix::stdio::stdin()).expect("descriptors are left");
    lowest.as_raw_fd()
}

/// Bytes as text, whatever they are.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The working directory's physical path.
fn working_directory() -> Vec<u8> {
    let path = rustix::process::getcwd([]);
    path.map_or_else(|errno| errno.to_string().into(), |path| path.into_bytes())
}

fn bytes(returned: Returned, prepared: &Prepared, argument: usize) -> String {
    let Ok(length) = usize::try_from(returned.value) else {
        return String::new();
    };
    let (filled, rest) = prepared.bytes(argument).split_at(length);
    let beyond = if rest.iter().all(|&byte| byte == 0) {
        ""
    } else {
        " and more behind it"
    };
    text(filled) + beyond
}
