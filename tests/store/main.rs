//! A store among those who kill, cut off, race and deceive: it loses nothing, and says what is wrong.
mod bench;
mod calls;
mod failing;
mod killed;
mod launched;
mod next;
mod power;
mod races;
mod registers;
mod strange;
mod verbs;
