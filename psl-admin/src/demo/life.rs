//! The life of an upgrade: three instances start on version 1, move to version 2 one by one, and one goes back.
use crate::demo::admin::Admin;
use crate::demo::instance::Instance;
use crate::demo::load;
use crate::demo::look::Look;
use crate::demo::summary::{Counts, Summary};
use crate::demo::version::Version;
use crate::failure::Failure;
use std::thread::JoinHandle;
use std::time::Instant;

/// The members, in the order of the upgrade, and what has happened once each of them has moved.
const MEMBERS: [(&str, &str); 3] = [
    ("erp1", "between: erp1 has moved"),
    ("erp2", "between: erp2 has moved, too"),
    ("erp3", "after: all have moved"),
];

const INTRODUCTION: &str = "\
Three instances of a small server share one installation path, $T/binaries/version. They move
to version 2 one by one, each by a link that it alone has, while all of them are asked all the time.
";

/// An upgrade in progress. Dropping it kills the instances, and then removes the directory.
#[derive(Debug)]
pub struct Life {
    instances: Vec<Instance>,
    load: Vec<JoinHandle<()>>,
    moments: Vec<Look>,
    generation: u64,
    began: Instant,
    admin: Admin,
}

impl Life {
    /// Makes the store and the members, starts the instances, and begins to ask them.
    pub fn begin(admin: Admin) -> Result<Self, Failure> {
        let mut life = Self {
            instances: Vec::new(),
            load: Vec::new(),
            moments: Vec::new(),
            generation: 0,
            began: Instant::now(),
            admin,
        };
        life.introduce()?;
        life.change(&["init", &life.admin.site.store()])?;
        life.admin.export_store()?;
        for (member, _) in MEMBERS {
            life.change(&["member", "set", member, "app=erp"])?;
            life.instances
                .push(Instance::new(&life.admin.board, member)?);
        }
        life.admin
            .story
            .tell("\nAll three start from the same path, and are asked all the time:\n")?;
        for instance in &mut life.instances {
            life.load.push(load::keep_asking(
                &life.admin.board,
                instance.index,
                instance.port.number,
            )?);
            instance.start(&life.admin, Version::One)?;
        }
        life.look("before: nobody has moved")?;
        Ok(life)
    }

    /// Moves all instances to version 2, each in its turn: stop, add, start.
    pub fn upgrade(&mut self) -> Result<(), Failure> {
        let (from, to) = (
            self.admin.site.place(),
            self.admin.site.path(Version::Two.tree()),
        );
        for (index, (member, moment)) in MEMBERS.into_iter().enumerate() {
            self.admin
                .story
                .heading(&format!("{member} moves to version 2"))?;
            self.instances[index].stop(&self.admin)?;
            self.change(&["add", "--member", member, &from, &to])?;
            self.instances[index].start(&self.admin, Version::Two)?;
            self.look(moment)?;
        }
        Ok(())
    }

    /// Moves the first instance back to version 1: stop, remove, start.
    pub fn go_back(&mut self) -> Result<(), Failure> {
        let [(member, _), ..] = MEMBERS;
        self.admin
            .story
            .heading(&format!("{member} goes back to version 1"))?;
        self.instances[0].stop(&self.admin)?;
        self.change(&["remove", "--member", member, &self.admin.site.place()])?;
        self.instances[0].start(&self.admin, Version::One)?;
        self.look("back: erp1 has returned")
    }

    /// Ends the requests and the instances, and removes the directory unless it is kept.
    pub fn end(mut self) -> Result<Summary, Failure> {
        self.admin.story.heading("the end")?;
        self.admin.board.end();
        for thread in self.load.drain(..) {
            // Nothing in it panics; the counts tell how far it came.
            let _ = thread.join();
        }
        for instance in &mut self.instances {
            instance.stop(&self.admin)?;
        }
        for instance in &self.instances {
            instance.check(&self.admin.board)?;
        }
        let instances = {
            let traffic = self.admin.board.traffic();
            let both = self.instances.iter().zip(traffic.iter());
            both.map(|(instance, traffic)| Counts::of(instance, traffic))
                .collect()
        };
        let kept = self.admin.site.is_kept();
        let directory = self.admin.site.root().to_owned();
        self.admin.site.close()?;
        Ok(Summary {
            directory,
            kept,
            generation: self.generation,
            took: self.began.elapsed(),
            instances,
            moments: self.moments,
        })
    }

    fn introduce(&self) -> Result<(), Failure> {
        let (site, story) = (&self.admin.site, &self.admin.story);
        story.tell(INTRODUCTION)?;
        story.assignment(site.root())?;
        for version in Version::BOTH {
            let (tree, number, page) = (version.tree(), version.number(), version.page());
            let parts = [
                ("bin/server", format!("version {number} of a small server")),
                ("share/release", format!("{number:?}, read when it starts")),
                ("share/page", format!("{page:?}, opened for every request")),
            ];
            for (name, what) in parts {
                story.output(&format!("{:37}{what}", format!("$T/{tree}/{name}")))?;
            }
        }
        story.tell("\nAn administrator makes a store, and the members known:\n")?;
        story.command(&format!("export PSL_CONFIG={}", site.configuration()))
    }

    fn change(&mut self, arguments: &[&str]) -> Result<(), Failure> {
        self.generation = self.admin.change(arguments)?;
        Ok(())
    }

    fn look(&mut self, moment: &'static str) -> Result<(), Failure> {
        let look = Look::take(moment, self.generation, &self.instances, &self.admin)?;
        self.admin.story.heading(moment)?;
        self.admin.story.look(&look)?;
        self.moments.push(look);
        Ok(())
    }
}
