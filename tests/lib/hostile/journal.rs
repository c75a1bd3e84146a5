//! Journals of rolls.

use std::ops::ControlFlow;

use psl_admin::status_of_journal;

/// Lines are followed, whatever they say, and are read back as they were written.
///
/// Each line is given the checksum that it would have, without which no line gets further.
pub fn check(bytes: &[u8]) -> ControlFlow<()> {
    // As it is, it may be refused; the last line of it may be torn.
    let _ = status_of_journal(bytes);
    let summed: Vec<u8> = bytes
        .split(|&byte| byte == b'\n')
        .flat_map(summed)
        .collect();
    let told = super::understood(status_of_journal(&summed))?;
    let again = status_of_journal(told.lines.as_bytes());
    assert_eq!(again.as_ref(), Ok(&told));
    match told.lines.is_empty() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

fn summed(line: &[u8]) -> Vec<u8> {
    let end = line.windows(8).rposition(|part| part == b",\"sum\":\"");
    let body = line.strip_suffix(b"}").unwrap_or(line);
    let body = &body[..end.unwrap_or(body.len()).min(body.len())];
    let sum = format!(",\"sum\":\"{:08x}\"}}\n", crc32fast::hash(body));
    [body, sum.as_bytes()].concat()
}
