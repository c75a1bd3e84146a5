//! How far an expansion that begins with `$` or a backtick reaches, as wordexp(3) of glibc reads it.
//!
//! All positions are of bytes in the whole text. Where libc will find a mistake, the expansion takes all the rest; one
//! that is not closed ends behind the text.

/// Returns where an expansion ends whose `$` is at `at`; a `$` that stands for itself is one byte long.
pub fn end_of_dollar(text: &[u8], at: usize) -> usize {
    match text.get(at + 1) {
        None | Some(b'"' | b'\'') => at + 1,
        Some(b'(') if is_arithmetic(text, at) => end_of_arithmetic(text, at + 3, false),
        Some(b'(') => end_of_command(text, at + 2),
        Some(b'[') => end_of_arithmetic(text, at + 2, true),
        Some(b'{') => end_of_braces(text, at + 2),
        Some(_) => end_of_name(text, at + 1),
    }
}

/// Returns where a command ends that begins at `at`, behind its backtick.
pub fn end_of_backtick(text: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = text.get(at) {
        match byte {
            b'`' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// Tells `$((1+2))` from `$((echo); (ls))`.
fn is_arithmetic(text: &[u8], at: usize) -> bool {
    if text.get(at + 2) != Some(&b'(') {
        return false;
    }
    let mut depth = 0;
    for (index, &byte) in text.iter().enumerate().skip(at + 3) {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return text.get(index + 1) == Some(&b')'),
            b')' => depth -= 1,
            _ => {}
        }
    }
    false
}

fn end_of_arithmetic(text: &[u8], mut at: usize, brackets: bool) -> usize {
    let mut depth = 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'$' => at = end_of_dollar(text, at),
            b'`' => at = end_of_backtick(text, at + 1),
            b'\\' => at += 2,
            b')' if depth == 1 => {
                let closes = !brackets && text.get(at + 1) == Some(&b')');
                return if closes { at + 2 } else { text.len() };
            }
            b']' => {
                let closes = brackets && depth == 1;
                return if closes { at + 1 } else { text.len() };
            }
            b'\n' | b';' | b'{' | b'}' => return text.len(),
            b')' => {
                depth -= 1;
                at += 1;
            }
            b'(' => {
                depth += 1;
                at += 1;
            }
            _ => at += 1,
        }
    }
    text.len()
}

fn end_of_command(text: &[u8], at: usize) -> usize {
    let mut depth = 1;
    let mut quote = None;
    for (index, &byte) in text.iter().enumerate().skip(at) {
        match byte {
            b'\'' | b'"' if quote == Some(byte) => quote = None,
            b'\'' | b'"' if quote.is_none() => quote = Some(byte),
            b'(' if quote.is_none() => depth += 1,
            b')' if quote.is_none() => {
                depth -= 1;
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// Returns where a parameter's name ends that stands without braces.
fn end_of_name(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(b'#' | b'*' | b'@' | b'$' | b'0'..=b'9') => at + 1,
        Some(_) => at + length_of_name(&text[at..]),
        None => at,
    }
}

fn length_of_name(text: &[u8]) -> usize {
    let is_in_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    match text.first() {
        Some(byte) if byte.is_ascii_digit() => 0,
        _ => text.iter().take_while(is_in_name).count(),
    }
}

/// Returns where `${...}` ends, from behind the brace.
fn end_of_braces(text: &[u8], mut at: usize) -> usize {
    if text.get(at) == Some(&b'#') {
        at += 1;
    }
    at += match text.get(at) {
        Some(b'*' | b'@' | b'$') => 1,
        Some(b'0'..=b'9') => text[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count(),
        Some(_) => length_of_name(&text[at..]),
        None => 0,
    };
    match text.get(at) {
        Some(b'}') => return at + 1,
        Some(b':') => at += 2,
        Some(&twice @ (b'#' | b'%')) if text.get(at + 1) == Some(&twice) => at += 2,
        _ => at += 1,
    }
    let mut depth = 0;
    let mut quote = None;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\'' | b'"' if quote == Some(byte) => quote = None,
            b'\'' | b'"' if quote.is_none() => quote = Some(byte),
            b'\\' if quote.is_none() => at += 1,
            b'{' if quote.is_none() => depth += 1,
            b'}' if quote.is_none() && depth == 0 => return at + 1,
            b'}' if quote.is_none() => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    text.len() + 1
}
