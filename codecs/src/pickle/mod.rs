//! Python's pickles, read as data.
//!
//! A pickle is a program for a small stack machine that can call any function of the Python that reads
//! it. Nothing is called here: what a function would be called with is kept as data, and only functions
//! and classes that the caller names are let through at all; everything else is refused by its name.
//!
//! Protocols 2 to 5 are read, as Python 3 and PyTorch write them (Python's `pickletools.py` describes
//! every opcode). [`Pickle::parse`] gives the values; [`Pickle::array`] understands what NumPy and PyTorch
//! make of their arrays.

mod array;
mod machine;
mod torch;

use std::fmt;

pub use array::{Array, Kind};
pub use torch::{OldFile, StorageName};

use crate::Result;

/// A value of a [`Pickle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(u32);

/// What a value is. Texts and bytes lie in the pickle itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Python's `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number of at most 64 bits.
    Int(i64),
    /// A whole number of more bits, the lowest byte first, in two's complement.
    Long(&'a [u8]),
    /// A floating-point number.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A list.
    List(Vec<Id>),
    /// A tuple.
    Tuple(Vec<Id>),
    /// A dictionary, in the order in which it was filled.
    Dict(Vec<(Id, Id)>),
    /// A function or a class: its module and its name.
    Global(&'a str, &'a str),
    /// What a function would make of its arguments, a tuple.
    Call {
        /// A [`Value::Global`].
        function: Id,
        /// A [`Value::Tuple`].
        arguments: Id,
        /// What would be put into it afterwards.
        state: Option<Id>,
        /// What would be set in it by key, as in a dictionary.
        items: Vec<(Id, Id)>,
    },
    /// Something that lies outside of the pickle, under this name.
    Persistent(Id),
}

/// Functions and classes that a pickle may name.
#[derive(Clone, Copy)]
pub struct Allowed<'a> {
    /// Modules and names.
    pub globals: &'a [(&'a str, &'a str)],
    /// Names that are let through whatever module they are in.
    pub names: &'a [&'a str],
}

impl Allowed<'_> {
    fn has(self, module: &str, name: &str) -> bool {
        self.globals.contains(&(module, name)) || self.names.contains(&name)
    }
}

/// What NumPy and PyTorch need for their arrays, and Python for ordered dictionaries.
pub const ARRAYS: &[(&str, &str)] = &[
    ("collections", "OrderedDict"),
    ("_codecs", "encode"),
    ("__builtin__", "bytes"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch.storage", "_load_from_bytes"),
    ("torch", "DoubleStorage"),
    ("torch", "FloatStorage"),
    ("torch", "HalfStorage"),
    ("torch", "LongStorage"),
    ("torch", "IntStorage"),
    ("torch", "ShortStorage"),
    ("torch", "CharStorage"),
    ("torch", "ByteStorage"),
    ("torch", "BoolStorage"),
    ("torch", "BFloat16Storage"),
];

/// A pickle, understood.
pub struct Pickle<'a> {
    name: String,
    values: Vec<Value<'a>>,
    root: Id,
    /// Bytes of the pickle, its end included.
    length: usize,
}

impl fmt::Debug for Pickle<'_> {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "Pickle of {} values", self.values.len())
    }
}

impl<'a> Pickle<'a> {
    /// Reads the pickle at the start of `bytes`; `name` is for messages.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] for opcodes, functions and classes that are not let through,
    /// [`crate::Error::Malformed`] for a damaged pickle, [`crate::Error::Limit`] above
    /// [`crate::limits::MAX_PICKLE_VALUES`].
    pub fn parse(name: &str, bytes: &'a [u8], allowed: Allowed) -> Result<Self> {
        let (values, root, length) = machine::run(name, bytes, allowed)?;
        Ok(Self {
            name: name.to_owned(),
            values,
            root,
            length,
        })
    }

    /// Name for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value that the pickle stands for.
    pub fn root(&self) -> Id {
        self.root
    }

    /// All values, in the order in which they were made.
    pub fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..self.values.len() as u32).map(Id)
    }

    /// Bytes that the pickle took.
    pub fn length(&self) -> usize {
        self.length
    }

    /// What a value is.
    pub fn value(&self, id: Id) -> &Value<'a> {
        // All ids come out of the machine that made the values.
        self.values.get(id.0 as usize).unwrap_or(&Value::None)
    }

    /// The pairs of a dictionary, an ordered one too; `None` for anything else.
    pub fn pairs(&self, id: Id) -> Option<&[(Id, Id)]> {
        match self.value(id) {
            Value::Dict(pairs) => Some(pairs),
            Value::Call {
                function, items, ..
            } if self.is_global(*function, "OrderedDict") => Some(items),
            _ => None,
        }
    }

    /// The value of a dictionary under a text.
    pub fn get(&self, dict: Id, key: &str) -> Option<Id> {
        let pairs = self.pairs(dict)?;
        let found = pairs.iter().rev().find(|(k, _)| self.text(*k) == Some(key));
        found.map(|(_, value)| *value)
    }

    /// A text.
    pub fn text(&self, id: Id) -> Option<&'a str> {
        match self.value(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes of a `bytes` object.
    pub fn bytes(&self, id: Id) -> Option<&'a [u8]> {
        match self.value(id) {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The values of a tuple or a list.
    pub fn elements(&self, id: Id) -> Option<&[Id]> {
        match self.value(id) {
            Value::Tuple(values) | Value::List(values) => Some(values),
            _ => None,
        }
    }

    /// The name of a class or a function, without its module.
    pub fn global(&self, id: Id) -> Option<&'a str> {
        match self.value(id) {
            Value::Global(_, name) => Some(name),
            _ => None,
        }
    }

    /// The state of an object of a class of this name: a dictionary of its fields.
    pub fn object(&self, id: Id, class: &str) -> Option<Id> {
        match self.value(id) {
            Value::Call {
                function, state, ..
            } if self.is_global(*function, class) => *state,
            _ => None,
        }
    }

    fn is_global(&self, id: Id, name: &str) -> bool {
        self.global(id) == Some(name)
    }

    /// The function and the arguments of a call.
    fn call(&self, id: Id) -> Option<(&'a str, &[Id])> {
        match self.value(id) {
            Value::Call {
                function,
                arguments,
                ..
            } => Some((self.global(*function)?, self.elements(*arguments)?)),
            _ => None,
        }
    }
}
