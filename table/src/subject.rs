//! Who asks: the process, as far as criteria can tell processes apart.

use crate::table::Table;
use crate::users;

/// What criteria match on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The member that the process is an instance of.
    pub member: Option<String>,
    /// The member's application.
    pub app: Option<String>,
    /// The member's version.
    pub version: Option<String>,
    /// The member's groups.
    pub groups: Vec<String>,
    /// The host's node name.
    pub host: String,
    /// The effective user.
    pub uid: u32,
    /// The effective user's name; unknown when no row asks for one.
    pub user: Option<String>,
    /// The program's path as executed.
    pub exe: Option<Vec<u8>>,
    /// The environment.
    pub env: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Subject {
    /// Describes the calling process as an instance of `member`, with the table's attributes.
    ///
    /// The host is the kernel's node name. The user's name is looked up in `/etc/passwd`, and only
    /// when a row asks for a user by name: this runs before main, where name services cannot be
    /// asked.
    pub fn of_member(table: &Table, member: Option<&str>) -> Subject {
        let attributes = member.and_then(|member| table.members.get(member));
        Subject {
            member: member.map(str::to_owned),
            app: attributes.and_then(|of| of.app.clone()),
            version: attributes.and_then(|of| of.version.clone()),
            groups: attributes.map_or_else(Vec::new, |of| of.groups.clone()),
            host: host(),
            uid: 0,
            user: None,
            exe: None,
            env: Vec::new(),
        }
        .with_user(table, rustix::process::geteuid().as_raw())
    }

    /// Takes another user than the calling process's.
    #[must_use]
    pub fn with_user(mut self, table: &Table, uid: u32) -> Subject {
        let by_name = |user: &String| user.parse::<u32>().is_err();
        let asked = (table.links.iter())
            .filter_map(|link| link.criteria.user.as_ref())
            .any(by_name);
        self.uid = uid;
        self.user = asked.then(|| users::name_of(uid)).flatten();
        self
    }

    /// Takes application and version from the environment, for a member that the table does not list.
    #[must_use]
    pub fn or_attributes(
        mut self,
        table: &Table,
        app: Option<String>,
        version: Option<String>,
    ) -> Subject {
        let listed =
            (self.member.as_ref()).is_some_and(|member| table.members.contains_key(member));
        if !listed {
            self.app = app;
            self.version = version;
        }
        self
    }

    /// Takes the program's path as executed.
    #[must_use]
    pub fn with_exe(mut self, exe: impl Into<Vec<u8>>) -> Subject {
        self.exe = Some(exe.into());
        self
    }

    /// Takes the environment.
    #[must_use]
    pub fn with_env(mut self, env: Vec<(Vec<u8>, Vec<u8>)>) -> Subject {
        self.env = env;
        self
    }

    /// Returns the value of an environment variable, the first where it is set twice, as getenv does.
    pub(crate) fn variable(&self, name: &str) -> Option<&[u8]> {
        let set = self.env.iter().find(|(key, _)| key == name.as_bytes());
        set.map(|(_, value)| value.as_slice())
    }

    /// Tells whether the process runs as this user, a name or a number.
    pub(crate) fn is_user(&self, user: &str) -> bool {
        match user.parse::<u32>() {
            Ok(uid) => uid == self.uid,
            Err(_) => self.user.as_deref() == Some(user),
        }
    }
}

/// Returns the host's node name.
pub(crate) fn host() -> String {
    let uname = rustix::system::uname();
    uname.nodename().to_string_lossy().into_owned()
}
