//! Percent-encoding (RFC 3986).

use std::borrow::Cow;

/// Bytes that stand for themselves in the value of a query.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/:,;=?@".contains(&byte)
}

/// A value as it stands in a query.
pub fn encode(value: &str) -> String {
    encode_but(value, is_plain)
}

/// A path as it stands in an address.
pub fn encode_path(path: &str) -> String {
    encode_but(path, |byte| is_plain(byte) && !b"?=,;@".contains(&byte))
}

fn encode_but(value: &str, is_plain: impl Fn(u8) -> bool) -> String {
    encode_bytes(value.as_bytes(), is_plain)
}

/// Any bytes as text, of which those that are plain stand for themselves.
pub fn encode_bytes(bytes: &[u8], is_plain: impl Fn(u8) -> bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            text += &format!("%{byte:02X}");
        }
    }
    text
}

/// The way back of [`encode_bytes`]; `None` where a "%" has no two digits behind it.
pub fn decode_bytes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, after @ ..] = after else {
            return None;
        };
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        bytes.push((16 * digit(high)? + digit(low)?) as u8);
        rest = after;
    }
    Some(bytes)
}

/// The text without its "%20"s; `None` when that is no text.
pub fn decode(text: &str) -> Option<String> {
    let text = String::from_utf8(decode_bytes(text)?).ok()?;
    (!text.contains('\0')).then_some(text)
}

/// A key and its value out of "key=value"; `None` when the value is no text.
pub fn pair(text: &str) -> Option<(&str, String)> {
    let (key, value) = text.split_once('=')?;
    Some((key, decode(value)?))
}

/// A value for comparing, as it was before somebody encoded more of it than is needed.
pub fn lenient(value: &str) -> Cow<'_, str> {
    decode(value).map_or(Cow::Borrowed(value), Cow::Owned)
}
