//! `upgrade pause`: no other member begins.
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::directory::Rolls;
use crate::roll::driven;
use crate::roll::request::Request;
use crate::upgrade::chosen;
use clap::Args;

/// Lets a roll wait before its next member; the one that is being upgraded is finished
#[derive(Args, Debug)]
#[command(after_help = "Example: psl-admin upgrade pause")]
pub struct Pause {
    /// The roll; without it the only one that has not ended
    #[arg(value_name = "ROLL")]
    roll: Option<String>,
}

impl Pause {
    /// Asks whoever drives the roll.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let store = context.open()?;
        let rolls = Rolls { store: &store };
        let state = chosen::roll(&rolls, self.roll.as_deref())?;
        let roll = &state.plan.roll;
        let Some(owner) = driven::by(&rolls, roll)? else {
            let message = format!("nobody drives roll {roll:?}, so that there is nothing to pause");
            return Err(Failure::new(Exit::No, message).with_help(format!(
                "`psl-admin upgrade status {roll}` says where it is"
            )));
        };
        Request::Pause.put(&rolls, roll)?;
        context.console.note(&format!(
            "roll {roll} waits before its next member: {owner} was asked"
        ));
        Ok(Exit::Done)
    }
}
