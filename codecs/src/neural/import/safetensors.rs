//! Safetensors: the length of a JSON text in 8 bytes, the text, the numbers. The text names each tensor with its
//! kind of number, its shape and where its numbers begin and end behind the text.
//! (<https://github.com/huggingface/safetensors>, "Format".)

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::tensors::Tensors;
use crate::pickle::{Array, Kind};
use crate::{Error, Result, limits};

/// Under which texts lie.
const NOTES: &str = "__metadata__";
/// Ends of the names of a quantised tensor's three parts.
const CODES: &str = ".q";
const MIN: &str = ".min";
const SCALE: &str = ".scale";

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Tensor {
        dtype: String,
        shape: Vec<u64>,
        data_offsets: [u64; 2],
    },
    Notes(HashMap<String, String>),
}

/// Whether a file of `length` bytes that begins with `head` is one.
pub(super) fn is_head(head: &[u8], length: u64) -> bool {
    let Some((text_length, text)) = head.split_first_chunk::<8>() else {
        return false;
    };
    let text_length = u64::from_le_bytes(*text_length);
    let fits = text_length >= 2 && text_length <= length.saturating_sub(8);
    // The format demands a bracket as the very first letter.
    fits && text.first() == Some(&b'{') && text_length <= limits::MAX_SAFETENSORS_HEADER_BYTES
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Tensors> {
    let damaged = |reason: &str| Error::malformed(name, reason);
    let (length, rest) = bytes
        .split_first_chunk::<8>()
        .ok_or_else(|| damaged("it ends too early"))?;
    let length = u64::from_le_bytes(*length);
    limits::check(
        name,
        "bytes of names",
        length,
        limits::MAX_SAFETENSORS_HEADER_BYTES,
    )?;
    let (text, data) = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or_else(|| damaged("it ends too early"))?;
    let entries: BTreeMap<String, Entry> = serde_json::from_slice(text)
        .map_err(|_| damaged("its table of tensors cannot be read; copy it again"))?;
    let mut tensors = Tensors::default();
    let mut arrays = BTreeMap::new();
    for (key, entry) in entries {
        match entry {
            Entry::Notes(notes) if key == NOTES => tensors.notes = notes,
            Entry::Notes(_) => return Err(damaged("its table of tensors cannot be read")),
            Entry::Tensor {
                dtype,
                shape,
                data_offsets,
            } => {
                let Some(kept) = Tensors::kept_name(&key) else {
                    continue;
                };
                let kind = kind_of(&dtype).ok_or_else(|| {
                    Error::unsupported(
                        name,
                        format!("\"{key}\" is of {dtype} numbers, which are not read"),
                    )
                })?;
                let array = array(data, kind, &shape, data_offsets).ok_or_else(|| {
                    damaged(&format!("its tensor \"{key}\" is not where the file says"))
                })?;
                arrays.insert(kept.to_owned(), array);
            }
        }
    }
    for (key, array) in &arrays {
        let part_of = |end| {
            key.strip_suffix(end)
                .filter(|key| arrays.contains_key(&format!("{key}{CODES}")))
        };
        if part_of(MIN).or(part_of(SCALE)).is_some() {
            continue;
        }
        let Some(whole) = key.strip_suffix(CODES) else {
            tensors.insert(name, key, array)?;
            continue;
        };
        let part = |end: &str| {
            let part = arrays.get(&format!("{whole}{end}"));
            part.ok_or_else(|| {
                damaged(&format!(
                    "its tensor \"{whole}\" has no minima or no scales"
                ))
            })
        };
        tensors.insert_quantised(name, whole, [array, part(MIN)?, part(SCALE)?])?;
    }
    Ok(tensors)
}

fn array<'a>(
    data: &'a [u8],
    kind: Kind,
    shape: &[u64],
    [first, end]: [u64; 2],
) -> Option<Array<'a>> {
    let shape = shape.iter().map(|size| usize::try_from(*size).ok());
    let shape: Vec<usize> = shape.collect::<Option<_>>()?;
    let range = usize::try_from(first).ok()?..usize::try_from(end).ok()?;
    Array::new(kind, shape, Cow::Borrowed(data.get(range)?))
}

fn kind_of(dtype: &str) -> Option<Kind> {
    Some(match dtype {
        "F64" => Kind::F64,
        "F32" => Kind::F32,
        "F16" => Kind::F16,
        "BF16" => Kind::BF16,
        "I64" => Kind::I64,
        "I32" => Kind::I32,
        "I16" => Kind::I16,
        "I8" => Kind::I8,
        "U32" => Kind::U32,
        "U16" => Kind::U16,
        "U8" => Kind::U8,
        "BOOL" => Kind::Bool,
        _ => return None,
    })
}
