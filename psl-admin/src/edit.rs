//! `edit`: the table in an editor.
use crate::base::Base;
use crate::change::Change;
use crate::console;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::unified;
use clap::Args;
use psl_table::history::Author;
use psl_table::store::Store;
use psl_table::table::Table;

mod ask;
mod draft;
mod drafts;
mod editor;
mod interrupt;

use ask::Choice;
use draft::Draft;
use drafts::Drafts;
use interrupt::Interrupts;

const AFTER_HELP: &str = "\
The text that you type is never lost: where it is not committed (it is invalid, somebody else was faster, the editor
failed, the connection broke), it is kept in $XDG_STATE_HOME/psl/edit (by default ~/.local/state/psl/edit), and the next
`edit` of this store offers it, with what others have committed meanwhile merged into it.

Examples: psl-admin edit --reason 'roll 7'
          EDITOR='code --wait' psl-admin edit --dry-run";

/// What to know before the editor opens.
const MARKED: &str =
    "others have changed the same lines: the text has both, between <<<<<<< and >>>>>>>";

/// Opens the table in $VISUAL, else $EDITOR, else vi; shows what differs, and commits it
///
/// A broken table can be opened, too. The text is checked before it is committed; on a terminal one may edit again, or
/// discard it, when it is invalid.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Edit {
    /// Goes on with the kept text of the last edit that was not committed, without asking
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    change: Change,
}

impl Edit {
    /// Has the table edited until it is valid, and commits it.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let store = context.open()?;
        let base = Base::read(&store)?;
        let current = base.number.unwrap_or(0);
        self.change.expect_generation(current, base.by())?;
        let interrupts = Interrupts::listen()?;
        let draft = match self.kept(context, &store)? {
            Some(kept) => {
                if kept.merge(&base)? {
                    context.console.warn(MARKED);
                }
                kept
            }
            None => Drafts::of(&store)?.begin(&base)?,
        };
        interrupts.keep(&draft);
        let ended = until_valid(&interrupts, &draft);
        let table = match ended {
            Ok(Some(table)) => table,
            Ok(None) => {
                interrupts.forget();
                draft.remove()?;
                return Ok(Exit::No);
            }
            Err(failure) => return Err(draft.left(failure)),
        };
        let exit = self.commit(context, &store, &base, &table);
        match exit {
            Ok(exit) if self.change.dry_run && !base.has(table.text()) => {
                context.console.note(&draft::kept(draft.dir()));
                Ok(exit)
            }
            Ok(exit) => {
                interrupts.forget();
                draft.remove()?;
                Ok(exit)
            }
            Err(failure) => Err(draft.left(failure)),
        }
    }

    /// Offers the texts that earlier edits left behind.
    fn kept(&self, context: &Context, store: &Store) -> Result<Option<Draft>, Failure> {
        for draft in Drafts::of(store)?.kept()? {
            if self.resume {
                return Ok(Some(draft));
            }
            let file = draft.file();
            let question = format!("{file:?} is the text of an edit that was not committed");
            let options = [
                Choice('c', "continue it"),
                Choice('d', "discard it"),
                Choice('l', "leave it and begin with the table"),
            ];
            match ask::choose(&question, &options) {
                Some('c') => return Ok(Some(draft)),
                Some('d') => draft.remove()?,
                Some(_) => return Ok(None),
                None => {
                    let question = format!("{question}; `psl-admin edit --resume` goes on with it");
                    context.console.note(&question);
                }
            }
        }
        if self.resume {
            return Err(Failure::new(Exit::No, "no text of an earlier edit is kept")
                .with_help("`psl-admin edit` opens the table"));
        }
        Ok(None)
    }

    fn commit(
        &self,
        context: &Context,
        store: &Store,
        base: &Base,
        table: &Table,
    ) -> Result<Exit, Failure> {
        let texts = [&base.text, table.text()].map(unified::comparable);
        let diff = unified::plain([(&base.name(), &texts[0]), ("edited", &texts[1])]);
        if self.change.dry_run {
            return self.change.show(context, base.number.unwrap_or(0), &diff);
        }
        if !context.console.json {
            context.console.print_styled(&unified::styled(&diff))?;
        }
        let author = Author::here(self.change.reason.clone());
        match base.exchange(store, &author, table.text()) {
            Ok(generation) => self.change.committed(context, generation, Some(&diff)),
            Err(error) => {
                let failure = Failure::Table(error);
                if failure.exit() == Exit::Conflict {
                    show_theirs(context, store, base);
                }
                Err(failure)
            }
        }
    }
}

/// Opens the editor until the text is a table; none when the administrator discards it.
fn until_valid(interrupts: &Interrupts, draft: &Draft) -> Result<Option<Table>, Failure> {
    loop {
        editor::open(draft.file(), interrupts)?;
        let failure = match Table::load(draft.file()) {
            Ok(table) => return Ok(Some(table)),
            Err(error) => Failure::Table(error),
        };
        if !ask::is_possible() {
            return Err(failure);
        }
        console::show_failure(&failure);
        let options = [
            Choice('e', "edit again"),
            Choice('d', "discard the text"),
            Choice('k', "keep it for the next edit"),
        ];
        match ask::choose("the text is not committed", &options) {
            Some('e') => {}
            Some('d') => return Ok(None),
            _ => return Err(Failure::new(failure.exit(), "nothing is committed")),
        }
    }
}

/// Shows what somebody else has changed meanwhile.
fn show_theirs(context: &Context, store: &Store, base: &Base) {
    // A table that cannot be read at this moment is no reason to say nothing of the conflict.
    let Ok(theirs) = Base::read(store) else {
        return;
    };
    let texts = [&base.text, &theirs.text].map(|text| unified::comparable(text));
    let diff = unified::plain([(&base.name(), &texts[0]), (&theirs.name(), &texts[1])]);
    context.console.aside_styled(&unified::styled(&diff));
}
