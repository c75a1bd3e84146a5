//! Which engine makes an instance see its links.
use clap::ValueEnum;
use psl_table::pinned;

/// What the administrator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wanted {
    /// The shim, and for programs that it cannot carry what the host is configured to do (on_uncovered)
    Auto,
    /// The shim alone, by LD_PRELOAD: refuses what it cannot carry
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

impl Engine {
    /// Returns what output calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preload => "preload",
            Self::Mount => "mount",
        }
    }
}

impl Wanted {
    /// Returns what all processes of the instance are told, before any mount namespace is there.
    pub fn pinned(self) -> pinned::Engine {
        match self {
            Self::Auto | Self::Mount => pinned::Engine::Auto(None),
            Self::Preload => pinned::Engine::Preload,
        }
    }
}

/// Decides what an instance begins with.
pub fn decide(wanted: Wanted) -> Engine {
    match wanted {
        Wanted::Auto | Wanted::Preload => Engine::Preload,
        Wanted::Mount => Engine::Mount,
    }
}
