//! Strings that are kept for ever, each once, without a lock.

use std::ffi::c_char;
use std::ptr::null_mut;
use std::slice;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A string and those that were there before it; its text, with a NUL, comes right behind it.
struct Node {
    next: *mut Node,
    length: usize,
}

static LAST: AtomicPtr<Node> = AtomicPtr::new(null_mut());

/// Returns a C string with this text; none when there is no memory for it.
///
/// It allocates, and looks at every string so far: it is for the few names that libc has to be left alone with.
pub fn intern(parts: &[&[u8]]) -> Option<*const c_char> {
    let mut own: *mut Node = null_mut();
    // Acquire pairs with the release below: whoever sees a node sees its text.
    let mut last = LAST.load(Ordering::Acquire);
    let mut seen: *mut Node = null_mut();
    loop {
        if let Some(found) = find(last, seen, parts) {
            // SAFETY: `own` is null or was just allocated, and nobody else has its address.
            unsafe { libc::free(own.cast()) };
            return Some(text(found));
        }
        if own.is_null() {
            own = allocate(parts)?;
        }
        // SAFETY: it is not published yet.
        unsafe { (*own).next = last };
        match LAST.compare_exchange(last, own, Ordering::Release, Ordering::Acquire) {
            Ok(_) => return Some(text(own)),
            Err(other) => {
                seen = last;
                last = other;
            }
        }
    }
}

/// Looks for a text among the nodes from `node` up to, without, `end`.
fn find(mut node: *mut Node, end: *mut Node, parts: &[&[u8]]) -> Option<*mut Node> {
    while node != end {
        // SAFETY: nodes stay for ever, and `allocate` wrote their texts.
        unsafe {
            if is(
                slice::from_raw_parts(text(node).cast(), (*node).length),
                parts,
            ) {
                return Some(node);
            }
            node = (*node).next;
        }
    }
    None
}

fn is(text: &[u8], parts: &[&[u8]]) -> bool {
    let rest = parts
        .iter()
        .try_fold(text, |text, part| text.strip_prefix(*part));
    rest.is_some_and(<[u8]>::is_empty)
}

fn text(node: *mut Node) -> *const c_char {
    node.wrapping_add(1).cast()
}

fn allocate(parts: &[&[u8]]) -> Option<*mut Node> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    // SAFETY: there is room for the node, the text and its NUL.
    unsafe {
        let node: *mut Node = libc::malloc(size_of::<Node>() + length + 1).cast();
        if node.is_null() {
            return None;
        }
        node.write(Node {
            next: null_mut(),
            length,
        });
        let mut at: *mut u8 = node.add(1).cast();
        for part in parts {
            at.copy_from_nonoverlapping(part.as_ptr(), part.len());
            at = at.add(part.len());
        }
        at.write(0);
        Some(node)
    }
}
