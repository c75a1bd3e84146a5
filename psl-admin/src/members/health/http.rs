//! A request that is answered as expected.
use std::io::Read;
use std::time::Duration;
use ureq::Agent;

/// How much of a body is searched, in bytes.
const SEARCHED: u64 = 1 << 20;

/// Gets the URL; a redirection is an answer.
pub fn probe(
    url: &str,
    status: Option<u16>,
    body: Option<&str>,
    limit: Duration,
) -> Result<(), String> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(limit.max(Duration::from_millis(1))))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        // A member is asked itself, whatever the environment says of proxies.
        .proxy(None)
        .user_agent("psl-admin")
        .build()
        .into();
    let failed = |error: &dyn std::error::Error| format!("{url}: {error}");
    let mut answer = agent.get(url).call().map_err(|error| failed(&error))?;
    let found = answer.status().as_u16();
    match status {
        Some(status) if found != status => {
            return Err(format!("{url} answered {found}, expected {status}"));
        }
        None if !(200..300).contains(&found) => {
            return Err(format!("{url} answered {found}, expected 200 to 299"));
        }
        _ => {}
    }
    let Some(expected) = body else {
        return Ok(());
    };
    let mut bytes = Vec::new();
    let reader = answer.body_mut().as_reader();
    reader
        .take(SEARCHED)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(&error))?;
    match String::from_utf8_lossy(&bytes).contains(expected) {
        true => Ok(()),
        false => Err(format!("the answer of {url} lacks {expected:?}")),
    }
}
