//! `run --engine mount`, as root and as an ordinary user.
use crate::bench::{Bench, Ran};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

mod enter;
mod forbidden;
mod leaks;
mod process;
mod refused;
mod view;

/// Who starts an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    Root,
    Nobody,
}

const USERS: [User; 2] = [User::Root, User::Nobody];

/// The user and the group of nobody.
const NOBODY: u32 = 65534;

/// Two versions of an application, `$T/old` and `$T/new`, and a psl-admin that every user can execute.
struct Site {
    bench: Bench,
    admin: PathBuf,
}

impl Site {
    /// Makes one whose table has these rows, in generation 2.
    fn with(rows: &str) -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "these tests change users: run them as root"
        );
        let bench = Bench::with(rows);
        // A commit: what was edited by hand has no generation of its own.
        bench.ok("member set m app=x");
        bench.chmod("", 0o755);
        let admin = bench.install("psl-admin");
        for version in ["old", "new"] {
            bench.write(&format!("{version}/which"), version);
            bench.write(&format!("{version}/sub/which"), format!("{version} sub"));
            bench.write(&format!("{version}/only-{version}/file"), version);
            bench.mkdir(&format!("{version}/empty"));
        }
        Self { bench, admin }
    }

    /// Makes one in which `m` has the new version in the old one's place.
    fn new() -> Self {
        Self::with("[[link]]\nfrom = '$T/old'\nto = '$T/new'\nmember = 'm'\n")
    }

    /// Compiles one of the programs beside this file.
    fn compile(&self, name: &str, options: &[&str]) {
        let source = match name {
            "show" => include_str!("mount/show.c"),
            "within" => include_str!("mount/within.c"),
            _ => panic!("there is no {name}.c"),
        };
        self.bench.write(&format!("{name}.c"), source);
        let mut compiler = Command::new("cc");
        compiler.args(options).arg("-o").arg(self.bench.path(name));
        compiler.arg(self.bench.path(&format!("{name}.c")));
        assert!(compiler.status().unwrap().success(), "{name}");
    }

    /// Returns a shell that runs this script as the user, with `psl` and `mounted` as ways to say
    /// `psl-admin run --member m`, without and with the mount engine.
    fn shell(&self, user: User, script: &str) -> Command {
        let own = self.bench.command("");
        let variables = own
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        let admin = self.admin.display();
        let script = format!(
            "umask 022\n\
             psl() {{ \"{admin}\" run --member m \"$@\"; }}\n\
             mounted() {{ \"{admin}\" run --member m --engine mount -- \"$@\"; }}\n\
             {}",
            self.bench.filled(script)
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir("/");
        for variable in own
            .get_envs()
            .filter_map(|(name, value)| value.is_none().then_some(name))
        {
            shell.env_remove(variable);
        }
        shell
            .envs(variables)
            .env("LC_ALL", "C")
            .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
        if user == User::Nobody {
            shell.uid(NOBODY).gid(NOBODY);
        }
        shell
    }

    /// Runs a script.
    fn run(&self, user: User, script: &str) -> Ran {
        self.bench.ran(&mut self.shell(user, script))
    }

    /// Runs a script that must succeed without talk, as each user; returns what it printed, the same for all.
    #[track_caller]
    fn prints(&self, script: &str) -> String {
        let printed = USERS.map(|user| {
            let ran = self.run(user, script);
            assert_eq!(
                (ran.code, ran.stderr.as_str()),
                (0, ""),
                "{user:?}: {script}: {ran:?}"
            );
            ran.stdout
        });
        assert_eq!(printed[0], printed[1], "{script}");
        let [printed, _] = printed;
        printed
    }

    /// Runs a script that must be refused, as each user; returns what was said.
    #[track_caller]
    fn refuses(&self, script: &str) -> String {
        let said = USERS.map(|user| {
            let ran = self.run(user, script);
            assert_eq!(
                (ran.code, ran.stdout.as_str()),
                (5, ""),
                "{user:?}: {script}: {ran:?}"
            );
            ran.stderr
        });
        assert_eq!(said[0], said[1], "{script}");
        let [said, _] = said;
        said
    }
}
