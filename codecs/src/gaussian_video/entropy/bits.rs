//! Bytes read one after the other, and numbers of varying length.

use crate::{Error, Result};

/// Appends `value` as LEB128: seven bits a byte, the lowest first, the top bit set in all but the
/// last.
pub fn put_varint(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Reads numbers from the front of some bytes.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    name: &'a str,
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, which messages call `name`.
    pub fn new(name: &'a str, bytes: &'a [u8]) -> Self {
        Self { name, bytes }
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let Some((taken, rest)) = self.bytes.split_at_checked(count) else {
            return Err(self.damaged("it ends too early; copy the clip again"));
        };
        self.bytes = rest;
        Ok(taken)
    }

    /// The next byte.
    ///
    /// # Errors
    /// At the end.
    pub fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    /// The next number as [`put_varint`] writes it.
    ///
    /// # Errors
    /// At the end, and when it takes more than 32 bits.
    pub fn varint(&mut self) -> Result<u32> {
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(value)
                    .map_err(|_| self.damaged("one of its numbers is too large"));
            }
        }
        Err(self.damaged("one of its numbers is too long"))
    }

    /// The next 32-bit float, little-endian.
    ///
    /// # Errors
    /// At the end.
    pub fn float(&mut self) -> Result<f32> {
        let bytes = self.take(4)?;
        Ok(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// An error about what is read.
    pub fn damaged(&self, reason: &str) -> Error {
        Error::malformed(self.name, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_long_ones_are_refused() {
        let mut bytes = Vec::new();
        let numbers = [0, 1, 127, 128, 300, 1 << 21, u32::MAX];
        for number in numbers {
            put_varint(&mut bytes, number);
        }
        let mut reader = Reader::new("test", &bytes);
        for number in numbers {
            assert_eq!(reader.varint().expect("a number"), number);
        }
        assert!(reader.varint().is_err() && reader.rest().is_empty());
        for bad in [&[0x80; 6][..], &[0xff, 0xff, 0xff, 0xff, 0x7f], &[0x80]] {
            assert!(Reader::new("test", bad).varint().is_err(), "{bad:?}");
        }
    }
}
