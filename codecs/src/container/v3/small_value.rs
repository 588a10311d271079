//! JSON values out of files that may lie.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::Value;

/// Values inside one entry that are kept: the largest honest one has 124 numbers.
const ENTRY_VALUES: usize = 512;

/// Reads a JSON object that is keyed by whole numbers. An entry that is not as it should be is an
/// error of that entry alone; keys that are no whole numbers are left out.
///
/// # Errors
/// A sentence when the text is no JSON object or has more than `limit` entries.
pub(super) fn parse_map<T: DeserializeOwned>(
    bytes: &[u8],
    limit: usize,
) -> Result<BTreeMap<i64, Result<T, String>>, String> {
    let bytes = without_bare_words(bytes);
    let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
    let map = deserializer
        .deserialize_map(MapVisitor {
            limit,
            entry: PhantomData,
        })
        .map_err(|error| error.to_string())?;
    deserializer.end().map_err(|error| error.to_string())?;
    Ok(map)
}

/// Reads any JSON value of at most `limit` parts.
///
/// # Errors
/// A sentence when the text is no JSON or larger.
pub(in crate::container) fn parse_value(bytes: &[u8], limit: usize) -> Result<Value, String> {
    let bytes = without_bare_words(bytes);
    let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
    let mut budget = limit;
    let value = SmallValue {
        budget: &mut budget,
    }
    .deserialize(&mut deserializer)
    .map_err(|error| error.to_string())?;
    deserializer.end().map_err(|error| error.to_string())?;
    value.ok_or_else(|| format!("it has more than {limit} values"))
}

/// Python writes NaN, Infinity and -Infinity, which JSON does not have, for numbers that are none.
/// They become `null`, so that only their own entry is lost. A byte order mark goes too.
fn without_bare_words(bytes: &[u8]) -> Cow<'_, [u8]> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let words: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];
    let mut result: Option<Vec<u8>> = None;
    let (mut copied, mut at, mut quoted) = (0, 0, false);
    while let Some(byte) = bytes.get(at) {
        let word = match byte {
            b'"' => {
                quoted = !quoted;
                None
            }
            b'\\' if quoted => {
                at += 1;
                None
            }
            b'-' | b'I' | b'N' if !quoted => {
                words.iter().find(|word| bytes[at..].starts_with(word))
            }
            _ => None,
        };
        match word {
            Some(word) => {
                let result = result.get_or_insert_default();
                result.extend_from_slice(&bytes[copied..at]);
                result.extend_from_slice(b"null");
                at += word.len();
                copied = at;
            }
            None => at += 1,
        }
    }
    match result {
        Some(mut result) => {
            result.extend_from_slice(&bytes[copied..]);
            Cow::Owned(result)
        }
        None => Cow::Borrowed(bytes),
    }
}

struct MapVisitor<T> {
    limit: usize,
    entry: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> Visitor<'de> for MapVisitor<T> {
    type Value = BTreeMap<i64, Result<T, String>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object keyed by whole numbers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some(key) = access.next_key::<String>()? {
            let Ok(key) = key.trim().parse() else {
                access.next_value::<IgnoredAny>()?;
                continue;
            };
            let mut budget = ENTRY_VALUES;
            let value = access.next_value_seed(SmallValue {
                budget: &mut budget,
            })?;
            let entry = match value {
                Some(value) => serde_json::from_value(value)
                    .map_err(|error| format!("its entry makes no sense ({error})")),
                None => Err(format!("it has more than {ENTRY_VALUES} values")),
            };
            map.insert(key, entry);
            if map.len() > self.limit {
                return Err(A::Error::custom(format!(
                    "it has more than {} entries",
                    self.limit
                )));
            }
        }
        Ok(map)
    }
}

/// A [`Value`] that stops growing when its budget of parts is used up; `None` then.
struct SmallValue<'a> {
    budget: &'a mut usize,
}

impl SmallValue<'_> {
    fn spend(&mut self) -> bool {
        match self.budget.checked_sub(1) {
            Some(left) => {
                *self.budget = left;
                true
            }
            None => false,
        }
    }
}

impl<'de> DeserializeSeed<'de> for SmallValue<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SmallValue<'_> {
    type Value = Option<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(mut self, value: bool) -> Result<Self::Value, E> {
        Ok(self.spend().then(|| value.into()))
    }

    fn visit_i64<E>(mut self, value: i64) -> Result<Self::Value, E> {
        Ok(self.spend().then(|| value.into()))
    }

    fn visit_u64<E>(mut self, value: u64) -> Result<Self::Value, E> {
        Ok(self.spend().then(|| value.into()))
    }

    fn visit_f64<E>(mut self, value: f64) -> Result<Self::Value, E> {
        Ok(self.spend().then(|| value.into()))
    }

    fn visit_str<E>(mut self, value: &str) -> Result<Self::Value, E> {
        Ok(self.spend().then(|| value.into()))
    }

    fn visit_unit<E>(mut self) -> Result<Self::Value, E> {
        Ok(self.spend().then_some(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut values = self.spend().then(Vec::new);
        while let Some(values) = &mut values {
            match access.next_element_seed(SmallValue {
                budget: self.budget,
            })? {
                Some(Some(value)) => values.push(value),
                Some(None) => break,
                None => return Ok(Some(Value::Array(std::mem::take(values)))),
            }
        }
        while access.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut values = self.spend().then(serde_json::Map::new);
        while let Some(values) = &mut values {
            let Some(key) = access.next_key::<String>()? else {
                return Ok(Some(Value::Object(std::mem::take(values))));
            };
            match access.next_value_seed(SmallValue {
                budget: self.budget,
            })? {
                Some(value) => values.insert(key, value),
                None => break,
            };
        }
        while access.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_entries_are_bad_alone() {
        let text = br#"{"0": [1, 2], "1": "NaN", "2": [NaN, -Infinity], "x": 7, "3": [3, 4]}"#;
        let map = parse_map::<[f64; 2]>(text, 10).expect("is an object");
        assert_eq!(map.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(map[&0], Ok([1.0, 2.0]));
        assert!(map[&1].is_err() && map[&2].is_err());
        assert_eq!(map[&3], Ok([3.0, 4.0]));
    }

    #[test]
    fn words_in_strings_stay() {
        let text = br#"{"a\"NaN": "NaN", "b": NaN}"#;
        let value = parse_value(text, 10).expect("is JSON");
        assert_eq!(value["a\"NaN"], "NaN");
        assert!(value["b"].is_null());
    }

    #[test]
    fn large_entries_and_maps_stop_at_their_cap() {
        let entry = |count: usize| format!("{{\"0\": [{}0]}}", "0, ".repeat(count - 1));
        let parse = |count| parse_map::<Vec<f64>>(entry(count).as_bytes(), 1).expect("is JSON");
        // The list itself counts as one.
        assert!(parse(ENTRY_VALUES - 1)[&0].is_ok());
        assert!(parse(ENTRY_VALUES)[&0].is_err());
        assert!(parse_map::<u8>(br#"{"0": 1, "1": 2}"#, 2).is_ok());
        assert!(parse_map::<u8>(br#"{"0": 1, "1": 2, "2": 3}"#, 2).is_err());
        assert!(parse_value(b"[1, [2], {\"a\": 3}]", 6).is_ok());
        assert!(parse_value(b"[1, [2], {\"a\": 3}]", 5).is_err());
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse_value("[".repeat(100_000).as_bytes(), 1 << 20).is_err());
        assert!(parse_map::<u8>("{\"0\":".repeat(100_000).as_bytes(), 9).is_err());
    }
}
