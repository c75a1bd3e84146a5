//! Names in a tree with links, against the kernel.

use std::ops::ControlFlow;

use arbitrary::{Result, Unstructured};

#[path = "../../../table/tests/kernel/twins.rs"]
mod twins;

use twins::{Case, Decoy, Node};

/// A name leads where it leads with real symlinks.
pub fn check(bytes: &[u8]) -> ControlFlow<()> {
    let case = super::understood(case(&mut Unstructured::new(bytes)))?;
    if let Err(difference) = twins::compare(&case) {
        panic!("{difference}\n{case:#?}");
    }
    ControlFlow::Continue(())
}

fn case(bytes: &mut Unstructured<'_>) -> Result<Case> {
    let mut case = Case {
        nodes: Vec::new(),
        names: Vec::new(),
        start: path(bytes, 0)?,
    };
    for _ in 0..bytes.int_in_range(1..=13)? {
        let node = (path(bytes, 1)?, node(bytes)?);
        case.nodes.push(node);
    }
    for _ in 0..24 {
        if bytes.is_empty() {
            break;
        }
        let mut name = spelling(bytes)?;
        // Some are too long, or would be when they are resolved.
        if bytes.ratio(1, 16)? {
            let part = format!("{name}/");
            let count = bytes.int_in_range(4000..=4100)? / part.len();
            name = part.repeat(count) + &name;
        }
        case.names.push((name, bytes.arbitrary()?));
    }
    Ok(case)
}

fn component(bytes: &mut Unstructured<'_>) -> Result<&'static str> {
    bytes.choose(&["a", "b", "c", "v", "v1"]).copied()
}

fn path(bytes: &mut Unstructured<'_>, least: usize) -> Result<String> {
    let count = bytes.int_in_range(least..=3)?;
    let parts: Result<Vec<_>> = (0..count).map(|_| component(bytes)).collect();
    Ok(parts?.join("/"))
}

fn spelling(bytes: &mut Unstructured<'_>) -> Result<String> {
    const PARTS: [&str; 10] = ["a", "b", "c", "v", "v1", "v", "a", "..", ".", ""];
    let mut text = bytes.choose(&["", "/"])?.to_string();
    for position in 0..bytes.int_in_range(1..=6)? {
        if position > 0 {
            text.push('/');
        }
        text.push_str(bytes.choose(&PARTS)?);
    }
    Ok(text + bytes.choose(&["", "", "", "/", "/.", "//"])?)
}

/// The text of a symlink, which is not empty.
fn text(bytes: &mut Unstructured<'_>) -> Result<String> {
    let text = spelling(bytes)?;
    Ok(if text.is_empty() {
        "a".to_owned()
    } else {
        text
    })
}

fn node(bytes: &mut Unstructured<'_>) -> Result<Node> {
    Ok(match bytes.int_in_range(0..=7)? {
        0..=2 => Node::Dir,
        3 => Node::File,
        4 | 5 => Node::Symlink(text(bytes)?),
        _ => Node::Private {
            to: format!("/{}", path(bytes, 1)?),
            decoy: match bytes.int_in_range(0..=5)? {
                0..=2 => Decoy::None,
                3 => Decoy::Dir,
                4 => Decoy::File,
                _ => Decoy::Symlink(text(bytes)?),
            },
        },
    })
}
