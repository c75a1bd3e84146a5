//! The life of an upgrade, chapter by chapter: staged, rolled, killed and resumed, broken and undone, finished, collected.
use crate::demo::admin::{Admin, End};
use crate::demo::balancer::Balancer;
use crate::demo::facts;
use crate::demo::instance::Instance;
use crate::demo::load;
use crate::demo::look::{Expected, Look};
use crate::demo::summary::{Counts, Summary};
use crate::demo::sweep::Started;
use crate::demo::version::Version;
use crate::exit::Exit;
use crate::failure::Failure;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The members, in the order of the roll.
const MEMBERS: [&str; 3] = ["erp1", "erp2", "erp3"];

/// How long instances may take to end.
const ENDED: Duration = Duration::from_secs(10);

/// What both rolls have in common.
const HEALTHY: [&str; 2] = ["--min-healthy", "1s"];

const INTRODUCTION: &str = "\
Three instances of a small server share one installation path, $T/binaries/version, behind a load
balancer that three clients ask all the time. They move to version 2 one by one, each by a link that
it alone has.
";

/// An upgrade in progress. Dropping it kills the instances, and then removes the directory.
#[derive(Debug)]
pub struct Life {
    instances: Vec<Instance>,
    clients: Vec<JoinHandle<()>>,
    balancer: Option<Balancer>,
    moments: Vec<Look>,
    running: Vec<(u64, u64)>,
    began: Instant,
    started: Started,
    admin: Admin,
}

impl Life {
    /// Makes the store and the members, starts the instances, and begins to ask them.
    pub fn begin(admin: Admin) -> Result<Self, Failure> {
        let mut life = Self {
            instances: Vec::new(),
            clients: Vec::new(),
            balancer: None,
            moments: Vec::new(),
            running: Vec::new(),
            began: Instant::now(),
            started: Started::with(admin.site.configuration()),
            admin,
        };
        life.prepare()?;
        life.start()?;
        Ok(life)
    }

    /// Moves all instances to version 2; whoever drives the roll is killed in the middle of it.
    pub fn upgrade(&mut self) -> Result<(), Failure> {
        self.stage(Version::One, Version::Two)?;
        self.heading("The roll: one after the other, until its driver is killed")?;
        let end = End::KilledAt("erp2: stopping");
        self.roll(Version::Two, &["--reason", "erp 2"], &end)?;
        self.tell("\nThe journal in the store knows how far it came:\n")?;
        self.admin.show(&["upgrade", "status"])?;
        self.look(
            "between: erp1 has moved, erp2 is in the middle of it",
            [Some(Version::Two), None, Some(Version::One)],
            Version::One,
        )?;
        self.heading("The roll goes on")?;
        self.admin.follow(&["upgrade", "resume"], &End::Code(0))?;
        // It ends with 1 when an instance is not current: here, one of another store that has lost its environment.
        self.admin.show_any(&["ps"], &[0, 1])?;
        let all = [Some(Version::Two); 3];
        self.look("after the roll: all have moved", all, Version::One)
    }

    /// Tries a version that does not become healthy.
    pub fn fail(&mut self) -> Result<(), Failure> {
        self.stage(Version::Two, Version::Three)?;
        self.heading("A roll that fails, and undoes itself")?;
        let flags = ["--deadline", "3s", "--on-failure", "undo-all"];
        self.roll(Version::Three, &flags, &End::Code(7))?;
        let all = [Some(Version::Two); 3];
        self.look("undone: all are back at version 2", all, Version::One)
    }

    /// Gives version 2 to everybody, and removes version 1.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.running = facts::running(&self.admin, &MEMBERS)?;
        self.heading("Version 2 for everybody")?;
        self.admin.show(&["upgrade", "finish"])?;
        let dir = self.admin.site.path("binaries");
        self.admin.show_plain(&["ls", "-l", &dir])?;
        self.heading("Version 1 goes")?;
        // An ordinary user, or a container, is refused what only root of the host can be sure of.
        if self.admin.show_any(&["gc"], &[0, 5])? == Some(5) {
            self.tell(
                "\nWho else may use it cannot be seen from here; in the demo nobody does:\n",
            )?;
            self.admin.show(&["gc", "--force"])?;
        }
        facts::expect_collected(&self.admin)?;
        let all = [Some(Version::Two); 3];
        self.look("the end: version 1 is gone", all, Version::Two)
    }

    /// Ends the requests and the instances, and removes the directory unless it is kept.
    pub fn end(mut self) -> Result<Summary, Failure> {
        let generation = facts::generation(&self.admin)?;
        self.admin.board.end();
        for client in self.clients.drain(..) {
            // Nothing in it panics; the counts tell how far it came.
            let _ = client.join();
        }
        let (shown, at) = (self.admin.board.shown().clone(), Instant::now());
        if let Some(trouble) = &shown.tally.trouble {
            return Err(Failure::new(Exit::Failed, trouble.as_str()));
        }
        let pids: Vec<_> = self
            .running
            .iter()
            .map(|(pid, _)| pid.to_string())
            .collect();
        let kill = format!("kill {}", pids.join(" "));
        self.admin.story.command(&kill)?;
        if !self.started.end(ENDED) {
            let message = format!("instances still run {ENDED:?} after SIGTERM");
            return Err(Failure::new(Exit::Failed, message));
        }
        if let Some(balancer) = self.balancer.take() {
            balancer.close();
        }
        let both = self
            .instances
            .iter()
            .zip(&shown.standings)
            .zip(&self.running);
        let counts = both.map(|((instance, standing), &(_, generation))| {
            Counts::of(instance, standing, at, generation)
        });
        let instances = counts.collect();
        let (kept, took) = (self.admin.site.is_kept(), self.began.elapsed());
        let directory = self.admin.site.root().to_owned();
        self.admin.site.close()?;
        Ok(Summary {
            directory,
            kept,
            generation,
            took,
            tally: shown.tally,
            instances,
            moments: std::mem::take(&mut self.moments),
        })
    }

    fn prepare(&mut self) -> Result<(), Failure> {
        let (site, story) = (&self.admin.site, &self.admin.story);
        story.tell(INTRODUCTION)?;
        story.assignment(site.root())?;
        let tree = Version::One.tree();
        for (name, what) in [
            ("bin/server", "the program"),
            ("share/release", "\"1\", read when it starts"),
            (
                "share/page",
                "\"page of version 1\", opened for every request",
            ),
        ] {
            story.output(&format!("{:37}{what}", format!("$T/{tree}/{name}")))?;
        }
        story.tell("\nAn administrator makes a store, and says how members are started:\n")?;
        story.command(&format!("export PSL_CONFIG={}", site.configuration()))?;
        let store = site.store();
        self.admin.show(&["init", &store])?;
        self.admin.export_store()?;
        for member in MEMBERS {
            self.admin.show(&["member", "set", member, "app=erp"])?;
            let instance = Instance::new(&self.admin.board, member)?;
            self.instances.push(instance);
        }
        let listed = |instance: &Instance| instance.listed(&self.admin.site);
        let listed: Vec<_> = self.instances.iter().map(listed).collect();
        self.admin.site.list_members(&listed.join("\n"))?;
        self.admin.story.command("cat $T/store/members.toml")?;
        self.admin.story.output(&listed.join("\n"))
    }

    fn start(&mut self) -> Result<(), Failure> {
        self.heading("Three instances of version 1")?;
        self.balancer = Some(Balancer::open(&self.admin.board, load::CLIENTS)?);
        for instance in &mut self.instances {
            instance.start(&self.admin)?;
        }
        let port = self.balancer.as_ref().map_or(0, |balancer| balancer.port);
        self.clients = load::keep_asking(&self.admin.board, port)?;
        let message = format!("\nClients ask at http://127.0.0.1:{port}/ from here on.\n");
        self.tell(message.trim_end())?;
        let all = [Some(Version::One); 3];
        self.look("before: nobody has moved", all, Version::One)
    }

    /// Makes a version out of a copy of another one.
    fn stage(&self, from: Version, to: Version) -> Result<(), Failure> {
        let (number, site) = (to.number(), &self.admin.site);
        self.heading(&format!("Version {number} is made, and nobody notices"))?;
        let (source, destination) = (site.path(from.tree()), site.path(to.tree()));
        let patch = to.patch();
        let stage = ["stage", "--patch", &patch, &source, &destination];
        self.admin.show(&stage).map(drop)
    }

    /// Begins a roll over all members, and follows it to its end.
    fn roll(&self, to: Version, flags: &[&str], end: &End<'_>) -> Result<(), Failure> {
        let site = &self.admin.site;
        let (place, target, members) = (site.place(), site.path(to.tree()), MEMBERS.join(","));
        let start = ["upgrade", "start", &place, &target, "--members", &members];
        let words: Vec<_> = start.iter().chain(&HEALTHY).chain(flags).copied().collect();
        self.admin.follow(&words, end)
    }

    fn look(
        &mut self,
        moment: &'static str,
        versions: [Option<Version>; 3],
        shared: Version,
    ) -> Result<(), Failure> {
        let expected = Expected {
            moment,
            versions,
            shared,
            instances: &self.instances,
        };
        let look = Look::take(&expected, facts::generation(&self.admin)?, &self.admin)?;
        self.admin.story.look(&look)?;
        self.moments.push(look);
        Ok(())
    }

    fn heading(&self, text: &str) -> Result<(), Failure> {
        self.admin.story.heading(text)
    }

    fn tell(&self, text: &str) -> Result<(), Failure> {
        self.admin.story.tell(text)
    }
}
