//! What instances need of a host, one check a line.
mod filesystem;
mod kernel;
mod loader;
mod shim;
mod store;

use super::finding::{self, Finding};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use psl_table::config::{HostConfig, OnError, OnUncovered};
use psl_table::trust::Trust;
use serde::Serialize;

/// What `doctor --json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    ready: bool,
    checks: &'a [Finding],
}

/// Checks everything, and prints it.
pub fn examine(context: &Context) -> Result<Exit, Failure> {
    let findings = findings(context);
    let exit = finding::exit(&findings);
    if context.console.json {
        context.console.print_json(&Shown {
            ready: exit == Exit::Done,
            checks: &findings,
        })?;
    } else {
        context.console.print_styled(&finding::text(&findings))?;
    }
    Ok(exit)
}

fn findings(context: &Context) -> Vec<Finding> {
    let host = context.host();
    let mut findings = vec![configuration(&host)];
    // What an invalid configuration says is not known; what does not depend on it is still checked.
    let host = host.unwrap_or_default();
    findings.extend(shim::check(&host));
    let (found, table) = store::check(context, &host);
    findings.extend(found);
    findings.push(kernel::user());
    findings.extend(kernel::check());
    findings.push(loader::check(table.as_ref()));
    findings
}

fn configuration(host: &Result<HostConfig, Failure>) -> Finding {
    const NAME: &str = "configuration";
    let host = match host {
        Ok(host) => host,
        Err(failure) => return Finding::fail(NAME, failure),
    };
    let file = std::env::var_os("PSL_CONFIG").filter(|path| !path.is_empty());
    let file = file.unwrap_or_else(|| psl_table::config::DEFAULT_FILE.into());
    let found = match std::fs::exists(&file) {
        Ok(true) => format!("{file:?} is valid"),
        _ => format!("there is no {file:?}: all is as by default"),
    };
    let mut lax = Vec::new();
    if host.trust == Trust::Any {
        lax.push("trust = \"any\": whoever can write the store can run code as every member");
    }
    if host.on_error == OnError::Ignore {
        lax.push("on_error = \"ignore\": without a valid table programs run without links");
    }
    if host.on_uncovered == OnUncovered::Warn {
        lax.push("on_uncovered = \"warn\": what cannot be carried runs without links");
    }
    match lax.is_empty() {
        true => Finding::ok(NAME, found),
        false => Finding::warn(
            NAME,
            format!("{found}, and lax: {}", lax.join("; ")),
            "take the line out of the file unless that is meant",
        ),
    }
}
