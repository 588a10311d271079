//! What PyTorch puts under its tensors.
//!
//! A tensor is a view of a storage. In an ordinary pickle a storage is bytes: five pickles one behind the
//! other (a magic number, the version 1001, facts about the machine, the storage's kind and size under a
//! key, and the list of keys), then the number of elements in 8 bytes and the elements. This is the form
//! of `torch.save` before its archives.

use std::borrow::Cow;

use super::array::{Array, Kind, product};
use super::{ARRAYS, Allowed, Id, Pickle, Value};

/// 0x1950a86a20f9469cfc6c, the lowest byte first.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
/// Version of the form.
const VERSION: Value = Value::Int(1001);
/// Pickles in front of the elements.
const PICKLES: usize = 5;
/// The one with the storage's kind.
const OBJECT: usize = 3;

/// Numbers in a row.
pub(super) struct Storage<'a> {
    kind: Kind,
    data: Cow<'a, [u8]>,
}

impl<'a> Storage<'a> {
    /// The part of it that begins at element `offset` and goes `strides` elements forward along each
    /// axis.
    pub(super) fn view(
        self,
        offset: usize,
        shape: Vec<usize>,
        strides: &[usize],
    ) -> Option<Array<'a>> {
        if shape.len() != strides.len() {
            return None;
        }
        let size = self.kind.size();
        let count = product(&shape)?;
        // A view that shows elements many times over could ask for any amount of memory.
        if count > self.data.len() / size {
            return None;
        }
        if count == 0 {
            return Array::new(self.kind, shape, Cow::Borrowed(&[]));
        }
        if is_dense(&shape, strides) {
            let first = offset.checked_mul(size)?;
            let end = first.checked_add(count * size)?;
            let data = match self.data {
                Cow::Borrowed(data) => Cow::Borrowed(data.get(first..end)?),
                Cow::Owned(data) => Cow::Owned(data.get(first..end)?.to_vec()),
            };
            return Array::new(self.kind, shape, data);
        }
        let mut data = Vec::with_capacity(count * size);
        let mut index = vec![0; shape.len()];
        for _ in 0..count {
            let mut steps = index.iter().zip(strides);
            let at = steps.try_fold(offset, |at, (index, stride): (&usize, &usize)| {
                at.checked_add(index.checked_mul(*stride)?)
            })?;
            let first = at.checked_mul(size)?;
            data.extend_from_slice(self.data.get(first..first.checked_add(size)?)?);
            for (index, size) in index.iter_mut().zip(&shape).rev() {
                *index += 1;
                if *index < *size {
                    break;
                }
                *index = 0;
            }
        }
        Array::new(self.kind, shape, Cow::Owned(data))
    }
}

/// Whether the elements lie one behind the other.
fn is_dense(shape: &[usize], strides: &[usize]) -> bool {
    let mut expected = 1;
    shape.iter().zip(strides).rev().all(|(size, stride)| {
        let fits = *size == 1 || *stride == expected;
        expected *= size;
        fits
    })
}

fn kind_of(class: &str) -> Option<Kind> {
    Some(match class {
        "DoubleStorage" => Kind::F64,
        "FloatStorage" => Kind::F32,
        "HalfStorage" => Kind::F16,
        "LongStorage" => Kind::I64,
        "IntStorage" => Kind::I32,
        "ShortStorage" => Kind::I16,
        "CharStorage" => Kind::I8,
        "ByteStorage" => Kind::U8,
        "BoolStorage" => Kind::Bool,
        _ => return None,
    })
}

impl<'a> Pickle<'a> {
    /// A storage that is a pickle of its own.
    pub(super) fn torch_storage(&self, id: Id) -> Option<Storage<'a>> {
        let ("_load_from_bytes", [bytes]) = self.call(id)? else {
            return None;
        };
        match self.raw_bytes(*bytes)? {
            Cow::Borrowed(bytes) => storage(bytes),
            Cow::Owned(bytes) => storage(&bytes).map(|storage| Storage {
                kind: storage.kind,
                data: Cow::Owned(storage.data.into_owned()),
            }),
        }
    }
}

fn storage(bytes: &[u8]) -> Option<Storage<'_>> {
    let allowed = Allowed {
        globals: ARRAYS,
        names: &[],
    };
    let mut rest = bytes;
    let mut object = None;
    for number in 0..PICKLES {
        let pickle = Pickle::parse("storage", rest, allowed).ok()?;
        rest = rest.get(pickle.length()..)?;
        let root = pickle.value(pickle.root());
        match number {
            0 if *root != Value::Long(&MAGIC) => return None,
            1 if *root != VERSION => return None,
            OBJECT => object = Some(pickle),
            _ => {}
        }
    }
    let object = object?;
    let Value::Persistent(name) = object.value(object.root()) else {
        return None;
    };
    let [_, class, _, _, count, ..] = object.elements(*name)? else {
        return None;
    };
    let kind = kind_of(object.global(*class)?)?;
    let (length, data) = rest.split_first_chunk::<8>()?;
    let count = object.size(*count)?;
    if u64::from_le_bytes(*length) != count as u64 {
        return None;
    }
    let data = data.get(..count.checked_mul(kind.size())?)?;
    Some(Storage {
        kind,
        data: Cow::Borrowed(data),
    })
}
