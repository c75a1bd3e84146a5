//! What an instance answers to a request.
use crate::demo::http;
use std::io;

/// An answer of the demo's server, which tells of which version its parts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The version's number, in a file that was read when the server started.
    pub release: String,
    /// The version's page, in a file that was opened for this answer.
    pub page: String,
    /// The physical path of the program.
    pub program: String,
    /// The id of the process.
    pub process: u32,
}

/// Sends one request to a port of the loopback interface.
pub fn ask(port: u16) -> io::Result<Answer> {
    let text = http::get(port, "/")?;
    parsed(&text).ok_or_else(|| {
        let message = format!("unexpected answer {text:?}");
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

fn parsed(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    if !http::is_ok(head) {
        return None;
    }
    let mut lines = body.strip_suffix('\n')?.lines();
    let mut value = |name: &str| {
        lines
            .next()?
            .strip_prefix(name)?
            .strip_prefix(' ')
            .map(str::to_owned)
    };
    Some(Answer {
        release: value("release")?,
        page: value("page")?,
        program: value("program")?,
        process: value("process")?.parse().ok()?,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::parsed;

    const WHOLE: &str = "HTTP/1.1 200 OK\r\nX: y\r\n\r\nrelease 1\npage page of version 1\nprogram /a b/server\nprocess 7\n";

    #[test]
    fn an_answer_is_read_whole_or_not_at_all() {
        let answer = parsed(WHOLE).unwrap();
        assert_eq!(
            (answer.release.as_str(), answer.page.as_str()),
            ("1", "page of version 1")
        );
        assert_eq!(
            (answer.program.as_str(), answer.process),
            ("/a b/server", 7)
        );
        for end in 0..WHOLE.len() {
            assert_eq!(parsed(&WHOLE[..end]), None, "{end}");
        }
        assert_eq!(
            parsed(&WHOLE.replace("200 OK", "500 Internal Server Error")),
            None
        );
    }
}
