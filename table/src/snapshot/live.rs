//! Live links: a running process follows their texts through later generations of the table.

use std::collections::BTreeMap;

use rustix::io::Errno;

use super::{Entry, Link, Place, Row, Snapshot, is_or_is_below};
use crate::choices::{Choice, Choices};
use crate::tree::Tree;
use crate::walk::Scratch;

impl Snapshot {
    /// Returns the same with the texts that live links have in a later table, as far as it was decided in `newest`.
    ///
    /// Everything else stays: which places there are, the links that are not live, and a live one that the later table
    /// has no more, or not as a live one. What was hidden and has a live link lead to it is hidden no longer. None if
    /// all texts are the same. Fails with `EINVAL` where a text has a NUL.
    pub fn with_live(
        &self,
        newest: &Choices,
        exe: &[u8],
        tree: &impl Tree,
    ) -> Result<Option<Self>, Errno> {
        let mut winners: BTreeMap<&[u8], &Choice> = BTreeMap::new();
        for row in newest.holding(exe) {
            winners.entry(row.from.as_bytes()).or_insert(row);
        }
        let changed = |place: &Place| {
            let Entry::Link(link) = &place.entry else {
                return None;
            };
            let winner = *winners.get(&*link.from).filter(|_| link.live)?;
            let is_other = winner.live && winner.to.as_bytes() != link.to.to_bytes();
            is_other.then_some(winner)
        };
        let mut texts = Vec::new();
        let mut places = Vec::with_capacity(self.places.len());
        for place in &self.places {
            let mut place = place.clone();
            if let Some(winner) = changed(&place) {
                let row = Row {
                    from: winner.from.as_bytes(),
                    to: winner.to.as_bytes(),
                    live: true,
                };
                let link = Link::at(&place.dir, &place.name, row, newest.committed)?;
                place.entry = Entry::Link(link);
                texts.push(winner.to.as_bytes());
            }
            places.push(place);
        }
        if texts.is_empty() {
            return Ok(None);
        }
        let changed = Self::index(self.generation, self.root, places);
        Ok(Some(changed.without_hiding(&texts, tree)))
    }

    /// Shows what these texts lead to, or through.
    fn without_hiding(self, texts: &[&[u8]], tree: &impl Tree) -> Self {
        let is_hidden = |place: &Place| place.entry == Entry::Hidden;
        if !self.places.iter().any(is_hidden) {
            return self;
        }
        let open = Self::index(
            self.generation,
            self.root,
            (self
                .places
                .iter()
                .filter(|place| !is_hidden(place))
                .cloned())
            .collect(),
        );
        let mut scratch = Scratch::new();
        let reached = |text: &&[u8]| open.physical(text, tree, &mut scratch).ok();
        let reached: Vec<_> = texts.iter().filter_map(reached).collect();
        let leads_there = |place: &Place| {
            let to = texts.iter().copied().chain(reached.iter().map(|to| &**to));
            to.into_iter()
                .any(|to| is_or_is_below(to, &place.dir, &place.name))
        };
        let shown = |place: &Place| !is_hidden(place) || !leads_there(place);
        let places = self.places.iter().filter(|place| shown(place)).cloned();
        Self::index(self.generation, self.root, places.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Host;

    fn choice(from: &str, to: &str, live: bool) -> Choice {
        Choice {
            from: from.into(),
            to: to.into(),
            live,
            exe: None,
        }
    }

    fn choices(generation: u64, rows: Vec<Choice>) -> Choices {
        Choices {
            generation,
            committed: generation.cast_signed() * 100,
            rows,
            private: vec!["/nowhere/secret".into()],
        }
    }

    /// Name, text and age of every link, and what is hidden.
    fn seen(snapshot: &Snapshot) -> Vec<String> {
        let place = |place: &Place| {
            let name = String::from_utf8_lossy(&place.name);
            match &place.entry {
                Entry::Hidden => format!("{name} is hidden"),
                Entry::Link(link) => format!("{name} -> {:?} at {}", link.to, link.committed),
            }
        };
        snapshot.places().iter().map(place).collect()
    }

    #[test]
    fn only_the_texts_of_live_links_change() {
        let pinned = choices(
            1,
            vec![
                choice("/nowhere/live", "/nowhere/1", true),
                choice("/nowhere/link", "/nowhere/1", false),
                choice("/nowhere/gone", "/nowhere/1", true),
                choice("/nowhere/same", "/nowhere/1", true),
                choice("/nowhere/static", "/nowhere/1", true),
            ],
        );
        let pinned = pinned.decide(b"", &Host).expect("no circle");
        assert!(pinned.has_live());
        let newest = choices(
            7,
            vec![
                choice("/nowhere/live", "/nowhere/2", true),
                choice("/nowhere/live", "/nowhere/weaker", true),
                choice("/nowhere/link", "/nowhere/2", false),
                choice("/nowhere/same", "/nowhere/1", true),
                choice("/nowhere/static", "/nowhere/2", false),
                choice("/nowhere/added", "/nowhere/2", true),
            ],
        );
        let with = |base: &Snapshot, newest: &Choices| base.with_live(newest, b"", &Host);
        let changed = with(&pinned, &newest)
            .expect("no NUL")
            .expect("one changed");
        assert_eq!(
            seen(&changed),
            [
                "gone -> \"/nowhere/1\" at 100",
                "link -> \"/nowhere/1\" at 100",
                "live -> \"/nowhere/2\" at 700",
                "same -> \"/nowhere/1\" at 100",
                "secret is hidden",
                "static -> \"/nowhere/1\" at 100",
            ]
        );
        assert_eq!(changed.generation, 1);
        assert_eq!(with(&changed, &newest), Ok(None));

        // Where a live link leads, nothing is hidden.
        for to in [
            "/nowhere/secret",
            "/nowhere/secret/below",
            "/nowhere/link/x",
        ] {
            let newest = choices(8, vec![choice("/nowhere/live", to, true)]);
            let changed = with(&pinned, &newest)
                .expect("no NUL")
                .expect("one changed");
            let is_hidden = seen(&changed).contains(&"secret is hidden".into());
            assert_eq!(is_hidden, to == "/nowhere/link/x", "{to}");
        }
    }

    #[test]
    fn a_program_follows_the_rows_that_hold_for_it() {
        let rows = |to: &str| {
            let own = Choice {
                exe: Some(glob::Pattern::new("*/fox").expect("it is one")),
                ..choice("/nowhere/page", to, true)
            };
            vec![own, choice("/nowhere/page", "/nowhere/all", true)]
        };
        let pinned = choices(1, rows("/nowhere/1"));
        let newest = choices(2, rows("/nowhere/2"));
        for (exe, expected) in [("/bin/fox", Some("/nowhere/2")), ("/bin/cat", None)] {
            let pinned = pinned.decide(exe.as_bytes(), &Host).expect("no circle");
            let changed = pinned.with_live(&newest, exe.as_bytes(), &Host);
            let changed = changed
                .expect("no NUL")
                .map(|changed| seen(&changed)[0].clone());
            let expected = expected.map(|to| format!("page -> {to:?} at 200"));
            assert_eq!(changed, expected, "{exe}");
        }
    }
}
