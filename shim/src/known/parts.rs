//! Where the parts of a name begin and end.

use psl_table::walk::Last;

/// A name in its parts.
pub struct Name<'n> {
    /// Without slashes at its end.
    pub whole: &'n [u8],
    /// What leads to the directory of the last component; empty for the root and for where the name starts.
    pub parent: &'n [u8],
    /// The last component.
    pub last: &'n [u8],
    /// Whether a symlink in the last component is followed.
    pub follows: bool,
}

impl<'n> Name<'n> {
    /// Takes a name apart; none if it is empty, or ends with a slash that means something to the call.
    pub fn of(text: &'n [u8], last: Last) -> Option<Self> {
        let whole = trimmed(text);
        let has_slash = whole.len() < text.len();
        let is_plain = !(text.is_empty() || has_slash && last == Last::Entry);
        let (parent, component) = whole.split_at(start_of_last(whole));
        is_plain.then(|| Self {
            whole,
            parent: trimmed(parent),
            last: component,
            follows: has_slash || last == Last::Followed,
        })
    }
}

/// Returns where the last component of a name begins.
#[inline]
pub fn start_of_last(name: &[u8]) -> usize {
    // SAFETY: it only reads these bytes.
    let slash = unsafe { libc::memrchr(name.as_ptr().cast(), i32::from(b'/'), name.len()) };
    match slash.is_null() {
        true => 0,
        false => slash.addr() - name.as_ptr().addr() + 1,
    }
}

/// Returns a name without the slashes at its end.
#[inline]
pub fn trimmed(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(|&byte| byte != b'/');
    &name[..end.map_or(0, |end| end + 1)]
}
