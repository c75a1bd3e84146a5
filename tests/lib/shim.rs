//! The preload library as it is shipped.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::cargo;

/// Returns the path of `libpsl_shim.so`, in the profile that the tests were built in.
///
/// `cargo test` does not build a library that no crate can link; so this does, once for each test program.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| cargo::build("psl-shim", "libpsl_shim.so"))
}

/// Returns the path of an allocator that counts how often it is called.
pub fn counting_allocator() -> &'static Path {
    Path::new(env!("PSL_COUNTING"))
}

/// Returns the path of an allocator that looks at the file at `ASKING_PATH`.
pub fn asking_allocator() -> &'static Path {
    Path::new(env!("PSL_ASKING"))
}

/// Returns the path of a library whose constructor looks up `EARLY_PATH`.
pub fn early() -> &'static Path {
    Path::new(env!("PSL_EARLY"))
}

/// Returns the path of the same library, marked to be started before all others.
pub fn earliest() -> &'static Path {
    Path::new(env!("PSL_EARLIEST"))
}
