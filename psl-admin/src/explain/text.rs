//! The explanation at a glance.
use crate::columns;
use crate::explain::answer::{Answer, ShownStep};
use crate::explain::reached::{File, Refusal};
use crate::explain::restart::Restart;
use crate::explain::rows::{Row, Verdict};
use crate::explain::steps::Kind;
use anstyle::{AnsiColor, Style};
use psl_table::criteria::Key;

const TITLE: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const ODD: Style = AnsiColor::Cyan.on_default();
const DIM: Style = Style::new().dimmed();

/// Writes it for a terminal; `all` adds the rows for other places, the directories on the way, and what is hidden.
pub fn glance(answer: &Answer<'_>, all: bool) -> String {
    let mut text = head(answer);
    text += &walk(&answer.walk, all);
    text += &rows(&answer.rows, all);
    if all && !answer.hidden.is_empty() {
        let hidden = answer.hidden.iter().map(|path| [path.clone()]);
        text += &section("hidden", &columns::aligned(["NAME"], hidden), []);
    }
    text
}

fn head(answer: &Answer<'_>) -> String {
    let who = match (&answer.process, &answer.member) {
        (Some(process), member) => {
            let of = member
                .as_ref()
                .map_or(String::new(), |member| format!(" of member {member:?}"));
            format!("process {} ({:?}){of}", process.pid, process.program)
        }
        (None, member) => format!("member {:?}", member.as_deref().unwrap_or_default()),
    };
    let path = &answer.path;
    let mut text = match &answer.reached {
        Ok(file) => format!(
            "{who} reaches {GOOD}{:?}{GOOD:#} by {path:?}\n\n{}",
            file.physical,
            fact(file.kind, &described(file))
        ),
        Err(refusal) => format!(
            "{who} reaches nothing by {path:?}: {BAD}{}{BAD:#}\n\n",
            refused(refusal)
        ),
    };
    text += &fact("generation", &answer.generation.to_string());
    let engine = match answer.engine {
        Some(engine) => engine.into(),
        None => format!(
            "{BAD}none: neither the shim nor its mounts are there, and no link holds{BAD:#}"
        ),
    };
    text += &fact("engine", &engine);
    if let Some(after) = &answer.restart {
        text += &fact("restart", &restart(after));
    }
    text
}

fn fact(name: &str, value: &str) -> String {
    format!("{TITLE}{name:<12}{TITLE:#}{value}\n")
}

fn described(file: &File) -> String {
    let File {
        device,
        inode,
        size,
        modified,
        ..
    } = file;
    format!("device:inode {device}:{inode}, {size} bytes, modified {modified}")
}

fn refused(refusal: &Refusal) -> String {
    let Refusal { errno, message, at } = refusal;
    format!("{errno} ({message}) at {at:?}")
}

fn restart(after: &Restart) -> String {
    match after {
        Restart::Reaches {
            changes: false,
            generation,
            ..
        } => {
            format!("changes nothing (generation {generation})")
        }
        Restart::Reaches {
            generation,
            reached: Ok(file),
            ..
        } => format!(
            "{ODD}reaches {:?}{ODD:#} (generation {generation}; {})",
            file.physical,
            described(file)
        ),
        Restart::Reaches {
            generation,
            reached: Err(refusal),
            ..
        } => format!(
            "{BAD}reaches nothing: {}{BAD:#} (generation {generation})",
            refused(refusal)
        ),
        Restart::Refused { refused, .. } => format!("{BAD}is refused: {refused}{BAD:#}"),
    }
}

fn walk(steps: &[ShownStep], all: bool) -> String {
    // A directory that is only passed through says nothing.
    let is_turn = |index: usize| {
        let next = steps.get(index + 1);
        steps[index].kind != Kind::Plain || next.is_none_or(|next| next.kind == Kind::Up)
    };
    let steps: Vec<_> = (0..steps.len())
        .filter(|&index| all || is_turn(index))
        .map(|index| &steps[index])
        .collect();
    let cells = steps.iter().map(|step| {
        let what = match (step.kind, step.line, &step.errno) {
            (Kind::Plain, ..) => String::new(),
            (Kind::Up, ..) => "..".into(),
            (Kind::Symlink, ..) => "real symlink".into(),
            (Kind::Magic, ..) => "magic link".into(),
            (Kind::Link, Some(line), _) => format!("link, line {line}"),
            (Kind::Link, None, _) => "link".into(),
            (Kind::Hidden, Some(line), _) => format!("hidden: private target of line {line}"),
            (Kind::Hidden, None, _) => "hidden: a private target".into(),
            (Kind::Refused, _, errno) => errno.clone().unwrap_or_default(),
            (Kind::Loop, ..) => "one link too many".into(),
        };
        let to = step
            .to
            .as_ref()
            .map_or(String::new(), |to| format!("-> {to}"));
        [step.at.clone(), to, what]
    });
    let styles = steps.iter().map(|step| match step.kind {
        Kind::Plain | Kind::Up => Style::new(),
        Kind::Symlink | Kind::Magic => ODD,
        Kind::Link => GOOD,
        Kind::Hidden | Kind::Refused | Kind::Loop => BAD,
    });
    section(
        "walk",
        &columns::aligned(["AT", "TO", "WHAT"], cells),
        styles,
    )
}

fn rows(rows: &[Row<'_>], all: bool) -> String {
    let shown: Vec<_> = rows.iter().filter(|row| all || row.on_the_way).collect();
    let cells = shown.iter().map(|row| {
        let others = row.link.criteria.pairs().into_iter();
        let whom: Vec<_> = others
            .map(|(key, value)| match key {
                Key::Member => value.to_owned(),
                _ => format!("{key}={value}"),
            })
            .collect();
        let outcome = match row.outcome {
            Verdict::Won => "won",
            Verdict::Lost => "lost",
            Verdict::Fails => "does not hold",
        };
        [
            row.line.to_string(),
            row.link.from.to_string(),
            row.link.to.to_string(),
            if whom.is_empty() {
                "all".into()
            } else {
                whom.join(" ")
            },
            outcome.into(),
            row.why.clone(),
        ]
    });
    let styles = shown.iter().map(|row| match row.outcome {
        Verdict::Won => GOOD,
        Verdict::Lost => Style::new(),
        Verdict::Fails => DIM,
    });
    let header = ["LINE", "FROM", "TO", "FOR", "OUTCOME", "WHY"];
    let mut text = match shown.len() {
        0 => format!("\n{TITLE}rows{TITLE:#}\nno row is for a place on the way\n"),
        _ => section("rows", &columns::aligned(header, cells), styles),
    };
    match rows.len() - shown.len() {
        0 => {}
        1 => text += "1 more row is for another place; --all lists it\n",
        others => text += &format!("{others} more rows are for other places; --all lists them\n"),
    }
    text
}

/// Styles the lines of a table below its header: no cell has a line end.
fn section(title: &str, table: &str, styles: impl IntoIterator<Item = Style>) -> String {
    let mut lines = table.lines();
    let header = lines.next().unwrap_or_default();
    let mut text = format!("\n{TITLE}{title}{TITLE:#}\n{DIM}{header}{DIM:#}\n");
    let mut styles = styles.into_iter();
    for line in lines {
        let style = styles.next().unwrap_or_default();
        text += &format!("{style}{line}{style:#}\n");
    }
    text
}
