//! A row a member on a terminal: its state, for how long, and its health.
use crate::roll::journal::Line;
use crate::roll::state::{Side, State};
use crate::roll::watch::{Watch, quoted, words};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use psl_table::visible;
use std::time::Duration;

/// How often the running time is drawn.
const TICK: Duration = Duration::from_millis(200);

/// A row for each member, below what is told of the whole roll.
pub struct Rows {
    all: MultiProgress,
    rows: Vec<(String, ProgressBar)>,
}

impl Rows {
    /// Draws all members where they are.
    pub fn of(state: &State) -> Self {
        let all = MultiProgress::new();
        let width = state.plan.members().map(str::len).max().unwrap_or(0);
        let template = format!("{{prefix:{width}}}  {{elapsed:>4}}  {{msg}}");
        let style = ProgressStyle::with_template(&template)
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let rows = state.plan.members().zip(&state.standings);
        let rows = rows.map(|(member, standing)| {
            let row = all.add(ProgressBar::new_spinner().with_style(style.clone()));
            row.set_prefix(visible::line(member));
            row.set_message(match standing.side {
                Side::Old => "waits",
                Side::Between => "half done",
                Side::New => "upgraded",
            });
            (member.to_owned(), row)
        });
        Self {
            rows: rows.collect(),
            all,
        }
    }

    fn row(&self, member: &str) -> Option<&ProgressBar> {
        let found = self.rows.iter().find(|(name, _)| name == member);
        found.map(|(_, row)| row)
    }
}

impl Watch for Rows {
    fn line(&self, line: &Line, _: &State) {
        let Some(member) = line.event.member() else {
            if let Some(said) = words::of(&line.event) {
                // A terminal that is gone does not end the roll.
                let _ = self.all.println(visible::lines(&said));
            }
            return;
        };
        let (Some(row), Some(said)) = (self.row(member), words::of_member(&line.event)) else {
            return;
        };
        if words::is_last(&line.event) {
            row.disable_steady_tick();
        } else if words::is_first(&line.event) {
            row.reset_elapsed();
            row.enable_steady_tick(TICK);
        }
        row.set_message(visible::line(&said));
    }

    fn output(&self, member: &str, text: &str) {
        let _ = self.all.println(quoted(member, text).trim_end());
    }

    fn end(&self) {
        for (_, row) in &self.rows {
            row.abandon();
        }
    }
}
