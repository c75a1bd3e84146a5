//! Text that others have written, as it can be shown: nothing in it steers a terminal, or shows letters in another order.

use std::fmt::{self, Write as _};

/// Tells whether a letter does something else than to be seen: a control character, or one that turns the direction of
/// writing or takes no room.
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Escapes hidden letters, the ends of lines among them: what is shown is one line.
pub fn line(text: &str) -> String {
    Line(text).to_string()
}

/// Escapes hidden letters but the ends of lines and tabs.
pub fn lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' => shown.push(letter),
            letter => push(&mut shown, letter),
        }
    }
    shown
}

/// Shows something as [`line`] does.
#[derive(Clone, Copy, Debug)]
pub struct Line<T>(pub T);

impl<T: fmt::Display> fmt::Display for Line<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

/// Escapes what is written through it.
struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|letter| match is_hidden(letter) {
            true => write!(self.0, "{}", letter.escape_default()),
            false => self.0.write_char(letter),
        })
    }
}

fn push(shown: &mut String, letter: char) {
    match is_hidden(letter) {
        true => shown.extend(letter.escape_default()),
        false => shown.push(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_escaped_and_all_else_is_not() {
        let rows = [
            ("plain, \"quoted\" \\ and größer 日本 e\u{301}", None),
            ("\u{1b}]0;title\u{7}", Some("\\u{1b}]0;title\\u{7}")),
            ("\u{9b}31m", Some("\\u{9b}31m")),
            ("a\u{202e}b\u{2066}c", Some("a\\u{202e}b\\u{2066}c")),
            ("\r\u{7f}\u{8}", Some("\\r\\u{7f}\\u{8}")),
            ("a\u{200b}\u{feff}", Some("a\\u{200b}\\u{feff}")),
        ];
        for (text, expected) in rows {
            assert_eq!(line(text), expected.unwrap_or(text));
            assert_eq!(lines(text), expected.unwrap_or(text));
        }
        assert_eq!(line("a\n\tb"), "a\\n\\tb");
        assert_eq!(lines("a\n\tb"), "a\n\tb");
    }
}
