//! What the tree consists of, and the few programs that are compiled for it.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Error};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// How many entries the directory has whose entries are looked at one by one.
pub const ENTRIES: usize = 10_000;

/// How many files find(1) finds.
pub const FOUND: usize = 50_000;

/// How many files are in the repository.
pub const TRACKED: usize = 5_000;

/// Makes the tree.
pub fn make(tree: &Path) -> io::Result<()> {
    for dir in ["dir", "link", "version2", "other"] {
        fs::create_dir_all(tree.join(dir))?;
    }
    for file in ["file", "dir/file", "version2/file"] {
        fs::write(tree.join(file), "text\n")?;
    }
    // A mount engine wants something to lie where links are.
    for number in 1..10 {
        fs::write(tree.join(format!("other/from-{number}")), "")?;
    }
    // The links of the bare: `real` for who has no others.
    symlink("version2", tree.join("real"))?;
    files(&tree.join("entries"), ENTRIES, ENTRIES, "")?;
    files(&tree.join("found"), FOUND, 500, "")?;
    files(&tree.join("repository"), TRACKED, 100, &source())?;
    fs::write(tree.join("source.c"), source())?;
    for arguments in [
        &["init", "--quiet"] as &[&str],
        &["add", "."],
        &[
            "-c",
            "user.name=nobody",
            "-c",
            "user.email=nobody@localhost",
            "commit",
            "--quiet",
            "--message=all",
        ],
        // What an index remembers of files as young as itself is not believed.
        &["status"],
    ] {
        let mut git = Command::new("/usr/bin/git");
        git.args(arguments)
            .current_dir(tree.join("repository"))
            .env("HOME", tree)
            .env("GIT_CONFIG_NOSYSTEM", "1");
        done(&mut git)?;
    }
    Ok(())
}

/// Makes so many files, so many of them in a directory.
fn files(dir: &Path, count: usize, per_directory: usize, text: &str) -> io::Result<()> {
    for number in 0..count {
        let parent = match per_directory < count {
            true => dir.join(format!("directory-{}", number / per_directory)),
            false => dir.to_owned(),
        };
        if number % per_directory == 0 {
            fs::create_dir_all(&parent)?;
        }
        fs::write(parent.join(format!("file-{number}")), text)?;
    }
    Ok(())
}

/// Returns a C program that includes what many do.
fn source() -> String {
    let headers = [
        "dirent.h",
        "errno.h",
        "fcntl.h",
        "math.h",
        "netdb.h",
        "pthread.h",
        "signal.h",
        "stdio.h",
        "stdlib.h",
        "string.h",
        "sys/socket.h",
        "sys/stat.h",
        "time.h",
        "unistd.h",
    ];
    let included = headers.map(|header| format!("#include <{header}>\n"));
    included.concat() + "int main(void) { return puts(\"text\") < 0; }\n"
}

/// Compiles a C file.
pub fn compile(source: &Path, to: &Path, flags: &[&str]) -> io::Result<()> {
    let mut compiler = Command::new("cc");
    compiler.args(flags).arg(source).arg("-o").arg(to);
    done(&mut compiler)
}

/// Returns the path of a peer's library, which lies where this architecture's libraries do.
pub fn library_of(peer: &str) -> io::Result<OsString> {
    let file = format!("{peer}/lib{peer}.so");
    for dir in fs::read_dir("/usr/lib")? {
        let library = dir?.path().join(&file);
        if library.exists() {
            return Ok(library.into());
        }
    }
    // Its ways are left out, as those of other peers that are not there.
    Ok(format!("/usr/lib/{file}").into())
}

/// Runs a command that has to succeed.
fn done(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Error::other(format!(
            "{command:?} ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ))),
    }
}
