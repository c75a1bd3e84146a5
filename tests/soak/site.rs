//! The store, the trees, and what the table says.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use psl_table::store::{Store, Trust};
use psl_table::table::Table;
use psl_tests::host::{self, Host};

use crate::counts::Counts;

/// The members whose instances come and go.
pub const STARTED: [&str; 4] = ["erp1", "erp2", "erp3", "erp4"];

/// The members whose instances live as long as the soak does.
pub const READERS: [&str; 3] = ["read1", "read2", "read3"];

/// The members that are upgraded.
pub const ROLLED: [&str; 3] = ["roll1", "roll2", "roll3"];

/// How many administrators commit; each has a member whose attribute counts its commits.
pub const ADMINISTRATORS: usize = 2;

/// How many versions of the application there are, besides the one that lies at the links' places.
pub const VERSIONS: u64 = 3;

/// How many data files the live link leads to in turn.
pub const DATA: u64 = 10;

/// What an instance that is started says: the same version by two links, read and executed, by all that it starts.
const PROGRAM: &str = "\
#!/bin/sh
echo {own}
round=0
while [ $round -lt $1 ]; do
    /bin/cat {host}/app/version/which {host}/app/twin/which
    /usr/bin/env -i /bin/cat {host}/app/twin/which
    {host}/app/version/bin/inner
    round=$((round+1))
done
/usr/bin/printenv PSL_SNAPSHOT
";

/// A host that is soaked.
pub struct Site {
    /// The host.
    pub host: Host,
    /// This program.
    pub program: PathBuf,
    end: Instant,
    acknowledged: AtomicU64,
}

impl Site {
    /// Makes one, for a soak that ends at this time.
    pub fn new(end: Instant) -> Self {
        let site = Self {
            host: Host::new(&[]),
            program: std::env::current_exe().expect("procfs is mounted"),
            end,
            acknowledged: AtomicU64::new(0),
        };
        let (host, program) = (&site.host, site.program.display());
        for name in ["app/version", "app/twin"] {
            site.add_version(name, 0);
        }
        for number in 1..=VERSIONS {
            site.add_version(&format!("app/version{number}"), number);
        }
        for number in 1..=DATA {
            host.write(&format!("data/{number}"), &format!("{number} {number}"));
        }
        host.write("roll/version/which", "1\n");
        let serve = format!(
            "#!/bin/sh\ncd {{host}}/roll/version && exec {program} serve {{host}}/roll/version/which \
             {{host}}/state/$PSL_MEMBER\n"
        );
        host.write("roll/version/bin/serve", &serve);
        host.allow_to_execute("roll/version/bin/serve");
        let mut members = String::new();
        for member in ROLLED {
            host.write(&format!("state/{member}"), "");
            writeln!(
                members,
                "[member.{member}]\ncommand = [\"{{host}}/roll/version/bin/serve\"]\n\
                 health = {{ exec = [\"/usr/bin/test\", \"-s\", \"{{host}}/state/{member}\"] }}"
            )
            .expect("a string takes what it is given");
        }
        host.write("store/members.toml", &members);
        host.write("first.toml", &first());
        host.admin(["apply", "first.toml"]);
        site
    }

    fn add_version(&self, name: &str, number: u64) {
        let files = [
            ("which", format!("{number}\n")),
            ("bin/app", PROGRAM.replace("{own}", &number.to_string())),
            ("bin/inner", format!("#!/bin/sh\necho {number}\n")),
        ];
        for (file, text) in files {
            self.host.write(&format!("{name}/{file}"), &text);
        }
        self.host.allow_to_execute(&format!("{name}/bin/app"));
        self.host.allow_to_execute(&format!("{name}/bin/inner"));
    }

    /// Tells whether it is time to end.
    pub fn is_over(&self, counts: &Counts) -> bool {
        Instant::now() >= self.end || counts.is_hopeless()
    }

    /// Returns a command of psl-admin.
    pub fn admin(&self, arguments: &[&str]) -> Command {
        let mut command = self.host.command(host::admin());
        command.args(arguments);
        command
    }

    /// Returns the path of a name on the host, as text.
    pub fn path(&self, name: &str) -> String {
        let path = self.host.path(name).into_os_string();
        path.into_string().expect("the host's directory is text")
    }

    /// Opens the store.
    pub fn store(&self) -> Store {
        Store::open(&self.host.path("store"), Trust::Owner).expect("there is a store")
    }

    /// Notes that a generation was acknowledged, or seen: no older one may be current from here on.
    pub fn acknowledge(&self, generation: u64) {
        // SeqCst, here and below: whoever is told of a generation by another thread must find it here.
        self.acknowledged.fetch_max(generation, Ordering::SeqCst);
    }

    /// Returns the newest generation that was acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Returns which version both links of a member lead to; none when they differ, which no commit makes.
    pub fn version(&self, table: &Table, member: &str) -> Option<u64> {
        let to = |from: &str| {
            let from = self.path(from);
            let link = table.links.iter().find(|link| {
                link.from.as_str() == from && link.criteria.member.as_deref() == Some(member)
            })?;
            let number = link.to.as_str().rsplit_once("version")?.1;
            number.parse::<u64>().ok()
        };
        to("app/version").filter(|found| to("app/twin") == Some(*found))
    }
}

/// Returns the first table. What is changed in it later is marked at the end of its line.
fn first() -> String {
    let mut text = String::from("format = 1\ngeneration = 1\n");
    for member in STARTED.iter().chain(&READERS).chain(&ROLLED) {
        write!(text, "[member.{member}]\napp = \"soak\"\n")
            .expect("a string takes what it is given");
    }
    for number in 0..ADMINISTRATORS {
        write!(
            text,
            "[member.count{number}]\nversion = \"0\" # count{number}\n"
        )
        .expect("a string takes what it is given");
    }
    for member in STARTED.iter().chain(&READERS) {
        for from in ["version", "twin"] {
            write!(
                text,
                "[[link]]\nfrom = \"{{host}}/app/{from}\"\nto = \"{{host}}/app/version1\" # {member}\n\
                 member = \"{member}\"\n"
            )
            .expect("a string takes what it is given");
        }
    }
    text.push_str(
        "[[link]]\nfrom = \"{host}/data/live\"\nto = \"{host}/data/1\" # live\nlive = true\n",
    );
    text
}

/// Replaces what comes before the mark at the end of a line, in all lines that have it.
pub fn changed(text: &str, mark: &str, line: &str) -> String {
    let mark = format!(" # {mark}");
    let lines = text.lines().map(|found| match found.ends_with(&mark) {
        true => format!("{line}{mark}\n"),
        false => format!("{found}\n"),
    });
    lines.collect()
}
