//! How a member's health is checked.

use std::fmt;

use crate::document::Fields;
use crate::error::Result;
use crate::members::Command;

/// A check that a healthy member passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// A GET request is answered with the expected status; a redirection is an answer.
    Http {
        /// The whole URL.
        url: String,
        /// The server.
        address: Address,
        /// The path and query, from the slash on.
        path: String,
        /// The status; without it every one from 200 to 299.
        status: Option<u16>,
        /// What the body must contain.
        body: Option<String>,
    },
    /// A TCP connection is accepted.
    Tcp(Address),
    /// A command exits with 0.
    Exec(Command),
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The host's name or address; an IPv6 address without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// The keys that say more about `http`.
const OF_HTTP: [&str; 2] = ["body", "status"];

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Address { host, port } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

impl Health {
    pub(super) fn parse(fields: &Fields<'_>) -> Result<Health> {
        fields.only(&["http", "tcp", "exec", "body", "status"])?;
        let given = fields.entries().into_iter().map(|(key, _)| key);
        let is_kind = |key: &str| !OF_HTTP.contains(&key);
        let kinds: Vec<_> = given.filter(|key| is_kind(key.get_ref())).collect();
        let refuse = |span, message: String| Err(fields.document.invalid(span, message));
        match kinds.as_slice() {
            [_] => {}
            [first, second, ..] => {
                let message = format!(
                    "`{}` excludes `{}`, expected one check",
                    second.get_ref(),
                    first.get_ref()
                );
                return refuse(second.span(), message);
            }
            [] => {
                let message = "`health` lacks a check, expected `http`, `tcp` or `exec`";
                return refuse(fields.span.clone(), message.to_owned());
            }
        }
        let body = fields.string("body")?;
        let status = status(fields)?;
        if let Some(http) = fields.parsed("http", http)? {
            let (url, address, path) = http;
            let body = body.map(|body| (*body.get_ref()).to_owned());
            return Ok(Health::Http {
                url,
                address,
                path,
                status,
                body,
            });
        }
        for key in OF_HTTP {
            if let Some(span) = fields.key_span(key) {
                return refuse(span, format!("`{key}` goes with `http` only"));
            }
        }
        if let Some(address) = fields.parsed("tcp", address)? {
            return Ok(Health::Tcp(address));
        }
        let command = Command::parse(fields, "exec")?;
        Ok(Health::Exec(fields.required("exec", command)?))
    }
}

fn status(fields: &Fields<'_>) -> Result<Option<u16>> {
    let Some(status) = fields.number("status")? else {
        return Ok(None);
    };
    let known = u16::try_from(*status.get_ref()).ok();
    match known.filter(|status| (200..600).contains(status)) {
        Some(status) => Ok(Some(status)),
        None => {
            let message = format!("`status` is {}, expected 200 to 599", status.get_ref());
            Err(fields.document.invalid(status.span(), message))
        }
    }
}

fn http(url: &str) -> Result<(String, Address, String), &'static str> {
    let expected = "is no URL that can be checked, expected `http://HOST[:PORT]/PATH`";
    if url.contains(|letter: char| letter.is_control() || letter == ' ') {
        return Err(expected);
    }
    let rest = url.strip_prefix("http://").ok_or(expected)?;
    let rest = rest.split('#').next().unwrap_or(rest);
    let (server, path) = match rest.find(['/', '?']) {
        Some(end) => rest.split_at(end),
        None => (rest, "/"),
    };
    let path = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("/{path}"),
    };
    let has_port = server
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.ends_with(']'));
    let address = match has_port {
        true => address(server),
        false => address(&format!("{server}:80")),
    };
    Ok((url.to_owned(), address.map_err(|_| expected)?, path))
}

fn address(text: &str) -> Result<Address, &'static str> {
    let expected = "is no address, expected `HOST:PORT` or `[IPV6]:PORT`";
    let (host, port) = text.rsplit_once(':').ok_or(expected)?;
    let (host, may_have_colons) = match host.strip_prefix('[') {
        Some(inner) => (inner.strip_suffix(']').ok_or(expected)?, true),
        None => (host, false),
    };
    let odd = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || matches!(letter, '/' | '@' | '[' | ']')
            || (letter == ':' && !may_have_colons)
    };
    if host.is_empty() || host.contains(odd) || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(expected);
    }
    match port.parse() {
        Ok(port) if port > 0 => Ok(Address {
            host: host.to_owned(),
            port,
        }),
        _ => Err(expected),
    }
}
