//! Text edited by whole lines, so that what is not edited stays byte for byte.
use similar::{ChangeTag, TextDiff};
use std::ops::Range;

/// Returns `text` with `block` behind it, one empty line between them, in the line ends of `text`.
pub fn appended(text: &str, block: &str) -> String {
    let end = line_end(text);
    let mut edited = text.to_owned();
    if !edited.is_empty() && !edited.ends_with('\n') {
        edited.push_str(end);
    }
    if !edited.is_empty() {
        edited.push_str(end);
    }
    edited.push_str(&block.trim_start_matches('\n').replace('\n', end));
    edited
}

/// Returns `text` without the lines of these byte ranges, their own comments (the comment lines directly above), and
/// one of the empty lines around each.
pub fn without(text: &str, ranges: &[Range<usize>]) -> String {
    let mut ranges: Vec<_> = ranges.iter().map(|range| block(text, range)).collect();
    ranges.sort_by_key(|range| range.start);
    let mut edited = String::with_capacity(text.len());
    let mut kept = 0;
    for range in ranges {
        edited.push_str(text.get(kept..range.start).unwrap_or_default());
        kept = kept.max(range.end);
    }
    edited.push_str(&text[kept..]);
    edited
}

/// Returns `edited` with the lines that it shares with `text` as they are there: toml_edit writes no carriage returns.
pub fn carried(text: &str, edited: &str) -> String {
    if !text.contains('\r') {
        return edited.to_owned();
    }
    let end = line_end(text);
    let plain = text.replace("\r\n", "\n");
    let mut originals = text.split_inclusive('\n');
    let mut carried = String::with_capacity(text.len());
    for change in TextDiff::from_lines(plain.as_str(), edited).iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => carried.push_str(originals.next().unwrap_or_default()),
            ChangeTag::Delete => drop(originals.next()),
            ChangeTag::Insert => carried.push_str(&change.value().replace('\n', end)),
        }
    }
    carried
}

fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Widens a byte range to whole lines, the comment directly above, and one empty line around.
fn block(text: &str, range: &Range<usize>) -> Range<usize> {
    let mut start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    while let Some(line) = line_before(text, start) {
        if !text[line.clone()].trim_start().starts_with('#') {
            break;
        }
        start = line.start;
    }
    let mut end = text[range.end..]
        .find('\n')
        .map_or(text.len(), |at| range.end + at + 1);
    let next = text[end..].split_inclusive('\n').next();
    if let Some(line) = next.filter(|line| line.trim().is_empty()) {
        end += line.len();
    } else if let Some(line) =
        line_before(text, start).filter(|line| text[line.clone()].trim().is_empty())
    {
        start = line.start;
    }
    start..end
}

fn line_before(text: &str, start: usize) -> Option<Range<usize>> {
    let before = text[..start].strip_suffix('\n')?;
    Some(before.rfind('\n').map_or(0, |at| at + 1)..start)
}
