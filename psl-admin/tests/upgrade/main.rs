//! Members that are upgraded one after the other, and everything that can go wrong with that.
#![allow(clippy::unwrap_used, reason = "a test that fails says where")]
mod bench;
mod whole;
