//! What differs between two texts, as a unified diff.
use anstyle::{AnsiColor, Style};
use similar::TextDiff;

/// Returns the unified diff of two texts, each given as (name, text); empty when they are equal.
pub fn plain([old, new]: [(&str, &str); 2]) -> String {
    TextDiff::from_lines(old.1, new.1)
        .unified_diff()
        .header(old.0, new.0)
        .to_string()
}

/// Returns the same with terminal styles.
pub fn styled(texts: [(&str, &str); 2]) -> String {
    plain(texts)
        .split_inclusive('\n')
        .map(|line| {
            let style = style_of(line);
            let text = line.trim_end_matches('\n');
            format!("{style}{text}{style:#}\n")
        })
        .collect()
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
