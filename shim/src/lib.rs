//! The preload engine.
