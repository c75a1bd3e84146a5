//! wordexp(3): libc's own, piece by piece, but for the names that match patterns.
//!
//! Quotes, variables, commands, arithmetic and home directories stay libc's; it gets its patterns quoted, and what it
//! makes of each is matched by `patterns`. A piece ends with its pattern, so that names are matched before the
//! commands behind it run, as in libc.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::null_mut;

use libc::size_t;

use self::pieces::{MARK_END, MARK_START, Piece, pieces};
use crate::environment;
use crate::hooks::patterns;
use crate::resolve::snapshot;

mod dollar;
mod pieces;

/// The words: wordexp.h's `wordexp_t`.
#[repr(C)]
pub struct Words {
    we_wordc: size_t,
    we_wordv: *mut *mut c_char,
    we_offs: size_t,
}

/// wordexp.h's flags that say where the words go, and a failure.
const WRDE_DOOFFS: c_int = 1 << 0;
const WRDE_APPEND: c_int = 1 << 1;
const WRDE_REUSE: c_int = 1 << 3;
const WRDE_NOSPACE: c_int = 1;

/// What separates words that a variable or a command gives.
const IFS: &[u8] = b" \t\n";

unsafe extern "C" {
    fn wordfree(words: *mut Words);
}

type WordExp = unsafe extern "C" fn(*const c_char, *mut Words, c_int) -> c_int;

/// See wordexp(3).
pub unsafe fn wordexp(
    real: WordExp,
    text: *const c_char,
    words: *mut Words,
    flags: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called wordexp(3) with them; the environment is this process's.
    unsafe {
        if text.is_null() || words.is_null() || snapshot().is_none() {
            return real(text, words, flags);
        }
        let separators = environment::find(environment::current(), b"IFS");
        let separators = separators.map_or(IFS, CStr::to_bytes);
        let appends = flags & WRDE_APPEND != 0 && (*words).we_wordc > 0;
        let Some(pieces) = pieces(CStr::from_ptr(text).to_bytes(), separators, appends) else {
            return real(text, words, flags);
        };
        if flags & WRDE_REUSE != 0 {
            wordfree(words);
        }
        let mut expansion = Expansion {
            real,
            flags: flags & !(WRDE_DOOFFS | WRDE_APPEND | WRDE_REUSE),
            joins: separators.is_empty(),
            is_first: !appends,
            words: Vec::new(),
        };
        for piece in &pieces {
            if let Err(code) = expansion.expand(piece) {
                return code;
            }
        }
        match expansion.give_to(words, flags) {
            Ok(()) => 0,
            Err(code) => code,
        }
    }
}

/// What has been expanded.
struct Expansion {
    real: WordExp,
    flags: c_int,
    /// Whether the names that match one pattern make one word: nothing separates words.
    joins: bool,
    /// Whether no word precedes.
    is_first: bool,
    words: Vec<Word>,
}

/// A word in memory of malloc(3).
struct Word(*mut c_char);

impl Expansion {
    unsafe fn expand(&mut self, piece: &Piece) -> Result<(), c_int> {
        // Where no word precedes, libc takes a tilde behind `=` for a home directory.
        let precedes = if self.is_first { &b""[..] } else { b"x " };
        let text = [precedes, &piece.text, b"\0"].concat();
        let mut raw = Words {
            we_wordc: 0,
            we_wordv: null_mut(),
            we_offs: 0,
        };
        // SAFETY: the text is a C string; on success, and where memory ran out, the words are C strings.
        unsafe {
            let code = (self.real)(text.as_ptr().cast(), &raw mut raw, self.flags);
            let mut result = if code == 0 { Ok(()) } else { Err(code) };
            if code == 0 {
                let words = std::slice::from_raw_parts(raw.we_wordv, raw.we_wordc);
                let own = words.iter().skip(usize::from(!self.is_first));
                let own = own.map(|&word| CStr::from_ptr(word).to_bytes());
                result = self.add(piece, own);
            }
            wordfree(&raw mut raw);
            result
        }
    }

    /// Adds words as libc made them; those from the mark to its end are patterns.
    fn add<'w>(
        &mut self,
        piece: &Piece,
        words: impl Iterator<Item = &'w [u8]>,
    ) -> Result<(), c_int> {
        let mut in_pattern = false;
        let mut joined = Vec::new();
        for word in words {
            let (starts, text) = without(word, MARK_START);
            let (ends, text) = without(&text, MARK_END);
            in_pattern |= starts && piece.ends_in_pattern;
            if !in_pattern {
                self.push(word)?;
                continue;
            }
            let matches = Matches::find(text)?;
            if self.joins {
                joined.extend(matches.names().collect::<Vec<_>>().join(&b' '));
            } else {
                for name in matches.names() {
                    self.push(name)?;
                }
            }
            in_pattern = !ends;
        }
        if self.joins && piece.ends_in_pattern {
            self.push(&joined)?;
        }
        Ok(())
    }

    fn push(&mut self, word: &[u8]) -> Result<(), c_int> {
        // SAFETY: a word holds no NUL before its end.
        let copy = unsafe { libc::strndup(word.as_ptr().cast(), word.len()) };
        if copy.is_null() {
            return Err(WRDE_NOSPACE);
        }
        self.words.push(Word(copy));
        self.is_first = false;
        Ok(())
    }

    /// Puts the words where the caller wants them.
    unsafe fn give_to(self, words: *mut Words, flags: c_int) -> Result<(), c_int> {
        // SAFETY: the caller's promise; the array gets room for the offset, all words and a null pointer.
        unsafe {
            let words = &mut *words;
            let mut array = words.we_wordv;
            let (mut count, mut offset) = (words.we_wordc, words.we_offs);
            if flags & WRDE_APPEND == 0 {
                array = null_mut();
                count = 0;
            }
            if flags & (WRDE_APPEND | WRDE_DOOFFS) == 0 {
                offset = 0;
            }
            let room = offset
                .checked_add(count + self.words.len() + 1)
                .and_then(|room| room.checked_mul(size_of::<*mut c_char>()))
                .ok_or(WRDE_NOSPACE)?;
            array = libc::realloc(array.cast(), room).cast();
            if array.is_null() {
                return Err(WRDE_NOSPACE);
            }
            if flags & WRDE_APPEND == 0 {
                array.write_bytes(0, offset);
            }
            for word in self.words {
                array.add(offset + count).write(word.0);
                std::mem::forget(word);
                count += 1;
            }
            array.add(offset + count).write(null_mut());
            *words = Words {
                we_wordc: count,
                we_wordv: array,
                we_offs: offset,
            };
        }
        Ok(())
    }
}

impl Drop for Word {
    fn drop(&mut self) {
        // SAFETY: it is in memory of its own.
        unsafe { libc::free(self.0.cast()) };
    }
}

/// The names that match a pattern, or the pattern itself.
struct Matches(patterns::Matches);

impl Matches {
    fn find(pattern: Vec<u8>) -> Result<Self, c_int> {
        let pattern = [&pattern[..], b"\0"].concat();
        let mut matches = Self(patterns::Matches::default());
        // SAFETY: the pattern is a C string.
        match unsafe { patterns::find(pattern.as_ptr().cast(), libc::GLOB_NOCHECK, &mut matches.0) }
        {
            0 => Ok(matches),
            // There is always a match, so it is the memory.
            _ => Err(WRDE_NOSPACE),
        }
    }

    fn names(&self) -> impl Iterator<Item = &[u8]> {
        // SAFETY: there are so many names, all C strings.
        (0..self.0.gl_pathc)
            .map(|index| unsafe { CStr::from_ptr(*self.0.gl_pathv.add(index)).to_bytes() })
    }
}

impl Drop for Matches {
    fn drop(&mut self) {
        // SAFETY: glob(3) filled it in, or left it empty.
        unsafe { libc::globfree((&raw mut self.0).cast()) };
    }
}

/// Takes a mark away wherever it is; says whether it was there.
fn without(word: &[u8], mark: &[u8]) -> (bool, Vec<u8>) {
    let mut rest = Vec::with_capacity(word.len());
    let mut at = word;
    while let Some(&byte) = at.first() {
        match at.strip_prefix(mark) {
            Some(behind) => at = behind,
            None => {
                rest.push(byte);
                at = &at[1..];
            }
        }
    }
    (rest.len() < word.len(), rest)
}
