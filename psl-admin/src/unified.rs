//! What differs between two texts, as a unified diff.
use anstyle::{AnsiColor, Style};
use psl_table::history;
use psl_table::table::Table;
use psl_table::visible;
use similar::TextDiff;
use std::path::Path;

/// Returns the unified diff of two texts, each given as (name, text); empty when they are equal.
pub fn plain([old, new]: [(&str, &str); 2]) -> String {
    TextDiff::from_lines(old.1, new.1)
        .unified_diff()
        .header(old.0, new.0)
        .to_string()
}

/// Returns a unified diff with terminal styles.
pub fn styled(diff: &str) -> String {
    diff.split_inclusive('\n')
        .map(|line| {
            let style = style_of(line);
            let text = visible::lines(line.trim_end_matches('\n'));
            format!("{style}{text}{style:#}\n")
        })
        .collect()
}

/// Returns a table's text, which may be broken, without what every commit sets: its header and the generation's number.
pub fn comparable(text: &str) -> String {
    if let Ok(table) = Table::parse(Path::new("table.toml"), text) {
        let span = table.generation_span();
        let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[span.end..]
            .find('\n')
            .map_or(text.len(), |at| span.end + at + 1);
        return history::without_header(&text[..start]).to_owned() + &text[end..];
    }
    let lines = history::without_header(text).split_inclusive('\n');
    let is_number = |line: &&str| {
        line.split('=')
            .next()
            .is_some_and(|key| key.trim() == "generation")
    };
    lines.filter(|line| !is_number(line)).collect()
}

fn style_of(line: &str) -> Style {
    let colour = match line.as_bytes() {
        [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => return Style::new().bold(),
        [b'+', ..] => AnsiColor::Green,
        [b'-', ..] => AnsiColor::Red,
        [b'@', ..] => AnsiColor::Cyan,
        _ => return Style::new(),
    };
    colour.on_default()
}
