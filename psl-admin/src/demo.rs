//! `demo`: the life of an upgrade, on this machine, in a temporary directory.
// In the order of the flow: the upgrade, who does what in it, what they stand on.
mod life;

mod admin;
mod balancer;
mod facts;
mod instance;
mod load;
mod look;
mod story;
mod summary;

mod answer;
mod board;
mod http;
mod port;
mod process;
mod site;
mod standing;
mod sweep;
mod tally;
mod version;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Signals;
use admin::Admin;
use board::Board;
use clap::Args;
use life::Life;
use site::Site;
use std::sync::Arc;
use story::Story;

const AFTER_HELP: &str = "\
Exits with 0 when no request failed and all came as it had to, and with 7 otherwise.

Examples: psl-admin demo
          psl-admin demo --keep
          psl-admin demo --json | jq .failed";

/// Shows the life of an upgrade: three instances of a small server move to version 2 one by one, under requests
///
/// The program that drives the roll is killed in the middle of it, and another one goes on; version 3 does not become
/// healthy, and is undone; version 2 is given to everybody, and version 1 is removed. It takes less than a minute.
/// Everything lies in a directory of its own below $TMPDIR or /tmp, and ends with the demo, also on Ctrl-C. PSL
/// variables, the host configuration and $LD_PRELOAD do not matter.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Demo {
    /// Leaves the directory behind, and says how to go on in it
    #[arg(long)]
    keep: bool,
}

impl Demo {
    /// Shows it, and cleans up, whatever happens.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        if context.store.is_some() {
            return Err(Failure::new(
                Exit::Usage,
                "`demo` makes a store of its own, expected no --store",
            ));
        }
        let signals = Signals::listen()?;
        let shown = self.show(context, &signals);
        signals.die();
        shown
    }

    fn show(&self, context: &Context, signals: &Signals) -> Result<Exit, Failure> {
        let site = Site::make(self.keep)?;
        let story = Story::new(context.console, site.root());
        let board = Arc::new(Board::new(signals.clone()));
        let mut life = Life::begin(Admin::new(site, story, board)?)?;
        life.upgrade()?;
        life.fail()?;
        life.finish()?;
        life.end()?.print(&context.console)?;
        Ok(Exit::Done)
    }
}
