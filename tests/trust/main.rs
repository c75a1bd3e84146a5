//! What other users can write, say or put in the way: it is refused, it is shown escaped, and it steers nothing.
mod bench;
mod commands;
mod exchanged;
mod modes;
mod refused;
mod secure;
mod shown;
