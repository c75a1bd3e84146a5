//! The keys of one TOML table, asked for by name and type.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::document::{Document, nearest};
use crate::error::{Error, Result};

/// The keys of one TOML table.
pub(crate) struct Fields<'d> {
    pub(crate) document: Document<'d>,
    /// What the table describes, for messages: "a link", "member `erp1`".
    what: Cow<'d, str>,
    table: &'d DeTable<'d>,
    /// The place of the table's header.
    pub(crate) span: Range<usize>,
}

impl<'d> Fields<'d> {
    pub(crate) fn new(
        document: Document<'d>,
        what: impl Into<Cow<'d, str>>,
        table: &'d DeTable<'d>,
        span: Range<usize>,
    ) -> Fields<'d> {
        Fields {
            document,
            what: what.into(),
            table,
            span,
        }
    }

    /// Returns what the table describes, for messages.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Returns the place of a key, when it is given.
    pub(crate) fn key_span(&self, key: &str) -> Option<Range<usize>> {
        let (found, _) = self.table.get_key_value(key)?;
        Some(found.span())
    }

    /// Refuses the first key, in the order of the text, that is not known.
    pub(crate) fn only(&self, known: &[&str]) -> Result<()> {
        let unknown = self
            .table
            .keys()
            .filter(|key| !known.contains(&&**key.get_ref()))
            .min_by_key(|key| key.span().start);
        unknown.map_or(Ok(()), |key| {
            Err(self.unknown(key.get_ref(), key.span(), known))
        })
    }

    /// Returns the error for an unknown key.
    fn unknown(&self, key: &str, span: Range<usize>, known: &[&str]) -> Error {
        let what = &self.what;
        let hint = match nearest(key, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("expected one of {}", quoted(known)),
        };
        self.document
            .invalid(span, format!("unknown key `{key}` in {what}, {hint}"))
    }

    /// Returns the keys with their places and values, in the order of the text.
    pub(crate) fn entries(&self) -> Vec<(Spanned<&'d str>, &'d Spanned<DeValue<'d>>)> {
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(key, value)| (Spanned::new(key.span(), &**key.get_ref()), value))
            .collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
    }

    /// Returns the value of `key`, of any type.
    pub(crate) fn value(&self, key: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.table.get(key)
    }

    /// Returns `value` when a key that must be there is, else an error at the table's header.
    pub(crate) fn required<T>(&self, key: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| {
            let what = &self.what;
            self.document
                .invalid(self.span.clone(), format!("{what} lacks the key `{key}`"))
        })
    }

    /// Returns a string.
    pub(crate) fn string(&self, key: &str) -> Result<Option<Spanned<&'d str>>> {
        self.of(key, "a string", |value| value.as_str())
    }

    /// Returns a string that is not empty and has no control characters.
    pub(crate) fn word(&self, key: &str) -> Result<Option<Spanned<&'d str>>> {
        let word = self.string(key)?;
        if let Some(word) = &word {
            self.check_word(key, word)?;
        }
        Ok(word)
    }

    /// Returns a list of words, empty when the key is missing.
    pub(crate) fn words(&self, key: &str) -> Result<Vec<Spanned<&'d str>>> {
        let strings = self.strings(key)?.unwrap_or_default();
        for word in &strings {
            self.check_word(key, word)?;
        }
        Ok(strings)
    }

    /// Returns a list of strings.
    pub(crate) fn strings(&self, key: &str) -> Result<Option<Vec<Spanned<&'d str>>>> {
        let Some(list) = self.of(key, "a list of strings", |value| value.as_array())? else {
            return Ok(None);
        };
        let strings = list.get_ref().iter().map(|item| {
            let string = item.get_ref().as_str();
            let string = string.ok_or_else(|| self.wrong_type(key, item, "a list of strings"))?;
            Ok(Spanned::new(item.span(), string))
        });
        strings.collect::<Result<_>>().map(Some)
    }

    /// Returns true or false; false when the key is missing.
    pub(crate) fn flag(&self, key: &str) -> Result<bool> {
        let flag = self.of(key, "true or false", |value| value.as_bool())?;
        Ok(flag.is_some_and(Spanned::into_inner))
    }

    /// Returns a whole number that is not negative.
    pub(crate) fn number(&self, key: &str) -> Result<Option<Spanned<u64>>> {
        self.of(key, "a whole number", |value| {
            let integer = value.as_integer()?;
            u64::from_str_radix(integer.as_str(), integer.radix()).ok()
        })
    }

    /// Returns a table, described as `what`.
    pub(crate) fn table(
        &self,
        key: &str,
        what: impl Into<Cow<'d, str>>,
    ) -> Result<Option<Fields<'d>>> {
        let table = self.of(key, "a table", |value| value.as_table())?;
        Ok(table
            .map(|table| Fields::new(self.document, what, table.get_ref(), table.span().clone())))
    }

    /// Returns the tables inside this one with their names, each described as `what` and its name.
    pub(crate) fn named(&self, what: &str) -> Result<Vec<(Spanned<&'d str>, Fields<'d>)>> {
        let tables = self.entries().into_iter().map(|(name, value)| {
            let table = value.get_ref().as_table();
            let table = table.ok_or_else(|| self.wrong_type(name.get_ref(), value, "a table"))?;
            let what = format!("{what} `{}`", name.get_ref());
            let fields = Fields::new(self.document, what, table, value.span());
            Ok((name, fields))
        });
        tables.collect()
    }

    /// Returns the tables of a list of tables, each described as `what`; none when the key is missing.
    pub(crate) fn tables(&self, key: &str, what: &'d str) -> Result<Vec<Fields<'d>>> {
        let expected = "a list of tables";
        let Some(list) = self.of(key, expected, |value| value.as_array())? else {
            return Ok(Vec::new());
        };
        let tables = list.get_ref().iter().map(|item| {
            let table = item.get_ref().as_table();
            let table = table.ok_or_else(|| self.wrong_type(key, item, expected))?;
            Ok(Fields::new(self.document, what, table, item.span()))
        });
        tables.collect()
    }

    /// Returns what `parse` makes of a string; the refusal names the string, then what is wrong with it.
    pub(crate) fn parsed<T, E: Display>(
        &self,
        key: &str,
        parse: impl FnOnce(&'d str) -> Result<T, E>,
    ) -> Result<Option<T>> {
        let Some(text) = self.string(key)? else {
            return Ok(None);
        };
        parse(text.get_ref()).map(Some).map_err(|flaw| {
            let message = format!("`{key}` {:?} {flaw}", text.get_ref());
            self.document.invalid(text.span(), message)
        })
    }

    /// Returns one of a few words.
    pub(crate) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<Option<T>> {
        let Some(word) = self.string(key)? else {
            return Ok(None);
        };
        if let Some((_, choice)) = choices.iter().find(|(name, _)| name == word.get_ref()) {
            return Ok(Some(*choice));
        }
        let known: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let message = format!(
            "`{key}` is {:?}, expected one of {}",
            word.get_ref(),
            quoted(&known)
        );
        Err(self.document.invalid(word.span(), message))
    }

    /// Returns the error for a value of another type than the key has.
    pub(crate) fn wrong_type(
        &self,
        key: &str,
        found: &Spanned<DeValue<'_>>,
        expected: &str,
    ) -> Error {
        let found_type = match found.get_ref() {
            DeValue::Integer(integer) => format!("the integer {integer}"),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::String(_) => "a string".to_owned(),
            DeValue::Float(_) => "a fraction".to_owned(),
            DeValue::Datetime(_) => "a date or time".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        self.document.invalid(
            found.span(),
            format!("`{key}` is {found_type}, expected {expected}"),
        )
    }

    fn check_word(&self, key: &str, word: &Spanned<&str>) -> Result<()> {
        let flaw = if word.get_ref().is_empty() {
            "is empty, expected at least one character"
        } else if word.get_ref().chars().any(char::is_control) {
            "has a control character, expected none"
        } else {
            return Ok(());
        };
        Err(self
            .document
            .invalid(word.span(), format!("`{key}` {flaw}")))
    }

    fn of<T>(
        &self,
        key: &str,
        expected: &str,
        cast: impl Fn(&'d DeValue<'d>) -> Option<T>,
    ) -> Result<Option<Spanned<T>>> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        match cast(value.get_ref()) {
            Some(cast) => Ok(Some(Spanned::new(value.span(), cast))),
            None => Err(self.wrong_type(key, value, expected)),
        }
    }
}

/// Lists words for a message.
pub(crate) fn quoted(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
