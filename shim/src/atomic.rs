//! The atomics of what threads share without a lock; its models in `tests/model` are given others.

pub use std::sync::atomic::{AtomicU64, Ordering};
