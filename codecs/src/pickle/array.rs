//! Arrays of NumPy and PyTorch.

use std::borrow::Cow;

use half::{bf16, f16};

use super::{Id, Pickle, Value};

/// What the numbers of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    F16,
    BF16,
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    Bool,
}

impl Kind {
    /// Bytes of a number.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::BF16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }

    /// NumPy's name: "f4", with "<" in front or not.
    fn of_numpy(name: &str) -> Option<Self> {
        Some(match name.trim_start_matches(['<', '|', '=']) {
            "f2" => Self::F16,
            "f4" => Self::F32,
            "f8" => Self::F64,
            "i1" => Self::I8,
            "i2" => Self::I16,
            "i4" => Self::I32,
            "i8" => Self::I64,
            "u1" => Self::U8,
            "u2" => Self::U16,
            "u4" => Self::U32,
            "b1" => Self::Bool,
            _ => return None,
        })
    }

    fn float(self, bytes: &[u8]) -> Option<f64> {
        Some(match self {
            Self::F16 => f16::from_le_bytes(bytes.try_into().ok()?).to_f64(),
            Self::BF16 => bf16::from_le_bytes(bytes.try_into().ok()?).to_f64(),
            Self::F32 => f64::from(f32::from_le_bytes(bytes.try_into().ok()?)),
            Self::F64 => f64::from_le_bytes(bytes.try_into().ok()?),
            _ => self.int(bytes)? as f64,
        })
    }

    fn int(self, bytes: &[u8]) -> Option<i64> {
        Some(match self {
            Self::I8 => i64::from(i8::from_le_bytes(bytes.try_into().ok()?)),
            Self::I16 => i64::from(i16::from_le_bytes(bytes.try_into().ok()?)),
            Self::I32 => i64::from(i32::from_le_bytes(bytes.try_into().ok()?)),
            Self::I64 => i64::from_le_bytes(bytes.try_into().ok()?),
            Self::U8 | Self::Bool => i64::from(*bytes.first()?),
            Self::U16 => i64::from(u16::from_le_bytes(bytes.try_into().ok()?)),
            Self::U32 => i64::from(u32::from_le_bytes(bytes.try_into().ok()?)),
            Self::F16 | Self::BF16 | Self::F32 | Self::F64 => {
                let value = self.float(bytes)?;
                if value.fract() != 0.0 {
                    return None;
                }
                value as i64
            }
        })
    }
}

/// An array, its last axis the fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Array<'a> {
    pub(super) kind: Kind,
    pub(super) shape: Vec<usize>,
    /// Little-endian.
    pub(super) data: Cow<'a, [u8]>,
}

impl<'a> Array<'a> {
    /// An array over bytes that are as many as it takes.
    pub(crate) fn new(kind: Kind, shape: Vec<usize>, data: Cow<'a, [u8]>) -> Option<Self> {
        let count = product(&shape)?;
        let fits = count.checked_mul(kind.size()) == Some(data.len());
        fits.then_some(Self { kind, shape, data })
    }

    /// What its numbers are.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its size along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its numbers.
    pub fn floats(&self) -> Vec<f32> {
        let numbers = self.data.chunks_exact(self.kind.size());
        numbers
            .map(|bytes| self.kind.float(bytes).unwrap_or(f64::NAN) as f32)
            .collect()
    }

    /// Its numbers, if all of them are whole.
    pub fn ints(&self) -> Option<Vec<i64>> {
        let numbers = self.data.chunks_exact(self.kind.size());
        numbers.map(|bytes| self.kind.int(bytes)).collect()
    }
}

pub(super) fn product(shape: &[usize]) -> Option<usize> {
    shape
        .iter()
        .try_fold(1_usize, |product, size| product.checked_mul(*size))
}

impl<'a> Pickle<'a> {
    /// An array of NumPy or a tensor of PyTorch; `None` for anything else.
    pub fn array(&self, id: Id) -> Option<Array<'a>> {
        let (function, arguments) = self.call(id)?;
        match (function, arguments) {
            ("_reconstruct", _) => self.numpy_array(id),
            ("_frombuffer", [data, dtype, shape, order]) => {
                // Numbers of one axis have no order.
                let shape = self.sizes(*shape)?;
                let in_order = shape.len() < 2 || self.text(*order) == Some("C");
                let data = Cow::Borrowed(self.bytes(*data)?);
                let kind = self.dtype(*dtype)?;
                in_order.then(|| Array::new(kind, shape, data)).flatten()
            }
            _ => {
                let tensor = self.torch_tensor(id)?;
                let storage = self.torch_storage(tensor.storage)?;
                tensor.of(storage)
            }
        }
    }

    /// A number: Python's own, NumPy's, or an array of one.
    pub fn number(&self, id: Id) -> Option<f64> {
        match self.value(id) {
            Value::Int(value) => return Some(*value as f64),
            Value::Float(value) => return Some(*value),
            Value::Bool(value) => return Some(f64::from(u8::from(*value))),
            _ => {}
        }
        if let Some(("scalar", [dtype, data])) = self.call(id) {
            let kind = self.dtype(*dtype)?;
            return kind.float(&self.raw_bytes(*data)?);
        }
        let array = self.array(id)?;
        let only = array.data.len() == array.kind.size();
        only.then(|| array.kind.float(&array.data)).flatten()
    }

    /// A number of things.
    pub fn size(&self, id: Id) -> Option<usize> {
        let number = self.number(id)?;
        let is_size = number.fract() == 0.0 && (0.0..=u32::MAX.into()).contains(&number);
        is_size.then_some(number as usize)
    }

    pub(super) fn sizes(&self, id: Id) -> Option<Vec<usize>> {
        self.elements(id)?
            .iter()
            .map(|size| self.size(*size))
            .collect()
    }

    /// An array as NumPy writes it in all protocols but 5: its state is a version, the shape, the kind
    /// of number, whether the first axis is the fastest, and the numbers.
    fn numpy_array(&self, id: Id) -> Option<Array<'a>> {
        let Value::Call {
            state: Some(state), ..
        } = self.value(id)
        else {
            return None;
        };
        let [_, shape, dtype, fortran, data] = self.elements(*state)? else {
            return None;
        };
        let shape = self.sizes(*shape)?;
        let in_order = shape.len() < 2 || *self.value(*fortran) == Value::Bool(false);
        if !in_order {
            return None;
        }
        Array::new(self.dtype(*dtype)?, shape, self.raw_bytes(*data)?)
    }

    fn dtype(&self, id: Id) -> Option<Kind> {
        let ("dtype", [name, ..]) = self.call(id)? else {
            return None;
        };
        if let Value::Call {
            state: Some(state), ..
        } = self.value(id)
        {
            let order = self.elements(*state)?.get(1);
            if order.and_then(|order| self.text(*order)) == Some(">") {
                return None;
            }
        }
        Kind::of_numpy(self.text(*name)?)
    }

    /// The bytes of a `bytes` object in any protocol: in the second they are a text of the letters with
    /// these numbers.
    pub fn raw_bytes(&self, id: Id) -> Option<Cow<'a, [u8]>> {
        if let Some(bytes) = self.bytes(id) {
            return Some(Cow::Borrowed(bytes));
        }
        match self.call(id)? {
            ("bytes", []) => Some(Cow::Borrowed(&[])),
            ("encode", [text, ..]) => {
                let letters = self.text(*text)?.chars();
                let bytes = letters.map(|letter| u8::try_from(u32::from(letter)).ok());
                bytes.collect::<Option<Vec<u8>>>().map(Cow::Owned)
            }
            _ => None,
        }
    }
}
