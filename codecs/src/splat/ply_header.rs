//! The text header of a PLY file (G. Turk, "The PLY Polygon File Format", 1994) and its columns.

use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

/// How the body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Ascii,
    LittleEndian,
    BigEndian,
}

/// Type of a number in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

impl Scalar {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "char" | "int8" => Self::I8,
            "uchar" | "uint8" => Self::U8,
            "short" | "int16" => Self::I16,
            "ushort" | "uint16" => Self::U16,
            "int" | "int32" => Self::I32,
            "uint" | "uint32" => Self::U32,
            "float" | "float32" => Self::F32,
            "double" | "float64" => Self::F64,
            _ => return None,
        })
    }

    /// Bytes in a binary body.
    pub(super) fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The number at the start of `bytes`; `None` when they are too few.
    fn read(self, bytes: &[u8], encoding: Encoding) -> Option<f64> {
        let mut raw = [0; 8];
        let size = self.size();
        raw[..size].copy_from_slice(bytes.get(..size)?);
        if encoding == Encoding::BigEndian {
            raw[..size].reverse();
        }
        let [a, b, c, d, ..] = raw;
        Some(match self {
            Self::I8 => f64::from(i8::from_le_bytes([a])),
            Self::U8 => f64::from(a),
            Self::I16 => f64::from(i16::from_le_bytes([a, b])),
            Self::U16 => f64::from(u16::from_le_bytes([a, b])),
            Self::I32 => f64::from(i32::from_le_bytes([a, b, c, d])),
            Self::U32 => f64::from(u32::from_le_bytes([a, b, c, d])),
            Self::F32 => f64::from(f32::from_le_bytes([a, b, c, d])),
            Self::F64 => f64::from_le_bytes(raw),
        })
    }
}

/// One property of an element.
#[derive(Clone, Debug)]
struct Property {
    name: String,
    scalar: Scalar,
    /// Type of the length in front, when it is a list.
    list_length: Option<Scalar>,
}

/// One kind of row.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) count: u64,
    properties: Vec<Property>,
}

/// Where a property stands in its row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Bytes from the start of a binary row.
    offset: usize,
    /// Numbers from the start of a text row.
    index: usize,
    scalar: Scalar,
}

impl Column {
    /// Its value in a binary row; NaN when the row is too short.
    pub(super) fn read(self, row: &[u8], encoding: Encoding) -> f64 {
        row.get(self.offset..)
            .and_then(|bytes| self.scalar.read(bytes, encoding))
            .unwrap_or(f64::NAN)
    }

    /// Bytes from the start of a binary row.
    pub(super) fn offset(self) -> usize {
        self.offset
    }

    /// Its type.
    pub(super) fn scalar(self) -> Scalar {
        self.scalar
    }

    /// Its value in a text row; NaN when it is no number.
    pub(super) fn parse(self, row: &[&[u8]]) -> f64 {
        row.get(self.index)
            .and_then(|token| std::str::from_utf8(token).ok())
            .and_then(|token| token.parse().ok())
            .unwrap_or(f64::NAN)
    }
}

impl Element {
    /// Bytes of a binary row; `None` when it holds lists.
    pub(super) fn stride(&self) -> Option<usize> {
        self.properties.iter().try_fold(0, |stride, property| {
            property
                .list_length
                .is_none()
                .then_some(stride + property.scalar.size())
        })
    }

    /// Numbers of a text row; `None` when it holds lists.
    pub(super) fn width(&self) -> Option<usize> {
        self.stride().map(|_| self.properties.len())
    }

    /// The column of that name in a row without lists.
    pub(super) fn column(&self, name: &str) -> Option<Column> {
        let mut offset = 0;
        for (index, property) in self.properties.iter().enumerate() {
            if property.list_length.is_some() {
                return None;
            }
            if property.name == name {
                return Some(Column {
                    offset,
                    index,
                    scalar: property.scalar,
                });
            }
            offset += property.scalar.size();
        }
        None
    }

    /// How many properties are called `prefix` and a number.
    pub(super) fn numbered(&self, prefix: &str) -> usize {
        self.properties
            .iter()
            .filter_map(|property| property.name.strip_prefix(prefix))
            .filter(|number| number.parse::<u32>().is_ok())
            .count()
    }
}

/// A parsed header.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) encoding: Encoding,
    pub(super) elements: Vec<Element>,
    pub(super) comments: Vec<String>,
    /// Bytes before the body.
    pub(super) body_offset: u64,
}

impl Header {
    /// Reads and parses the header of `source`.
    pub(super) fn read(source: &dyn Source, cancel: &Cancel) -> Result<Self> {
        let window = source.len().min(limits::MAX_HEADER_BYTES);
        let bytes = source.read(0..window, cancel)?;
        let mut parser = Parser::default();
        let mut rest = &bytes[..];
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&rest[..end]);
            let line = line.trim();
            rest = &rest[end + 1..];
            let first = parser.lines == 0;
            parser.lines += 1;
            if first {
                if line != "ply" {
                    return Err(Error::malformed(source.name(), "it is no PLY file"));
                }
            } else if line == "end_header" {
                return parser.finish(source.name(), (bytes.len() - rest.len()) as u64);
            } else {
                parser
                    .line(line)
                    .map_err(|reason| Error::malformed(source.name(), reason))?;
            }
        }
        limits::check(
            source.name(),
            "bytes of header at least",
            window + u64::from(source.len() > window),
            limits::MAX_HEADER_BYTES,
        )?;
        Err(Error::malformed(
            source.name(),
            "it ends within its header; copy the file again",
        ))
    }

    /// The element of that name.
    pub(super) fn element(&self, name: &str) -> Option<&Element> {
        self.elements.iter().find(|element| element.name == name)
    }

    /// Whether it is PlayCanvas's compressed variant.
    pub(super) fn is_compressed(&self) -> bool {
        self.element("vertex")
            .is_some_and(|vertex| vertex.column("packed_position").is_some())
    }

    /// Where the rows of a binary file end; `None` when they differ in length.
    pub(super) fn end(&self) -> Option<u64> {
        self.elements
            .iter()
            .try_fold(self.body_offset, |end, element| {
                end.checked_add(element.count.checked_mul(element.stride()? as u64)?)
            })
    }

    /// Where the rows of a binary element start, and where they end.
    ///
    /// The end is checked against the length of `source`.
    pub(super) fn rows(&self, source: &dyn Source, name: &str) -> Result<(u64, u64)> {
        let mut start = self.body_offset;
        for element in &self.elements {
            let Some(stride) = element.stride() else {
                return Err(Error::unsupported(
                    source.name(),
                    format!(
                        "its \"{}\" rows differ in length, so those after them cannot be found; \
                         save it without them",
                        element.name
                    ),
                ));
            };
            let end = (stride as u64)
                .checked_mul(element.count)
                .and_then(|size| start.checked_add(size))
                .filter(|end| *end <= source.len());
            match end {
                Some(end) if element.name == name => return Ok((start, end)),
                Some(end) => start = end,
                None => {
                    return Err(Error::malformed(
                        source.name(),
                        format!(
                            "it ends too early: its header promises {} \"{}\" rows of {stride} \
                             bytes; copy the file again",
                            element.count, element.name
                        ),
                    ));
                }
            }
        }
        Err(Error::malformed(
            source.name(),
            format!("it has no \"{name}\" rows"),
        ))
    }
}

#[derive(Default)]
struct Parser {
    lines: usize,
    encoding: Option<Encoding>,
    elements: Vec<Element>,
    comments: Vec<String>,
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let bad = || format!("its header line \"{}\" makes no sense", shorten(line));
        let (keyword, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let words: Vec<&str> = rest.split_whitespace().collect();
        match (keyword, &words[..]) {
            ("comment" | "obj_info", _) => self.comments.push(rest.trim().to_owned()),
            ("format", [encoding, ..]) => {
                self.encoding = Some(match *encoding {
                    "ascii" => Encoding::Ascii,
                    "binary_little_endian" => Encoding::LittleEndian,
                    "binary_big_endian" => Encoding::BigEndian,
                    _ => return Err(bad()),
                });
            }
            ("element", [name, count]) => self.elements.push(Element {
                name: (*name).to_owned(),
                count: count.parse().map_err(|_| bad())?,
                properties: Vec::new(),
            }),
            ("property", ["list", length, scalar, name]) => {
                let length = Scalar::parse(length).ok_or_else(bad)?;
                self.property(name, scalar, Some(length)).ok_or_else(bad)?;
            }
            ("property", [scalar, name]) => self.property(name, scalar, None).ok_or_else(bad)?,
            ("", _) => {}
            _ => return Err(bad()),
        }
        Ok(())
    }

    fn property(&mut self, name: &str, scalar: &str, list_length: Option<Scalar>) -> Option<()> {
        self.elements.last_mut()?.properties.push(Property {
            name: name.to_owned(),
            scalar: Scalar::parse(scalar)?,
            list_length,
        });
        Some(())
    }

    fn finish(self, name: &str, body_offset: u64) -> Result<Header> {
        let encoding = self
            .encoding
            .ok_or_else(|| Error::malformed(name, "its header does not say its format"))?;
        Ok(Header {
            encoding,
            elements: self.elements,
            comments: self.comments,
            body_offset,
        })
    }
}

/// The start of a line, fit for a message.
fn shorten(line: &str) -> String {
    let mut text: String = line
        .chars()
        .filter(|letter| !letter.is_control())
        .take(60)
        .collect();
    if text.len() < line.len() {
        text.push('…');
    }
    text
}
