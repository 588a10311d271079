//! The stack machine.

use std::collections::HashMap;

use super::{Allowed, Id, Value};
use crate::{Error, Result, limits};

/// Highest protocol that is read.
const MAX_PROTOCOL: u8 = 5;

/// Runs the pickle at the start of `bytes`: all values, the last, and the bytes that it took.
pub(super) fn run<'a>(
    name: &str,
    bytes: &'a [u8],
    allowed: Allowed,
) -> Result<(Vec<Value<'a>>, Id, usize)> {
    let mut machine = Machine {
        bytes,
        at: 0,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        match machine.step(allowed) {
            Ok(None) => {}
            Ok(Some(root)) => return Ok((machine.values, root, machine.at)),
            Err(fault) => return Err(fault.into_error(name)),
        }
    }
}

/// Why a pickle cannot be read.
enum Fault {
    Damaged,
    TooLarge,
    Opcode(u8),
    Protocol(u8),
    Global(String, String),
}

impl Fault {
    fn into_error(self, name: &str) -> Error {
        match self {
            Self::Damaged => Error::malformed(name, "it is no whole pickle; copy it again"),
            Self::TooLarge => Error::Limit {
                name: name.to_owned(),
                what: "values in a pickle",
                value: limits::MAX_PICKLE_VALUES + 1,
                limit: limits::MAX_PICKLE_VALUES,
            },
            Self::Opcode(opcode) => Error::unsupported(
                name,
                format!("it is a pickle with the opcode {opcode:#04x}, which is not let through"),
            ),
            Self::Protocol(protocol) => Error::unsupported(
                name,
                format!("it is a pickle of protocol {protocol}; 2 to {MAX_PROTOCOL} can be read"),
            ),
            Self::Global(module, global) => Error::unsupported(
                name,
                format!(
                    "it is a pickle that wants to use \"{module}.{global}\", which is not let through, \
                     for a pickle could do anything to this machine"
                ),
            ),
        }
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value<'a>>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

type Step<T> = std::result::Result<T, Fault>;

impl<'a> Machine<'a> {
    /// One opcode; the value at the end.
    fn step(&mut self, allowed: Allowed) -> Step<Option<Id>> {
        let opcode = self.u8()?;
        match opcode {
            b'.' => return self.pop().map(Some),
            // Protocol and frame.
            0x80 => match self.u8()? {
                2..=MAX_PROTOCOL => {}
                other => return Err(Fault::Protocol(other)),
            },
            0x95 => drop(self.take(8)?),
            b'N' => self.push(Value::None)?,
            0x88 => self.push(Value::Bool(true))?,
            0x89 => self.push(Value::Bool(false))?,
            b'(' => {
                self.check_size(self.marks.len())?;
                self.marks.push(self.stack.len());
            }
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let top = *self.stack.last().ok_or(Fault::Damaged)?;
                self.push_id(top)?;
            }
            b'J' | b'K' | b'M' | 0x8a | 0x8b | b'G' => self.number(opcode)?,
            b'X' | 0x8c | 0x8d | b'B' | b'C' | 0x8e | 0x96 => self.string(opcode)?,
            b']' | b'a' | b'e' | b'l' | b')' | b't' | 0x85..=0x87 => self.sequence(opcode)?,
            b'}' | b'd' | b's' | b'u' => self.mapping(opcode)?,
            b'q' | b'r' | 0x94 | b'h' | b'j' => self.memory(opcode)?,
            b'c' | 0x93 => self.global(opcode, allowed)?,
            b'R' | 0x81 | b'b' | b'Q' => self.object(opcode)?,
            other => return Err(Fault::Opcode(other)),
        }
        Ok(None)
    }

    fn number(&mut self, opcode: u8) -> Step<()> {
        let value = match opcode {
            b'J' => Value::Int(i64::from(self.u32()? as i32)),
            b'K' => Value::Int(i64::from(self.u8()?)),
            b'M' => Value::Int(i64::from(u16::from_le_bytes(self.array()?))),
            b'G' => Value::Float(f64::from_be_bytes(self.array()?)),
            long => {
                let length = match long {
                    0x8a => usize::from(self.u8()?),
                    _ => self.u32()? as usize,
                };
                let bytes = self.take(length)?;
                if length > 8 {
                    Value::Long(bytes)
                } else {
                    let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
                    let mut all = [if is_negative { 0xff } else { 0 }; 8];
                    all[..length].copy_from_slice(bytes);
                    Value::Int(i64::from_le_bytes(all))
                }
            }
        };
        self.push(value)
    }

    fn string(&mut self, opcode: u8) -> Step<()> {
        let length = match opcode {
            0x8c | b'C' => u64::from(self.u8()?),
            b'X' | b'B' => u64::from(self.u32()?),
            _ => u64::from_le_bytes(self.array()?),
        };
        let bytes = self.take(usize::try_from(length).map_err(|_| Fault::Damaged)?)?;
        let value = match opcode {
            b'X' | 0x8c | 0x8d => {
                Value::Text(std::str::from_utf8(bytes).map_err(|_| Fault::Damaged)?)
            }
            _ => Value::Bytes(bytes),
        };
        self.push(value)
    }

    fn sequence(&mut self, opcode: u8) -> Step<()> {
        match opcode {
            b']' => self.push(Value::List(Vec::new())),
            b')' => self.push(Value::Tuple(Vec::new())),
            b'a' | b'e' => {
                let new = match opcode {
                    b'a' => vec![self.pop()?],
                    _ => self.pop_to_mark()?,
                };
                match self.top()? {
                    Value::List(values) => values.extend(new),
                    _ => return Err(Fault::Damaged),
                }
                Ok(())
            }
            b'l' => {
                let values = self.pop_to_mark()?;
                self.push(Value::List(values))
            }
            b't' => {
                let values = self.pop_to_mark()?;
                self.push(Value::Tuple(values))
            }
            short => {
                let count = usize::from(short - 0x84);
                let first = self.height_above_mark(count)?;
                let values = self.stack.split_off(first);
                self.push(Value::Tuple(values))
            }
        }
    }

    fn mapping(&mut self, opcode: u8) -> Step<()> {
        if opcode == b'}' {
            return self.push(Value::Dict(Vec::new()));
        }
        let flat = match opcode {
            b's' => {
                let first = self.height_above_mark(2)?;
                self.stack.split_off(first)
            }
            _ => self.pop_to_mark()?,
        };
        let (pairs, rest) = flat.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Fault::Damaged);
        }
        let pairs = pairs.iter().map(|[key, value]| (*key, *value));
        if opcode == b'd' {
            return self.push(Value::Dict(pairs.collect()));
        }
        match self.top()? {
            Value::Dict(items) | Value::Call { items, .. } => items.extend(pairs),
            _ => return Err(Fault::Damaged),
        }
        Ok(())
    }

    fn memory(&mut self, opcode: u8) -> Step<()> {
        let index = match opcode {
            b'q' | b'h' => u32::from(self.u8()?),
            b'r' | b'j' => self.u32()?,
            _ => self.memo.len() as u32,
        };
        if matches!(opcode, b'h' | b'j') {
            let known = *self.memo.get(&index).ok_or(Fault::Damaged)?;
            return self.push_id(known);
        }
        self.check_size(self.memo.len())?;
        let top = *self.stack.last().ok_or(Fault::Damaged)?;
        self.memo.insert(index, top);
        Ok(())
    }

    fn global(&mut self, opcode: u8, allowed: Allowed) -> Step<()> {
        let (module, name) = if opcode == b'c' {
            (self.line()?, self.line()?)
        } else {
            let (name, module) = (self.pop()?, self.pop()?);
            match (self.value(module), self.value(name)) {
                (Value::Text(module), Value::Text(name)) => (*module, *name),
                _ => return Err(Fault::Damaged),
            }
        };
        if !allowed.has(module, name) {
            let short = |text: &str| text.chars().take(80).collect();
            return Err(Fault::Global(short(module), short(name)));
        }
        self.push(Value::Global(module, name))
    }

    fn object(&mut self, opcode: u8) -> Step<()> {
        match opcode {
            b'Q' => {
                let name = self.pop()?;
                self.push(Value::Persistent(name))
            }
            b'b' => {
                let new = self.pop()?;
                match self.top()? {
                    Value::Call { state, .. } => *state = Some(new),
                    _ => return Err(Fault::Damaged),
                }
                Ok(())
            }
            // A function is called, or an object is made of a class.
            _ => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let fits = matches!(self.value(arguments), Value::Tuple(_))
                    && matches!(self.value(function), Value::Global(..));
                if !fits {
                    return Err(Fault::Damaged);
                }
                self.push(Value::Call {
                    function,
                    arguments,
                    state: None,
                    items: Vec::new(),
                })
            }
        }
    }

    fn push(&mut self, value: Value<'a>) -> Step<()> {
        self.check_size(self.values.len())?;
        let id = Id(self.values.len() as u32);
        self.values.push(value);
        self.push_id(id)
    }

    fn push_id(&mut self, id: Id) -> Step<()> {
        self.check_size(self.stack.len())?;
        self.stack.push(id);
        Ok(())
    }

    fn check_size(&self, count: usize) -> Step<()> {
        if count as u64 >= limits::MAX_PICKLE_VALUES {
            return Err(Fault::TooLarge);
        }
        Ok(())
    }

    fn value(&self, id: Id) -> &Value<'a> {
        self.values.get(id.0 as usize).unwrap_or(&Value::None)
    }

    /// The value on top of the stack.
    fn top(&mut self) -> Step<&mut Value<'a>> {
        let top = *self.stack.last().ok_or(Fault::Damaged)?;
        self.values.get_mut(top.0 as usize).ok_or(Fault::Damaged)
    }

    fn pop(&mut self) -> Step<Id> {
        let first = self.height_above_mark(1)?;
        self.stack.truncate(first + 1);
        self.stack.pop().ok_or(Fault::Damaged)
    }

    /// Height of the stack without its last `count`, which lie above the last mark.
    fn height_above_mark(&self, count: usize) -> Step<usize> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let first = self.stack.len().checked_sub(count);
        first.filter(|first| *first >= floor).ok_or(Fault::Damaged)
    }

    fn pop_to_mark(&mut self) -> Step<Vec<Id>> {
        let mark = self.marks.pop().ok_or(Fault::Damaged)?;
        if mark > self.stack.len() {
            return Err(Fault::Damaged);
        }
        Ok(self.stack.split_off(mark))
    }

    fn take(&mut self, count: usize) -> Step<&'a [u8]> {
        let end = self.at.checked_add(count).ok_or(Fault::Damaged)?;
        let bytes = self.bytes.get(self.at..end).ok_or(Fault::Damaged)?;
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Step<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| Fault::Damaged)
    }

    fn u8(&mut self) -> Step<u8> {
        self.array().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Step<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A text up to the end of its line.
    fn line(&mut self) -> Step<&'a str> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or(Fault::Damaged)?;
        let line = self.take(end)?;
        self.at += 1;
        std::str::from_utf8(line).map_err(|_| Fault::Damaged)
    }
}
