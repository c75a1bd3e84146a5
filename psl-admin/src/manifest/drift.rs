//! How a tree differs from its manifest.
use crate::failure::Failure;
use crate::manifest::record::{Record, escaped};
use crate::manifest::taking::Taking;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// How one path differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Drift {
    /// The manifest names it, and it is not there.
    Missing,
    /// It is there, and the manifest does not name it.
    Added,
    /// It is not what the manifest says.
    Changed,
}

/// A path that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The path relative to the tree, escaped as in the manifest.
    pub path: String,
    /// How it differs.
    pub drift: Drift,
    /// What has changed: kind, content, target, device, mode or owner, with both where they are short.
    pub changes: Vec<String>,
}

impl Finding {
    fn new(path: &[u8], drift: Drift, changes: Vec<String>) -> Self {
        Self {
            path: escaped(path),
            drift,
            changes,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.drift {
            Drift::Missing => write!(f, "missing {}", self.path),
            Drift::Added => write!(f, "added {}", self.path),
            Drift::Changed => write!(f, "changed {}: {}", self.path, self.changes.join(", ")),
        }
    }
}

/// Lists the paths that differ, in their order. A time of modification alone is no difference.
pub fn find(
    tree: &Path,
    mut expected: BTreeMap<Vec<u8>, Record>,
    taking: &Taking<'_>,
) -> Result<Vec<Finding>, Failure> {
    let mut found = BTreeMap::new();
    taking.each(tree, |path, record| {
        let finding = match expected.remove(path) {
            None => Some(Finding::new(path, Drift::Added, Vec::new())),
            Some(before) => {
                let changes = changes(&before, &record);
                (!changes.is_empty()).then(|| Finding::new(path, Drift::Changed, changes))
            }
        };
        if let Some(finding) = finding {
            found.insert(path.to_vec(), finding);
        }
        Ok(())
    })?;
    for path in expected.into_keys() {
        let finding = Finding::new(&path, Drift::Missing, Vec::new());
        found.insert(path, finding);
    }
    Ok(found.into_values().collect())
}

fn changes(before: &Record, after: &Record) -> Vec<String> {
    let mut changes = Vec::new();
    if before.kind != after.kind {
        changes.push(format!("{} became {}", before.kind, after.kind));
    } else if (before.size, &before.content) != (after.size, &after.content) {
        let shown = |record: &Record| escaped(record.content.as_deref().unwrap_or_default());
        changes.push(match before.kind {
            "file" => "content".to_owned(),
            "symlink" => format!("target {} became {}", shown(before), shown(after)),
            _ => format!("device {} became {}", shown(before), shown(after)),
        });
    }
    if before.mode != after.mode {
        changes.push(format!(
            "mode {:04o} became {:04o}",
            before.mode, after.mode
        ));
    }
    let owner = |record: &Record| (record.user, record.group);
    if owner(before) != owner(after) {
        let ((user, group), (new_user, new_group)) = (owner(before), owner(after));
        changes.push(format!(
            "owner {user}:{group} became {new_user}:{new_group}"
        ));
    }
    changes
}
