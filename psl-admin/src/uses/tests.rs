//! Processes that use a tree in each way.
