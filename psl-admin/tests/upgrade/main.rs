//! Members that are upgraded one after the other, and everything that can go wrong with that.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod bench;

mod asked;
mod copies;
mod failing;
mod fencing;
mod figures;
mod finish;
mod gc;
mod hooks;
mod killed;
mod refused;
mod shown;
mod whole;
