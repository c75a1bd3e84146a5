//! What threads share without a lock, in every interleaving of a few of them, and with every reordering that the memory
//! model allows.
//!
//! The code is that of the library; only its atomics are others.

mod atomic;

#[allow(dead_code, reason = "a model needs less of it than the library")]
#[path = "../../table/src/swap.rs"]
mod swap;

#[allow(dead_code, reason = "a model needs less of it than the library")]
#[path = "../../shim/src/known/names.rs"]
mod names;

mod forgotten;
mod swapped;
