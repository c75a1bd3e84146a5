//! A store among those who kill, cut off, race and deceive: it loses nothing, and says what is wrong.
mod bench;
mod calls;
mod killed;
mod registers;
mod verbs;
