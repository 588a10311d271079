//! Records of extensions: type, length, content, one after the other.

use super::super::Axes;
use crate::limits;

/// Adobe's record that says in which axes the Gaussians are stored.
const COORDINATE_SYSTEM: u32 = 0xADBE_0003;
/// Names of the coordinate systems in the order of their numbers, from 1: where x, y and z point
/// (right or left, up or down, front or back).
const SYSTEMS: [&str; 16] = [
    "LDB", "RDB", "LUB", "RUB", "LDF", "RDF", "LUF", "RUF", "LFD", "RFD", "LFU", "RFU", "LBD",
    "RBD", "LBU", "RBU",
];

/// Bytes of records that are looked at.
pub(super) const MAX_BYTES: u64 = limits::MAX_HEADER_BYTES;

/// What the extensions of a file say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Extensions {
    /// Number of the coordinate system, where there is a record of one.
    system: Option<u32>,
    /// Types that are not known here.
    others: Vec<u32>,
}

impl Extensions {
    /// Reads records until one does not fit; what is behind it cannot be told.
    pub(super) fn parse(mut bytes: &[u8]) -> Self {
        let mut extensions = Self::default();
        while let Some((head, rest)) = bytes.split_first_chunk::<8>() {
            let [kind, length] = [[0, 1, 2, 3], [4, 5, 6, 7]]
                .map(|at| u32::from_le_bytes(at.map(|byte| head[byte])));
            let Some((content, behind)) = rest.split_at_checked(length as usize) else {
                break;
            };
            match (kind, <[u8; 4]>::try_from(content)) {
                (COORDINATE_SYSTEM, Ok(system)) => {
                    extensions.system = Some(u32::from_le_bytes(system));
                }
                _ => extensions.others.push(kind),
            }
            bytes = behind;
        }
        extensions
    }

    /// Which way the axes point. Systems that are neither of the two that are known are taken for
    /// the format's own, which the notes say.
    pub(super) fn axes(&self) -> Axes {
        match self.system_name() {
            Some("RDF") => Axes::RightDownFront,
            _ => Axes::RightUpBack,
        }
    }

    fn system_name(&self) -> Option<&'static str> {
        let index = (self.system? as usize).checked_sub(1)?;
        SYSTEMS.get(index).copied()
    }

    /// What a person ought to know.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        match (self.system, self.system_name()) {
            (None, _) | (_, Some("RUB" | "RDF")) => {}
            (Some(number), name) => notes.push(format!(
                "it says that its axes are {} (R, L: x to the right or left; U, D: up or down; F, B: \
                 forward or backward); it is shown as if they were RUB and may be turned or mirrored",
                name.map_or_else(|| format!("of unknown kind {number}"), str::to_owned)
            )),
        }
        if !self.others.is_empty() {
            let kinds: Vec<String> = self
                .others
                .iter()
                .take(8)
                .map(|k| format!("{k:#010x}"))
                .collect();
            notes.push(format!("its extensions {} are left out", kinds.join(", ")));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u32, content: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend((content.len() as u32).to_le_bytes());
        bytes.extend(content);
        bytes
    }

    #[test]
    fn records_are_skipped_by_their_length() {
        let system = |number: u32| record(COORDINATE_SYSTEM, &number.to_le_bytes());
        let bytes = [record(0xADBE_0002, &[0; 12]), system(6)].concat();
        let extensions = Extensions::parse(&bytes);
        assert_eq!(extensions.axes(), Axes::RightDownFront);
        assert_eq!(
            extensions.notes(),
            ["its extensions 0xadbe0002 are left out"]
        );
        assert_eq!(
            Extensions::parse(&system(4)),
            Extensions {
                system: Some(4),
                others: vec![]
            }
        );
        assert_eq!(Extensions::parse(&system(4)).notes(), Vec::<String>::new());
        let odd = Extensions::parse(&system(7));
        assert_eq!(odd.axes(), Axes::RightUpBack);
        assert!(odd.notes()[0].contains("LUF"));
        assert!(Extensions::parse(&system(17)).notes()[0].contains("unknown kind 17"));
    }

    #[test]
    fn a_record_that_is_cut_ends_the_list() {
        let bytes = record(COORDINATE_SYSTEM, &6u32.to_le_bytes());
        for end in 0..bytes.len() {
            assert_eq!(Extensions::parse(&bytes[..end]), Extensions::default());
        }
        let lying = [1, 0, 0, 0, 255, 255, 255, 255];
        assert_eq!(Extensions::parse(&lying), Extensions::default());
    }
}
