//! What tests of the whole system stand on: a tree with links, a table, the preload library and a probe.

pub mod fixture;
pub mod inventory;
pub mod programs;

pub mod script;

pub mod cargo;
pub mod shim;
pub mod store;

pub mod run;

pub mod host;
pub mod packages;

pub mod hostile;

pub mod instance;
pub mod usage;
