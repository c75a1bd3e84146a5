//! Which engine makes an instance see its links.
use clap::ValueEnum;

/// What the administrator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wanted {
    /// Whatever can carry the program
    Auto,
    /// The shim, by LD_PRELOAD
    Preload,
    /// A private mount namespace: carries every program, where every place exists
    Mount,
}

/// What makes the processes of an instance see its links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The shim: libc's path calls go through it.
    Preload,
    /// A private mount namespace: links are bind mounts.
    Mount,
}

/// Decides for one launch.
pub fn decide(wanted: Wanted) -> Engine {
    match wanted {
        Wanted::Auto | Wanted::Preload => Engine::Preload,
        Wanted::Mount => Engine::Mount,
    }
}
