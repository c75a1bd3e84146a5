//! A text for wordexp(3) in pieces, each with the pattern at its end quoted, as glibc reads them.

use super::dollar::{end_of_backtick, end_of_dollar};

/// Stands in a piece where its pattern begins, and before each expansion in it: no text has it but by intention.
pub const MARK_START: &[u8] = b"\x01\x1d\x02";

/// Stands in a piece where its pattern ends.
pub const MARK_END: &[u8] = b"\x01\x1e\x02";

/// A part of the text that can be expanded for itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// The text, its pattern marked and quoted.
    pub text: Vec<u8>,
    /// Whether there is a pattern.
    pub ends_in_pattern: bool,
}

/// Splits a text behind each pattern; none if there is nothing that libc would match with files.
///
/// `separators` is IFS, and `appends` says whether other words precede.
pub fn pieces(text: &[u8], separators: &[u8], appends: bool) -> Option<Vec<Piece>> {
    let mut reader = Reader {
        text,
        at: 0,
        separators,
        word: Vec::new(),
        is_first: !appends,
        piece: Vec::new(),
        pieces: Vec::new(),
    };
    while let Some(&byte) = text.get(reader.at) {
        match byte {
            b'*' | b'[' | b'?' if separators.contains(&byte) => return None,
            b'*' | b'[' | b'?' => reader.pattern(),
            _ => reader.ordinary(byte),
        }
    }
    if reader.pieces.is_empty() {
        return None;
    }
    if !reader.piece.is_empty() {
        reader.end_piece(false);
    }
    Some(reader.pieces)
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    separators: &'t [u8],
    /// The word at hand, with something for what only libc knows.
    word: Vec<u8>,
    /// Whether it is the first.
    is_first: bool,
    piece: Vec<u8>,
    pieces: Vec<Piece>,
}

impl Reader<'_> {
    /// Reads on outside of a pattern.
    fn ordinary(&mut self, byte: u8) {
        let behind = self.at + 1;
        match byte {
            b'\\' => self.copy_to(behind + 1),
            b'$' => self.copy_to(end_of_dollar(self.text, self.at)),
            b'`' => self.copy_to(end_of_backtick(self.text, behind)),
            b'\'' => {
                let quoted = &self.text[behind.min(self.text.len())..];
                let length = quoted.iter().take_while(|&&byte| byte != b'\'').count();
                self.copy_to(behind + length + 1);
            }
            b'"' => self.copy_to(end_of_quoted(self.text, behind)),
            b'~' => self.copy_to(self.end_of_tilde()),
            b' ' | b'\t' => {
                self.is_first &= self.word.is_empty();
                self.copy_to(behind);
                self.word.clear();
            }
            _ => self.copy_to(behind),
        }
    }

    /// Returns where a user's name ends, or the tilde that is none.
    fn end_of_tilde(&self) -> usize {
        let begins = match self.word.last() {
            None => true,
            Some(b'=') => self.is_first,
            Some(b':') => self.is_first && self.word.contains(&b'='),
            Some(_) => false,
        };
        let name = &self.text[self.at + 1..];
        let length = name
            .iter()
            .take_while(|byte| !b":/ \t\\".contains(byte))
            .count();
        match name.get(length) {
            _ if !begins => self.at + 1,
            Some(b'\\') => self.at + 1,
            _ => self.at + 1 + length,
        }
    }

    /// Reads a pattern and what is joined to it, up to what separates words, and ends the piece.
    fn pattern(&mut self) {
        self.piece.extend_from_slice(MARK_START);
        if self.quote() {
            self.piece.extend_from_slice(MARK_END);
        }
        self.is_first = false;
        self.word.clear();
        self.end_piece(true);
    }

    /// Copies a pattern with quotes; says whether something may stand behind it.
    fn quote(&mut self) -> bool {
        let mut quote = None;
        while let Some(&byte) = self.text.get(self.at) {
            // Even in quotes.
            if self.separators.contains(&byte) {
                break;
            }
            self.at += 1;
            match byte {
                b'\'' | b'"' if quote == Some(byte) => quote = None,
                b'\'' | b'"' if quote.is_none() => quote = Some(byte),
                b'$' if quote != Some(b'\'') => {
                    if !self.expansion(quote.is_some()) {
                        return false;
                    }
                }
                b'\\' => {
                    let Some(&next) = self.text.get(self.at) else {
                        // libc does not accept that.
                        self.piece.push(b'\\');
                        return false;
                    };
                    self.at += 1;
                    if quote.is_some() && !b"$`\"\\\n".contains(&next) {
                        self.literal(b'\\');
                    }
                    if next != b'\n' {
                        self.literal(next);
                    }
                }
                _ => self.literal(byte),
            }
        }
        true
    }

    /// Copies an expansion whose `$` has been read; says whether it is closed.
    fn expansion(&mut self, quoted: bool) -> bool {
        let start = self.at - 1;
        let end = end_of_dollar(self.text, start);
        if end == self.at {
            self.literal(b'$');
            return true;
        }
        self.at = end.min(self.text.len());
        let expansion = &self.text[start..self.at];
        if quoted {
            // With a mark, for libc makes a word of quotes with nothing in them.
            let parts = [b"\"", MARK_START, expansion, b"\""];
            self.piece.extend(parts.into_iter().flatten());
        } else {
            self.piece.extend_from_slice(expansion);
        }
        end <= self.text.len()
    }

    fn literal(&mut self, byte: u8) {
        // A newline behind a backslash would vanish.
        match byte {
            b'\n' => self.piece.extend_from_slice(b"'\n'"),
            _ => self.piece.extend([b'\\', byte]),
        }
    }

    fn copy_to(&mut self, end: usize) {
        let part = &self.text[self.at..end.min(self.text.len())];
        self.piece.extend_from_slice(part);
        if self.word.is_empty() && [&b"''"[..], b"\"\""].contains(&part) {
            // libc makes a word of them at once, and goes on with another.
            self.is_first = false;
        } else {
            self.word.extend_from_slice(part);
        }
        self.at += part.len();
    }

    fn end_piece(&mut self, ends_in_pattern: bool) {
        self.pieces.push(Piece {
            text: std::mem::take(&mut self.piece),
            ends_in_pattern,
        });
    }
}

/// Returns where double quotes end, from behind the first.
fn end_of_quoted(text: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'$' => at = end_of_dollar(text, at),
            b'`' => at = end_of_backtick(text, at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}
