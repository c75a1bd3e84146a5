//! The table: the goal beside the figure, in Markdown.

use std::fmt;

use crate::alone::Figure;
use crate::pairs::Measured;
use crate::rows::Goal;
use crate::way::Way;

/// All that was measured.
#[derive(Default)]
pub struct Report {
    rows: Vec<Measured>,
    figures: Vec<Figure>,
}

/// The columns after those of the goal; the base is told in time.
const COLUMNS: [Way; 8] = [
    Way::Preload,
    Way::Wide,
    Way::Inert,
    Way::Empty,
    Way::Mount,
    Way::Bubblewrap,
    Way::Fakechroot,
    Way::Proot,
];

impl Report {
    /// Adds a row.
    pub fn add(&mut self, row: Measured) {
        self.rows.push(row);
    }

    /// Adds a figure that is no ratio.
    pub fn add_figure(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// Returns the rows.
    pub fn rows(&self) -> &[Measured] {
        &self.rows
    }
}

impl Measured {
    /// Whether the goal is reached.
    pub fn is_reached(&self) -> bool {
        match self.row.goal {
            // What is printed is what is judged.
            Goal::Ratio { limit, .. } => (self.reached * 100.0).round() <= (limit * 100.0).round(),
            Goal::Over { limit } => self.reached <= limit * 1e3,
        }
    }

    fn goal(&self) -> String {
        match self.row.goal {
            Goal::Ratio { limit, .. } => format!("{limit:.2}"),
            Goal::Over { limit } => format!("+{}", time(limit * 1e3)),
        }
    }

    fn figure(&self) -> String {
        match self.row.goal {
            Goal::Ratio { .. } => format!("{:.2}", self.reached),
            Goal::Over { .. } => format!("{:+} us", (self.reached / 1e3).round()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.rows.is_empty() {
            let names = COLUMNS.map(|way| format!(" {} |", way.name())).concat();
            writeln!(f, "| what | goal | figure | | bare |{names} rounds |")?;
            writeln!(f, "|---|{}", "--:|".repeat(5 + COLUMNS.len()))?;
        }
        for row in &self.rows {
            let what = &row.row.what;
            let (goal, figure, judged) = (row.goal(), row.figure(), judged(row.is_reached()));
            write!(f, "| {what} | {goal} | **{figure}** | {judged} |")?;
            write!(f, " {} |", time(row.bare))?;
            for way in COLUMNS {
                match row.ratios.get(&way) {
                    Some(ratio) if *ratio >= 10.0 => write!(f, " {ratio:.0} |")?,
                    Some(ratio) => write!(f, " {ratio:.2} |")?,
                    None => write!(f, " |")?,
                }
            }
            writeln!(f, " {} |", row.rounds)?;
        }
        if !self.figures.is_empty() {
            writeln!(f, "\n| what | goal | figure | |\n|---|---|---|--:|")?;
        }
        for Figure {
            what,
            goal,
            figure,
            is_reached,
        } in &self.figures
        {
            writeln!(
                f,
                "| {what} | {goal} | {figure} | {} |",
                judged(*is_reached)
            )?;
        }
        Ok(())
    }
}

fn judged(is_reached: bool) -> &'static str {
    if is_reached { "yes" } else { "**no**" }
}

/// Returns a time, given in nanoseconds, with its unit.
fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        it if it < 1e4 => format!("{it:.0} ns"),
        it if it < 1e7 => format!("{:.0} us", it / 1e3),
        it => format!("{:.0} ms", it / 1e6),
    }
}
