//! Bytes as text without the characters that separate fields: what is not plain is written as `%` and two hex digits.

use std::borrow::Cow;
use std::fmt::Write as _;

/// What separates fields, and parts of a field; and what would have to be told from an escape.
const SPECIAL: &[u8] = b";,%";

/// Appends bytes as text.
pub fn write(bytes: &[u8], to: &mut String) {
    for &byte in bytes {
        if byte.is_ascii_graphic() && !SPECIAL.contains(&byte) {
            to.push(char::from(byte));
        } else {
            write!(to, "%{byte:02x}").expect("a string takes what it is given");
        }
    }
}

/// Reads bytes back; none if nobody can have written the text.
pub fn read(text: &str) -> Option<Cow<'_, [u8]>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text.as_bytes()));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let (digits, behind) = rest.split_first_chunk::<2>()?;
        let value = digit(digits[0])? << 4 | digit(digits[1])?;
        bytes.push(u8::try_from(value).ok()?);
        rest = behind;
    }
    Some(Cow::Owned(bytes))
}
