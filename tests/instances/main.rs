//! What `psl-admin ps` says of real instances, and what they register.
mod contained;
mod generations;
mod held;
mod registered;
mod seen;
mod states;
mod stores;
