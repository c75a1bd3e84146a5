//! What is left of a name to walk: text that grows at its front as symlinks are followed.

use rustix::io::Errno;

/// The text that is left, at the end of a buffer with room before it.
pub struct Rest<'a> {
    buffer: &'a mut [u8],
    first: usize,
}

/// One component, as a range of the buffer.
pub struct Component {
    start: usize,
    end: usize,
    /// No component comes after this one.
    pub is_last: bool,
    /// A slash comes after this one.
    pub slash: bool,
}

impl<'a> Rest<'a> {
    /// Begins with `path`; fails with `ENAMETOOLONG` when `buffer` is smaller.
    pub fn new(buffer: &'a mut [u8], path: &[u8]) -> Result<Self, Errno> {
        let mut rest = Self {
            first: buffer.len(),
            buffer,
        };
        rest.prepend(path)?;
        Ok(rest)
    }

    /// Whether the text begins at the root.
    pub fn is_absolute(&self) -> bool {
        self.remaining().first() == Some(&b'/')
    }

    /// Returns the text that is left.
    pub fn remaining(&self) -> &[u8] {
        &self.buffer[self.first..]
    }

    /// Takes the next component away; at the end only slashes are left.
    pub fn next(&mut self) -> Option<Component> {
        let text = self.remaining();
        let slashes = text.iter().take_while(|&&byte| byte == b'/').count();
        if slashes == text.len() {
            return None;
        }
        let start = self.first + slashes;
        let length = self.buffer[start..]
            .iter()
            .take_while(|&&byte| byte != b'/')
            .count();
        let end = start + length;
        self.first = end;
        Some(Component {
            start,
            end,
            is_last: self.remaining().iter().all(|&byte| byte == b'/'),
            slash: !self.remaining().is_empty(),
        })
    }

    /// Returns the text of the component that was taken last.
    pub fn name(&self, component: &Component) -> &[u8] {
        &self.buffer[component.start..component.end]
    }

    /// Puts the text of a symlink before what is left.
    pub fn prepend(&mut self, text: &[u8]) -> Result<(), Errno> {
        let first = self
            .first
            .checked_sub(text.len())
            .ok_or(Errno::NAMETOOLONG)?;
        self.buffer[first..self.first].copy_from_slice(text);
        self.first = first;
        Ok(())
    }

    /// Returns the room before what is left, for the text of a symlink.
    pub fn gap(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.first]
    }

    /// Returns the first `length` bytes of the gap, for whoever watches; less where there are fewer.
    #[inline(always)]
    pub fn in_gap(&self, length: usize) -> &[u8] {
        self.buffer
            .get(..length.min(self.first))
            .unwrap_or_default()
    }

    /// Puts the first `length` bytes of the gap before what is left.
    pub fn keep_gap(&mut self, length: usize) -> Result<(), Errno> {
        // A text that fills the room may have been cut.
        if length >= self.first {
            return Err(Errno::NAMETOOLONG);
        }
        self.buffer.copy_within(..length, self.first - length);
        self.first -= length;
        Ok(())
    }
}
