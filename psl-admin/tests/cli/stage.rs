//! `stage` and `check --tree`: trees of every kind of file, and every way in which a stage can end.
mod alike;
mod begun;

mod changing;
mod depths;
mod drift;
mod interrupted;
mod kinds;
mod patches;
mod refused;
mod rooms;
mod twice;
