//! Places by their names, and links by their numbers.

use super::{Entry, Link, Place, Snapshot};
use crate::hash::hash;
use crate::tree::Tree;

impl Snapshot {
    /// Returns what has this name, in whatever directory.
    pub fn named(&self, name: &[u8]) -> &[Place] {
        if !self.may_have(name) {
            return &[];
        }
        let first = self.places.partition_point(|place| *place.name < *name);
        let count = self.places[first..]
            .iter()
            .take_while(|place| *place.name == *name)
            .count();
        &self.places[first..first + count]
    }

    /// Returns what is at a name in the directory with this physical path.
    pub fn at(&self, tree: &impl Tree, dir: &[u8], name: &[u8]) -> Option<&Entry> {
        let mut places = self.named(name).iter();
        let place = places.find(|place| *place.dir == *dir)?;
        self.is_rooted(tree).then_some(&place.entry)
    }

    /// Whether a place has this name, in whatever directory.
    pub fn has_name(&self, name: &[u8]) -> bool {
        !self.named(name).is_empty()
    }

    /// Whether a place may have this name: at little cost, and wrong in a name or two of a hundred that none has.
    #[inline]
    pub fn may_have(&self, name: &[u8]) -> bool {
        // A power of two, but for no places at all.
        let last = (self.bits.len() * 64).wrapping_sub(1);
        let has = |at: usize| {
            self.bits
                .get(at / 64)
                .is_some_and(|bits| bits >> (at % 64) & 1 == 1)
        };
        let [one, other] = bits_of(name);
        has(one & last) && has(other & last)
    }

    /// Returns the number of a link of this snapshot, by which [`Snapshot::link`] finds it again.
    pub fn number_of(&self, link: &Link) -> Option<usize> {
        let offset = std::ptr::from_ref(link)
            .addr()
            .checked_sub(self.places.as_ptr().addr())?;
        let number = offset / size_of::<Place>();
        let found = self.link(number)?;
        std::ptr::eq(found, link).then_some(number)
    }

    /// Returns the link with this number.
    pub fn link(&self, number: usize) -> Option<&Link> {
        match &self.places.get(number)?.entry {
            Entry::Link(link) => Some(link),
            Entry::Hidden => None,
        }
    }
}

/// Returns the two bits of a name, of as many as there are.
pub(super) fn bits_of(name: &[u8]) -> [usize; 2] {
    let hash = hash(0, name);
    [hash as usize, (hash >> 32) as usize]
}
