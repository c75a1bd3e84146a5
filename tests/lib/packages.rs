//! The software that tests run and that nobody here wrote: from Debian packages.

use std::path::Path;

/// `package file`, a line each; `.ci/run` installs the packages.
const LIST: &str = include_str!("../packages.txt");

/// Returns this file of a listed package.
///
/// Panics with the line that installs what is missing.
#[track_caller]
pub fn file(path: &str) -> &Path {
    assert!(
        rows().any(|(_, listed)| listed == path),
        "\"{path}\" is not in tests/packages.txt"
    );
    if !Path::new(path).exists() {
        panic!("\"{path}\" is missing: {}", install_line());
    }
    Path::new(path)
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = LIST.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split_once(' ').expect("a package and its file"))
}

fn install_line() -> String {
    let missing = rows().filter(|(_, file)| !Path::new(file).exists());
    let missing: Vec<_> = missing.map(|(package, _)| package).collect();
    format!("apt-get install -y {}", missing.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_files_are_listed_once_in_order() {
        let packages: Vec<_> = rows().map(|(package, _)| package).collect();
        assert!(packages.is_sorted_by(|a, b| a < b), "{packages:?}");
        for (package, file) in rows() {
            assert!(file.starts_with('/') && !file.contains(' '), "{package}");
        }
    }
}
