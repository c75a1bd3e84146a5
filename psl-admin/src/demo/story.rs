//! What a demo prints while it runs, for people.
use crate::columns;
use crate::console::Console;
use crate::demo::look::Look;
use crate::demo::version::Version;
use crate::failure::Failure;
use anstyle::{AnsiColor, Style};

/// The style of what stands out.
pub const HEADING: Style = Style::new().bold();
const COMMAND: Style = AnsiColor::Cyan.on_default();
const MOVED: Style = AnsiColor::Green.on_default();

/// The printer; silent when only the summary is wanted.
#[derive(Clone, Debug)]
pub struct Story {
    console: Console,
    root: String,
}

impl Story {
    /// Makes a printer that writes `$T` for the demo's directory.
    pub fn new(console: Console, root: &str) -> Self {
        Self {
            console,
            root: root.to_owned(),
        }
    }

    /// Prints a paragraph.
    pub fn tell(&self, text: &str) -> Result<(), Failure> {
        self.print(&format!("{text}\n"))
    }

    /// Prints a heading.
    pub fn heading(&self, text: &str) -> Result<(), Failure> {
        self.print(&format!("\n{HEADING}{text}{HEADING:#}\n"))
    }

    /// Prints a command as it would be typed.
    pub fn command(&self, command: &str) -> Result<(), Failure> {
        self.print(&format!(
            "  {COMMAND}$ {}{COMMAND:#}\n",
            self.shortened(command)
        ))
    }

    /// Prints how `$T` would be set.
    pub fn assignment(&self, root: &str) -> Result<(), Failure> {
        let root = shell_words::quote(root);
        self.print(&format!("  {COMMAND}$ T={root}{COMMAND:#}\n"))
    }

    /// Prints what a command wrote.
    pub fn output(&self, text: &str) -> Result<(), Failure> {
        self.print(&indented(&self.shortened(text)))
    }

    /// Prints what all instances answer, and what `ls -l` shows to each of them where that differs.
    pub fn look(&self, look: &Look) -> Result<(), Failure> {
        self.tell(&format!("\n{}:", look.moment))?;
        let rows = look.instances.iter().map(|seen| {
            let program = self.shortened(&seen.program);
            [
                seen.member.to_owned(),
                seen.release.clone(),
                seen.page.clone(),
                program,
            ]
        });
        let table = columns::aligned(
            ["INSTANCE", "READ AT START", "OPENED ANEW", "PROGRAM"],
            rows,
        );
        let header = [Style::new()].into_iter();
        let moved = look
            .instances
            .iter()
            .map(|seen| match seen.release == Version::Two.number() {
                true => MOVED,
                false => Style::new(),
            });
        let lines = header.chain(moved).zip(table.lines());
        let lines: String = lines
            .map(|(style, line)| format!("  {style}{line}{style:#}\n"))
            .collect();
        self.print(&lines)?;
        let mut seen = look.instances.iter().map(|seen| &seen.listing);
        let first = seen.next();
        if seen.all(|listing| Some(listing) == first) {
            return Ok(());
        }
        for (viewers, listing) in look.listings() {
            self.print(&format!("  ls -l $T/binaries, as seen by {viewers}:\n"))?;
            self.output(listing)?;
        }
        Ok(())
    }

    fn shortened(&self, text: &str) -> String {
        text.replace(&self.root, "$T")
    }

    fn print(&self, text: &str) -> Result<(), Failure> {
        match self.console {
            Console { quiet: true, .. } | Console { json: true, .. } => Ok(()),
            console => console.print_styled(text),
        }
    }
}

fn indented(text: &str) -> String {
    let indented = |line: &str| match line {
        "" => "\n".to_owned(),
        line => format!("    {line}\n"),
    };
    text.lines().map(indented).collect()
}
