//! What PyTorch puts under its tensors.
//!
//! A tensor is a view of a storage. In an ordinary pickle a storage is bytes: five pickles one behind the
//! other (a magic number, the version 1001, facts about the machine, the storage's kind and size under a
//! key, and the list of keys), then the number of elements in 8 bytes and the elements. This is the form
//! of `torch.save` before its archives, where all storages of the saved object follow each other.
//!
//! In an archive (a zip with `NAME/data.pkl` in it) each storage is an entry `NAME/data/KEY` of its own.

use std::borrow::Cow;
use std::collections::HashMap;

use super::array::{Array, Kind, product};
use super::{ARRAYS, Allowed, Id, Pickle, Value};
use crate::{Error, Result};

/// 0x1950a86a20f9469cfc6c, the lowest byte first.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
/// Version of the form.
const VERSION: Value = Value::Int(1001);
/// Pickles in front of the elements.
const PICKLES: usize = 5;
/// The one with the storage's kind.
const OBJECT: usize = 3;
/// The one with the keys of the storages, in the order in which these follow.
const KEYS: usize = 4;

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
        "BFloat16Storage" => Kind::BF16,
        "BoolStorage" => Kind::Bool,
        _ => return None,
    })
}

/// A storage that lies outside of the pickle that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageName<'a> {
    /// The end of its entry's name in an archive.
    pub key: &'a str,
    /// What its numbers are.
    pub kind: Kind,
    /// How many there are.
    pub count: usize,
}

impl StorageName<'_> {
    /// Bytes of the storage; `None` for more than there can be.
    pub fn bytes(&self) -> Option<usize> {
        self.count.checked_mul(self.kind.size())
    }
}

/// A tensor: which part of which storage it shows.
pub(super) struct Tensor {
    pub(super) storage: Id,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

impl Tensor {
    pub(super) fn of(self, storage: Storage) -> Option<Array> {
        storage.view(self.offset, self.shape, &self.strides)
    }
}

impl<'a> Pickle<'a> {
    /// A tensor, or a parameter, which is a tensor that can be trained.
    pub(super) fn torch_tensor(&self, id: Id) -> Option<Tensor> {
        match self.call(id)? {
            ("_rebuild_tensor_v2", [storage, offset, shape, strides, ..]) => Some(Tensor {
                storage: *storage,
                offset: self.size(*offset)?,
                shape: self.sizes(*shape)?,
                strides: self.sizes(*strides)?,
            }),
            ("_rebuild_parameter", [tensor, ..]) => match self.call(*tensor)? {
                ("_rebuild_tensor_v2", _) => self.torch_tensor(*tensor),
                _ => None,
            },
            _ => None,
        }
    }

    /// Size along each axis of a tensor; `None` for anything else.
    pub fn tensor_shape(&self, id: Id) -> Option<Vec<usize>> {
        self.torch_tensor(id).map(|tensor| tensor.shape)
    }

    /// The storage outside of this pickle that a tensor lies in; `None` for anything else.
    pub fn tensor_storage(&self, id: Id) -> Option<StorageName<'a>> {
        self.storage_name(self.torch_tensor(id)?.storage)
    }

    /// A tensor out of the bytes of its [`tensor_storage`](Self::tensor_storage); `None` where it does
    /// not fit into them.
    pub fn tensor<'s>(&self, id: Id, storage: &'s [u8]) -> Option<Array<'s>> {
        let name = self.tensor_storage(id)?;
        let fits = name.bytes() == Some(storage.len());
        let storage = fits.then_some(Storage {
            kind: name.kind,
            data: Cow::Borrowed(storage),
        })?;
        self.torch_tensor(id)?.of(storage)
    }

    fn storage_name(&self, id: Id) -> Option<StorageName<'a>> {
        let Value::Persistent(name) = self.value(id) else {
            return None;
        };
        let [_, class, key, _, count, ..] = self.elements(*name)? else {
            return None;
        };
        Some(StorageName {
            key: self.text(*key)?,
            kind: kind_of(self.global(*class)?)?,
            count: self.size(*count)?,
        })
    }

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

/// What `torch.save` wrote before its archives: the pickle of the object, and the bytes of its storages by
/// their keys.
pub struct OldFile<'a> {
    /// The object.
    pub pickle: Pickle<'a>,
    storages: HashMap<&'a str, &'a [u8]>,
}

impl<'a> OldFile<'a> {
    /// Whether a file that begins like this is one.
    pub fn is_head(head: &[u8]) -> bool {
        // Protocol 2 to 5, then a number of 10 bytes.
        matches!(head, [0x80, 2..=5, 0x8a, 10, rest @ ..] if rest.starts_with(&MAGIC))
    }

    /// Reads `bytes`; `name` is for messages.
    ///
    /// # Errors
    /// As [`Pickle::parse`]; [`Error::Malformed`] where storages are missing or cut.
    pub fn parse(name: &str, bytes: &'a [u8], allowed: Allowed) -> Result<Self> {
        let cut = || Error::malformed(name, "it is no whole file of PyTorch; copy it again");
        let mut rest = bytes;
        let (mut pickle, mut keys) = (None, None);
        for number in 0..PICKLES {
            let next = Pickle::parse(name, rest, allowed)?;
            rest = rest.get(next.length()..).ok_or_else(cut)?;
            let root = next.value(next.root());
            match number {
                0 if *root != Value::Long(&MAGIC) => return Err(cut()),
                1 if *root != VERSION => return Err(cut()),
                OBJECT => pickle = Some(next),
                KEYS => keys = Some(next),
                _ => {}
            }
        }
        let (Some(pickle), Some(keys)) = (pickle, keys) else {
            return Err(cut());
        };
        let names: HashMap<&str, StorageName> = pickle
            .ids()
            .filter_map(|id| pickle.storage_name(id))
            .map(|name| (name.key, name))
            .collect();
        let mut storages = HashMap::new();
        for key in keys.elements(keys.root()).ok_or_else(cut)? {
            let storage = keys.text(*key).and_then(|key| names.get(key));
            let storage = storage.ok_or_else(cut)?;
            let (count, after) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
            if u64::from_le_bytes(*count) != storage.count as u64 {
                return Err(cut());
            }
            let length = storage.bytes().filter(|length| *length <= after.len());
            let (data, after) = after.split_at(length.ok_or_else(cut)?);
            storages.insert(storage.key, data);
            rest = after;
        }
        Ok(Self { pickle, storages })
    }

    /// The bytes of a storage.
    pub fn storage(&self, key: &str) -> Option<&'a [u8]> {
        self.storages.get(key).copied()
    }
}

/// A storage that is a pickle of its own.
fn storage(bytes: &[u8]) -> Option<Storage<'_>> {
    let allowed = Allowed {
        globals: ARRAYS,
        names: &[],
    };
    let file = OldFile::parse("storage", bytes, allowed).ok()?;
    let name = file.pickle.storage_name(file.pickle.root())?;
    Some(Storage {
        kind: name.kind,
        data: Cow::Borrowed(file.storage(name.key)?),
    })
}
