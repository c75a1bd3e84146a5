//! Questions to an administrator at a terminal.
use psl_table::visible;
use std::io::{self, BufRead, IsTerminal, Write};

/// One answer: its letter, and what it does.
#[derive(Clone, Copy, Debug)]
pub struct Choice(pub char, pub &'static str);

/// Tells whether somebody sits at a terminal.
pub fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks until one of the letters is the answer; none without a terminal, and when the terminal is closed.
pub fn choose(question: &str, choices: &[Choice]) -> Option<char> {
    if !is_possible() {
        return None;
    }
    let listed: Vec<_> = choices
        .iter()
        .map(|Choice(letter, does)| format!("[{letter}] {does}"))
        .collect();
    let question = format!("psl-admin: {question}\n{}? ", listed.join(", "));
    loop {
        // Not locked while an answer is awaited: a signal has something to say.
        io::stderr()
            .write_all(visible::lines(&question).as_bytes())
            .ok()?;
        let mut answer = String::new();
        if io::stdin().lock().read_line(&mut answer).ok()? == 0 {
            return None;
        }
        let mut letters = answer.trim().chars();
        let letter = letters.next().filter(|_| letters.next().is_none());
        if let Some(Choice(letter, _)) = choices.iter().find(|choice| Some(choice.0) == letter) {
            return Some(*letter);
        }
    }
}
