//! `members.toml`.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use psl_table::members::{Command, Health, Members, Start};

/// What is accepted can be started, stopped and checked; what is not is shown with its place.
pub fn check(bytes: &[u8]) -> ControlFlow<()> {
    let text = super::understood(std::str::from_utf8(bytes))?;
    let members = match Members::parse(Path::new("members.toml"), text) {
        Ok(members) => members,
        Err(error) => {
            assert!(error.to_string().starts_with("members.toml:"), "{error}");
            assert!(!psl_admin::shown(error).is_empty());
            return ControlFlow::Break(());
        }
    };
    let is_command = |command: &Command| {
        let argv = command.argv();
        !argv.is_empty() && argv.iter().all(|part| !part.contains('\0')) && !argv[0].is_empty()
    };
    for (name, plan) in &members.0 {
        assert!(!name.is_empty() && !name.contains(['/', '\0', '\n', '\u{1b}']));
        assert!((1..=text.lines().count().max(1)).contains(&plan.line));
        assert!(plan.stop_deadline <= Duration::from_secs(100 * 366 * 86400));
        match &plan.start {
            Start::Command { command, .. } => assert!(is_command(command)),
            Start::Unit(unit) => assert!(!unit.is_empty() && !unit.contains(char::is_control)),
            Start::Commands { start, stop } => assert!(is_command(start) && is_command(stop)),
        }
        match &plan.health {
            Some(Health::Exec(command)) => assert!(is_command(command)),
            Some(Health::Tcp(address)) => assert!(address.port > 0 && !address.host.is_empty()),
            Some(Health::Http {
                url, address, path, ..
            }) => {
                assert!(url.starts_with("http://") && path.starts_with('/') && address.port > 0);
                assert!(!url.contains(char::is_control));
            }
            None => {}
        }
    }
    ControlFlow::Continue(())
}
