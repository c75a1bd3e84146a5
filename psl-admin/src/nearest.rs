//! Which of the known names somebody probably meant.
use std::fmt::Write;

/// The most names that a message lists.
const MOST: usize = 8;

/// Sorts names by how near they are to `wanted`, the nearest first; equally near ones keep their order.
pub fn sort<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<_> = names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(wanted, name), name))
        .collect();
    names.sort_by_key(|&(distance, _)| distance);
    names.into_iter().map(|(_, name)| name).collect()
}

/// Lists names for a message, each in quotes, and says how many are left out.
pub fn listed(names: &[&str]) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().take(MOST).enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(text, "{comma}{name:?}").expect("writing to a string succeeds");
    }
    if names.len() > MOST {
        write!(text, " and {} more", names.len() - MOST).expect("writing to a string succeeds");
    }
    text
}
