//! Where the links of the rows are: two names may be one place.
use crate::explain::view::View;
use psl_table::select::{self, Edge, Outcome};
use psl_table::table::Table;
use std::collections::HashMap;

/// A place: the physical directory, and the name in it.
pub type At = [Box<[u8]>; 2];

/// The places of all rows, for one view.
#[derive(Debug)]
pub struct Places<'t> {
    table: &'t Table,
    /// Each row's place, where that can be found.
    pub of_rows: Vec<Option<At>>,
    /// The row that has a place.
    winners: HashMap<At, usize>,
    /// The first row of a private target, by the place of the target.
    hiders: HashMap<At, usize>,
}

impl<'t> Places<'t> {
    /// Finds them.
    pub fn of(view: &View<'t>) -> Self {
        let table = view.table;
        let links = || table.links.iter().enumerate();
        let of_rows: Vec<_> = links().map(|(_, row)| view.place_of(&row.from)).collect();
        let mut winners = HashMap::new();
        let won = |&(position, _): &(usize, _)| view.outcomes[position] == Outcome::Wins;
        for (position, row) in links().filter(won) {
            let Some(place) = of_rows[position].clone() else {
                continue;
            };
            let best = winners.entry(place).or_insert(position);
            if select::strength(&table.links[*best], *best) < select::strength(row, position) {
                *best = position;
            }
        }
        let mut hiders = HashMap::new();
        for (position, row) in links().filter(|(_, row)| row.private) {
            if let Some(place) = view.place_of(&row.to) {
                hiders.entry(place).or_insert(position);
            }
        }
        Self {
            table,
            of_rows,
            winners,
            hiders,
        }
    }

    /// Returns the row of the link at a place, if there is one.
    pub fn row_at(&self, dir: &[u8], name: &[u8]) -> Option<usize> {
        self.winners.get(&[dir.into(), name.into()]).copied()
    }

    /// Returns the row that makes the target at a place private, if one names it by a name of its directory.
    pub fn hider_of(&self, dir: &[u8], name: &[u8]) -> Option<usize> {
        self.hiders.get(&[dir.into(), name.into()]).copied()
    }

    /// Returns which row took the place of this one by another name of it, and why.
    pub fn taken_by(&self, position: usize) -> Option<(usize, Edge)> {
        let winner = *self.winners.get(self.of_rows[position].as_ref()?)?;
        (winner != position).then(|| (winner, select::edge(self.table, winner, position)))
    }
}
