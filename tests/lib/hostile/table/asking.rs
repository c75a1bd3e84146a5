//! Who may ask a table, as far as its criteria tell processes apart; and a simpler reading of those.

use psl_table::criteria::{Criteria, Key};
use psl_table::subject::Subject;
use psl_table::table::Table;

/// Returns a few who ask: nobody's process, each member's, and for each row one who has what it asks for.
pub fn subjects(table: &Table) -> Vec<Subject> {
    let mut subjects = vec![Subject::default()];
    for (member, attributes) in table.members.iter().take(4) {
        subjects.push(Subject {
            member: Some(member.clone()),
            app: attributes.app.clone(),
            version: attributes.version.clone(),
            groups: attributes.groups.clone(),
            ..Subject::default()
        });
    }
    for row in table.links.iter().take(8) {
        let mut subject = Subject::default();
        for (key, value) in row.criteria.pairs() {
            let value = value.to_owned();
            match key {
                Key::Member => subject.member = Some(value),
                Key::Group => subject.groups.push(value),
                Key::App => subject.app = Some(value),
                Key::Version => subject.version = Some(value),
                Key::Host => subject.host = value,
                Key::User => match value.parse() {
                    Ok(uid) => subject.uid = uid,
                    Err(_) => subject.user = Some(value),
                },
                Key::Exe => subject.exe = Some(value.into_bytes()),
                Key::Env(name) => subject.env.push((name.into(), value.into_bytes())),
            }
        }
        subjects.push(subject);
    }
    subjects
}

/// Whether a subject has what criteria ask for, each by itself.
///
/// A version is compared as a text, and may agree in another way; so may a glob.
pub fn agrees(criteria: &Criteria, subject: &Subject) -> bool {
    criteria.pairs().into_iter().all(|(key, value)| match key {
        Key::Member => subject.member.as_deref() == Some(value),
        Key::Group => subject.groups.iter().any(|group| group == value),
        Key::App => subject.app.as_deref() == Some(value),
        Key::Version => subject.version.is_some(),
        Key::Host => is_pattern(value) || subject.host == value,
        Key::User => {
            let uid = value.parse::<u32>();
            uid == Ok(subject.uid) || subject.user.as_deref() == Some(value)
        }
        Key::Exe => {
            let exe = subject.exe.as_deref();
            exe.is_some_and(|exe| is_pattern(value) || exe == value.as_bytes())
        }
        Key::Env(name) => {
            let set = subject.env.iter().find(|(key, _)| key == name.as_bytes());
            set.is_some_and(|(_, found)| is_pattern(value) || found == value.as_bytes())
        }
    })
}

fn is_pattern(glob: &str) -> bool {
    glob.contains(['*', '?', '['])
}
