//! Programs for the tree: a tool that says what it is, a library, and scripts whose interpreters lie behind a link.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::shim;

/// A script's name, mode and text; `{}` is the root.
const SCRIPTS: &[(&str, u32, &str)] = &[
    ("script", 0o755, "#!{}/shared/version/tool one argument \n"),
    (
        "nested-script",
        0o755,
        "#!{}/shared/version/script nested\n",
    ),
    ("relative-script", 0o755, "#! version/tool\n"),
    (
        "shell",
        0o755,
        "#!/bin/sh\nread line < {}/shared/version/which || test \"$line\" && echo \"$0 $* $line\"\n",
    ),
    (
        "clean",
        0o755,
        "#!/bin/sh\nexec /usr/bin/env -i {}/shared/version/tool clean\n",
    ),
    ("text", 0o755, "echo \"$0 $*\"\n"),
    ("plain", 0o644, "#!/bin/sh\n"),
    ("lost", 0o755, "#!{}/shared/version/missing\n"),
    ("barred", 0o755, "#!{}/shared/erp2/tool\n"),
];

/// Adds them to both versions, and to what lies at the link or is hidden if that is a directory.
pub fn add(root: &Path, probe: &Path) -> io::Result<()> {
    let tool = root.join("shared/version2/tool");
    fs::copy(probe, &tool)?;
    let dirs = [
        "shared/version1",
        "shared/version2",
        "shared/version",
        "shared/erp2",
    ];
    for dir in dirs {
        let dir = root.join(dir);
        let is_real = fs::symlink_metadata(&dir).is_ok_and(|it| it.is_dir());
        if !is_real {
            continue;
        }
        fs::copy(shim::counting_allocator(), dir.join("libversion.so"))?;
        if !dir.join("tool").exists() {
            fs::hard_link(&tool, dir.join("tool"))?;
        }
        for (name, mode, text) in SCRIPTS {
            let script = dir.join(name);
            fs::write(&script, text.replace("{}", &root.display().to_string()))?;
            fs::set_permissions(&script, Permissions::from_mode(*mode))?;
        }
    }
    Ok(())
}
