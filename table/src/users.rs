//! The names of users, from `/etc/passwd` alone.

use std::path::Path;

use crate::file;

/// Returns the user's name; none when `/etc/passwd` does not list the number.
pub(crate) fn name_of(uid: u32) -> Option<String> {
    let passwd = file::read_lossy(Path::new("/etc/passwd")).ok()?;
    name_in(&passwd, uid)
}

fn name_in(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_number() {
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\n\nbroken\n+::::::\noracle:x:54321:1::/:/bin/sh\n";
        let rows = [(0, Some("root")), (54321, Some("oracle")), (1, None)];
        for (uid, name) in rows {
            assert_eq!(name_in(passwd, uid).as_deref(), name, "uid {uid}");
        }
    }
}
