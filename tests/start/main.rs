//! How instances start where the store, the table or what they inherit is not as it should be, or is large.

mod bench;
mod inherited;
mod large;
mod policy;
mod slow;
