//! Edits the table of private symbolic links, starts instances, and upgrades them one by one.
use std::process::ExitCode;

fn main() -> ExitCode {
    psl_admin::main()
}
