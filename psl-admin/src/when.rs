//! `--member` and `--when KEY=VALUE`: criteria as they are given on the command line.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{known, nearest};
use clap::Args;
use psl_table::criteria::{Criteria, CriteriaFlaw, KEYS, Key};
use psl_table::table::LinkRow;

/// Whom a link is for.
#[derive(Args, Debug)]
pub struct When {
    /// For this member alone
    #[arg(long, value_name = "M", value_parser = known::member)]
    member: Option<String>,
    /// For those alone where KEY holds: group, app, version (a text, or a requirement such as '>=2'), host, user, exe, env.NAME;
    /// may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = condition)]
    when: Vec<(String, String)>,
}

impl When {
    /// Puts the flags together.
    pub fn criteria(&self) -> Result<Criteria, Failure> {
        let mut criteria = Criteria::default();
        let member = self.member.iter().map(|member| ("member", member.as_str()));
        let when = self
            .when
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        for (key, value) in member.chain(when) {
            criteria.set(key, value).map_err(|flaw| {
                let message = format!("--when {key}={value}: `{key}` {flaw}");
                Failure::new(Exit::Usage, message)
            })?;
        }
        Ok(criteria)
    }
}

/// Writes what names a link as the arguments of `remove`, quoted for a shell.
pub fn arguments(link: &LinkRow) -> String {
    named(link.from.as_str(), &link.criteria)
}

/// Does the same with a place and criteria.
pub fn named(from: &str, criteria: &Criteria) -> String {
    let mut arguments = Vec::new();
    for (key, value) in criteria.pairs() {
        arguments.extend(match key {
            Key::Member => ["--member".to_owned(), value.to_owned()],
            _ => ["--when".to_owned(), format!("{key}={value}")],
        });
    }
    arguments.push(from.to_owned());
    shell_words::join(arguments)
}

/// Parses KEY=VALUE, split at the first `=`.
fn condition(argument: &str) -> Result<(String, String), String> {
    let (key, value) = argument
        .split_once('=')
        .ok_or("expected KEY=VALUE, for example app=erp")?;
    match Criteria::default().set(key, value) {
        Ok(()) => Ok((key.to_owned(), value.to_owned())),
        Err(CriteriaFlaw::UnknownKey) => {
            let keys = KEYS.map(|known| if known == "env" { "env.NAME" } else { known });
            let known = nearest::listed(&nearest::sort(key, keys));
            Err(format!("unknown key {key:?}, known are {known}"))
        }
        Err(flaw) => Err(format!("`{key}` {flaw}")),
    }
}
