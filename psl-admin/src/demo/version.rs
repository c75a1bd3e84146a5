//! The two versions of the server.

/// A version of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// What every instance runs at first.
    One,
    /// What they move to.
    Two,
}

impl Version {
    /// Both, in their order.
    pub const BOTH: [Self; 2] = [Self::One, Self::Two];

    /// Returns the number that the version's files and answers tell.
    pub fn number(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Two => "2",
        }
    }

    /// Returns where the version's tree lies, below the demo's directory.
    pub fn tree(self) -> &'static str {
        match self {
            Self::One => "binaries/version",
            Self::Two => "binaries/version2",
        }
    }

    /// Returns what the version's page says.
    pub fn page(self) -> String {
        format!("page of version {}", self.number())
    }
}
