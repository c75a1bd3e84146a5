//! What every verb is given: the console, and the way to the store.
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use psl_table::config::HostConfig;
use psl_table::store::{Start, Store};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What the global flags say.
#[derive(Debug)]
pub struct Context {
    /// The store named by `--store`.
    pub store: Option<PathBuf>,
    /// Where output goes.
    pub console: Console,
}

impl Context {
    /// Reads the host configuration: $PSL_CONFIG, else the default one.
    pub fn host(&self) -> Result<HostConfig, Failure> {
        let named = std::env::var_os("PSL_CONFIG").filter(|path| !path.is_empty());
        Ok(HostConfig::load(named.as_deref().map(Path::new))?)
    }

    /// Returns the store's directory as it is named: `--store`, else $PSL_STORE, else the host configuration's.
    pub fn store_dir(&self, host: &HostConfig) -> Result<PathBuf, Failure> {
        let variable = || std::env::var_os("PSL_STORE").filter(|path| !path.is_empty());
        let named = self.store.clone().or_else(|| variable().map(PathBuf::from));
        named.or_else(|| host.store.clone()).ok_or_else(|| {
            Failure::new(Exit::Usage, "no store is named").with_help(
                "give --store DIR, or set PSL_STORE, or `store` in the host configuration; \
                 `psl-admin init DIR` makes a store",
            )
        })
    }

    /// Reads the table that an instance starts with at present, in the time that the host configuration gives; says
    /// what is not as it should be.
    pub fn start(&self, host: &HostConfig) -> Result<Start, Failure> {
        let start = Start::read(host, &self.store_dir(host)?, None, variable)?;
        Ok(self.told(start))
    }

    /// Does the same for an instance that is started with it, or with an older generation.
    pub fn launch(&self, host: &HostConfig, generation: Option<u64>) -> Result<Start, Failure> {
        let start = Start::launch(host, &self.store_dir(host)?, generation, variable)?;
        Ok(self.told(start))
    }

    fn told(&self, start: Start) -> Start {
        if let Some(notice) = &start.notice {
            self.console.warn(&notice.to_string());
        }
        start
    }

    /// Opens the store and checks who may write it, as strictly as the host configuration says.
    pub fn open(&self) -> Result<Store, Failure> {
        self.open_with(&self.host()?)
    }

    /// Does the same with a host configuration that was read.
    pub fn open_with(&self, host: &HostConfig) -> Result<Store, Failure> {
        Ok(Store::open(&self.store_dir(host)?, host.trust)?)
    }
}

/// Looks into the environment.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
