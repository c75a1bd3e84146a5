//! What the administrator of a demo asks psl-admin and the file system for.
use crate::demo::admin::Admin;
use crate::exit::Exit;
use crate::failure::Failure;
use serde_json::Value;
use std::path::Path;

/// Fails when the version that `finish` has kept is still there.
pub fn expect_collected(admin: &Admin) -> Result<(), Failure> {
    let path = admin.site.path("binaries");
    let entries = Path::new(&path)
        .read_dir()
        .map_err(|error| Failure::new(Exit::Storage, format!("cannot read {path:?}: {error}")))?;
    let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    match names.find(|name| name.contains(".old-")) {
        None => Ok(()),
        Some(name) => {
            let message = format!("{name:?} is there still, expected `gc` to remove it");
            Err(Failure::new(Exit::Failed, message))
        }
    }
}

/// Returns the process and the generation of each member's instance, in their order. `ps` may show instances of other
/// stores as well, those that have lost their environment.
pub fn running(admin: &Admin, members: &[&str]) -> Result<Vec<(u64, u64)>, Failure> {
    let rows = admin.json(&["ps", "--json"])?;
    let below = admin.site.path("binaries/");
    let is_of = |row: &Value, member: &str| {
        let program = row["program"].as_str();
        row["member"] == member && program.is_some_and(|program| program.starts_with(&below))
    };
    let of = |member: &&str| {
        let mut rows = rows.as_array()?.iter();
        let found = rows.find(|row| is_of(row, member))?;
        Some((found["pid"].as_u64()?, found["generation"].as_u64()?))
    };
    let found: Vec<_> = members.iter().filter_map(of).collect();
    match found.len() == members.len() {
        true => Ok(found),
        false => {
            let message = format!("`ps` shows {rows}, expected all members");
            Err(Failure::new(Exit::Failed, message))
        }
    }
}

/// Returns the current generation.
pub fn generation(admin: &Admin) -> Result<u64, Failure> {
    let rows = admin.json(&["history", "-n", "1", "--json"])?;
    rows[0]["generation"].as_u64().ok_or_else(|| {
        let message = format!("`history` shows {rows}, expected a generation");
        Failure::new(Exit::Failed, message)
    })
}
