//! One row of the table: a link, for whom, and how.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use crate::criteria::{Criteria, CriteriaFlaw, KEYS};
use crate::document::Fields;
use crate::error::Result;
use crate::name::{AbsPath, Flaw};

/// One `[[link]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// Where the link lies.
    pub from: AbsPath,
    /// What it points to.
    pub to: AbsPath,
    /// For whom.
    pub criteria: Criteria,
    /// Whether the target is hidden from everyone whom no link leads there.
    pub private: bool,
    /// Whether running processes follow changes of the target.
    pub live: bool,
    /// The administrator's remark.
    pub note: Option<String>,
    /// Where the row's header lies in the text (an inline row: the whole row), in bytes.
    pub span: Range<usize>,
    /// Where the value of `from` lies.
    pub from_span: Range<usize>,
    /// Where the value of `to` lies.
    pub to_span: Range<usize>,
}

impl LinkRow {
    pub(super) fn parse(fields: &Fields<'_>) -> Result<LinkRow> {
        refuse_bare_criteria(fields)?;
        fields.only(&["from", "to", "member", "when", "private", "live", "note"])?;
        let (from, from_span) = path(fields, "from")?;
        let (to, to_span) = path(fields, "to")?;
        let refuse = |span: &Range<usize>, message: String| {
            Err(fields.document.invalid(span.clone(), message))
        };
        if from.as_str() == "/" {
            return refuse(&from_span, format!("`from` {}", Flaw::Root.of("/")));
        }
        if to == from {
            let message = format!(
                "`to` is `from` itself ({:?}), expected another path",
                to.as_str()
            );
            return refuse(&to_span, message);
        }
        if to.is_within(&from) {
            let message = format!(
                "`to` {:?} lies below `from` {:?}, expected a path outside of it",
                to.as_str(),
                from.as_str()
            );
            return refuse(&to_span, message);
        }
        let private = fields.flag("private")?;
        if private && to.as_str() == "/" {
            let message = "`to` is the root, which `private` would hide from everybody else";
            return refuse(&to_span, message.to_owned());
        }
        Ok(LinkRow {
            from,
            to,
            criteria: criteria(fields)?,
            private,
            live: fields.flag("live")?,
            note: fields
                .string("note")?
                .map(|note| note.into_inner().to_owned()),
            span: fields.span.clone(),
            from_span,
            to_span,
        })
    }
}

/// Refuses a criteria key that stands beside `when` instead of in it.
fn refuse_bare_criteria(fields: &Fields<'_>) -> Result<()> {
    let bare = KEYS.into_iter().filter(|key| *key != "member");
    let bare = bare.filter_map(|key| Some((key, fields.key_span(key)?)));
    bare.min_by_key(|(_, span)| span.start)
        .map_or(Ok(()), |(key, span)| {
            let message =
                format!("`{key}` is a criterion, expected it in `when = {{ {key} = ... }}`");
            Err(fields.document.invalid(span, message))
        })
}

fn path(fields: &Fields<'_>, key: &str) -> Result<(AbsPath, Range<usize>)> {
    let text = fields.required(key, fields.string(key)?)?;
    let path = AbsPath::new(text.get_ref()).map_err(|flaw| {
        let message = format!("`{key}` {}", flaw.of(text.get_ref()));
        fields.document.invalid(text.span(), message)
    })?;
    Ok((path, text.span()))
}

/// Reads `member` and `when`; a member may stand in either.
fn criteria(fields: &Fields<'_>) -> Result<Criteria> {
    let mut criteria = Criteria::default();
    if let Some(member) = fields.string("member")? {
        set(fields, &mut criteria, "member", &member, &member)?;
    }
    let Some(when) = fields.table("when", "`when`")? else {
        return Ok(criteria);
    };
    when.only(&KEYS)?;
    for (key, value) in when.entries() {
        if *key.get_ref() == "env" {
            continue;
        }
        if *key.get_ref() == "user" && value.get_ref().is_integer() {
            let uid = uid(&when, value)?.to_string();
            let uid = Spanned::new(value.span(), uid.as_str());
            set(&when, &mut criteria, "user", &key, &uid)?;
        } else if let Some(text) = when.string(key.get_ref())? {
            set(&when, &mut criteria, key.get_ref(), &key, &text)?;
        }
    }
    if let Some(env) = when.table("env", "`env`")? {
        for (name, _) in env.entries() {
            if let Some(glob) = env.string(name.get_ref())? {
                let key = format!("env.{}", name.get_ref());
                set(&env, &mut criteria, &key, &name, &glob)?;
            }
        }
    }
    Ok(criteria)
}

fn uid(when: &Fields<'_>, value: &Spanned<DeValue<'_>>) -> Result<u32> {
    let uid = value.get_ref().as_integer();
    let uid = uid.and_then(|uid| u32::from_str_radix(uid.as_str(), uid.radix()).ok());
    uid.ok_or_else(|| when.wrong_type("user", value, "a user's name or number"))
}

/// Sets one key; a flaw of the key is reported at the key, a flaw of the value at the value.
fn set(
    fields: &Fields<'_>,
    criteria: &mut Criteria,
    key: &str,
    key_place: &Spanned<&str>,
    value: &Spanned<&str>,
) -> Result<()> {
    criteria.set(key, value.get_ref()).map_err(|flaw| {
        let span = match flaw {
            CriteriaFlaw::UnknownKey | CriteriaFlaw::Twice | CriteriaFlaw::VariableName => {
                key_place.span()
            }
            _ => value.span(),
        };
        let message = match flaw {
            CriteriaFlaw::Member(flaw) => format!("`{key}` {}", flaw.of(value.get_ref())),
            _ => format!("`{key}` {flaw}"),
        };
        fields.document.invalid(span, message)
    })
}
