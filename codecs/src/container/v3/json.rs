//! The two JSON files of a V3 asset, in both directions: what the packer writes is what is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use super::small_value::parse_map;
use crate::{AttributeRanges, Error, Result, limits};

/// Name of the file of [`GroupFrames`].
pub const GROUP_INFO_NAME: &str = "group_info.json";
/// Name of the file of [`FrameRanges`].
pub const VIEWER_MIN_MAX_NAME: &str = "viewer_min_max.json";
/// Place of the normals' ranges among the columns of `info`.
const NORMAL_COLUMN: usize = 3;

/// An entry of `group_info.json`: the frames of one group, first and last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupFrames {
    /// First and last frame, counted from the clip's start.
    pub frame_index: [i64; 2],
    /// First and last frame by the numbers of the training data; equal to `frame_index` where
    /// there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_index: Option<[i64; 2]>,
}

/// An entry of `viewer_min_max.json`: Gaussians and value ranges of one frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameRanges {
    /// Number of Gaussians.
    #[serde(deserialize_with = "whole_number")]
    pub num: u64,
    /// Lowest and highest value of each column: x, y, z, three normals, DC, rest, opacity, scale,
    /// rotation. Some writers leave the normals out.
    #[serde(deserialize_with = "numbers")]
    pub info: Vec<f64>,
}

impl FrameRanges {
    /// The entry for `num` Gaussians, with the normals' ranges, all zero, that V3's players expect.
    pub fn new(num: u64, ranges: &AttributeRanges) -> Self {
        let (positions, others) = ranges.values().split_at(NORMAL_COLUMN);
        let info = positions
            .iter()
            .chain(&[[0.0; 2]; 3])
            .chain(others)
            .flatten()
            .copied()
            .map(f64::from)
            .collect();
        Self { num, info }
    }

    /// The ranges without those of normals.
    ///
    /// # Errors
    /// [`Error::Malformed`] about `name` when their number fits no SH degree, or one is no range.
    pub fn ranges(&self, name: &str) -> Result<AttributeRanges> {
        // 17 + 3K columns with normals and 14 + 3K without, for K of 0, 3, 8, 15.
        let with_normals = match self.info.len() {
            34 | 52 | 82 | 124 => true,
            28 | 46 | 76 | 118 => false,
            length => {
                return Err(Error::malformed(
                    name,
                    format!(
                        "\"info\" has {length} numbers; 34, 52, 82 or 124 are right (SH degrees \
                         0 to 3), or 6 fewer without normals"
                    ),
                ));
            }
        };
        let values = self
            .info
            .chunks_exact(2)
            .enumerate()
            .filter(|(column, _)| {
                !(with_normals && (NORMAL_COLUMN..NORMAL_COLUMN + 3).contains(column))
            })
            .map(|(_, range)| [range[0] as f32, range[1] as f32])
            .collect();
        AttributeRanges::new(name, values)
    }
}

/// Python's tools write 147677 or 147677.0.
fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    value
        .as_f64()
        // Above 2^53 it would not be exact, and no cap is near that.
        .filter(|number| number.fract() == 0.0 && (0.0..=9e15).contains(number))
        .map(|number| number as u64)
        .ok_or_else(|| {
            de::Error::custom(format!(
                "\"num\" is {value}, which is no number of Gaussians"
            ))
        })
}

fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    Vec::<Value>::deserialize(deserializer)?
        .iter()
        .map(Value::as_f64)
        .collect::<Option<_>>()
        .ok_or_else(|| {
            de::Error::custom("\"info\" holds something that is no number (NaN, infinite or text)")
        })
}

/// Reads `group_info.json`, keyed by group. An entry that makes no sense is an error of that group
/// alone, a sentence.
///
/// # Errors
/// [`Error::Malformed`] about `name` when it is no JSON object or has more than
/// [`limits::MAX_GROUPS`] groups.
pub fn parse_group_info(
    name: &str,
    bytes: &[u8],
) -> Result<BTreeMap<i64, Result<GroupFrames, String>>> {
    parse_map(bytes, limits::MAX_GROUPS as usize).map_err(|reason| {
        Error::malformed(
            name,
            format!("it is no list of groups ({reason}); copy the clip again"),
        )
    })
}

/// Reads `viewer_min_max.json`, keyed by frame. An entry that makes no sense is an error of that
/// frame alone, a sentence.
///
/// # Errors
/// [`Error::Malformed`] about `name` when it is no JSON object or has more than
/// [`limits::MAX_FRAMES`] frames.
pub fn parse_viewer_min_max(
    name: &str,
    bytes: &[u8],
) -> Result<BTreeMap<i64, Result<FrameRanges, String>>> {
    parse_map(bytes, limits::MAX_FRAMES as usize).map_err(|reason| {
        Error::malformed(
            name,
            format!("it is no list of frames ({reason}); copy the clip again"),
        )
    })
}

/// The text of `group_info.json`.
pub fn group_info_to_json(groups: &BTreeMap<i64, GroupFrames>) -> String {
    serde_json::to_string_pretty(groups).unwrap_or_default()
}

/// The text of `viewer_min_max.json`. Numbers that are not finite become `null`.
pub fn viewer_min_max_to_json(frames: &BTreeMap<i64, FrameRanges>) -> String {
    // Pretty-printing, as V3's packer does, doubles the size of what must be read first.
    serde_json::to_string(frames).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for attributes in [14, 23, 38, 59] {
            let values = (0..attributes).map(|i| [-(i as f32), 0.1 * i as f32]);
            let ranges = AttributeRanges::new("test", values.collect()).expect("are ranges");
            let frame = FrameRanges::new(7, &ranges);
            assert_eq!(frame.info.len(), 2 * (attributes + 3));
            let text = viewer_min_max_to_json(&BTreeMap::from([(3, frame.clone())]));
            let read = parse_viewer_min_max("test", text.as_bytes()).expect("reads");
            let read = read[&3].clone().expect("makes sense");
            assert_eq!(read.num, 7);
            assert_eq!(read.ranges("test").expect("are ranges"), ranges);
        }
        let group = GroupFrames {
            frame_index: [0, 9],
            name_index: Some([380, 389]),
        };
        let text = group_info_to_json(&BTreeMap::from([(12, group.clone())]));
        let read = parse_group_info("test", text.as_bytes()).expect("reads");
        assert_eq!(read[&12], Ok(group));
    }

    #[test]
    fn normals_may_be_missing_or_senseless() {
        let full: Vec<f64> = (0..34).map(f64::from).collect();
        let mut odd = full.clone();
        odd[6..12].fill(f64::NAN);
        let mut without = full.clone();
        without.drain(6..12);
        let ranges = |info| {
            FrameRanges { num: 1, info }
                .ranges("test")
                .expect("are ranges")
        };
        assert_eq!(ranges(full.clone()), ranges(odd));
        assert_eq!(ranges(full), ranges(without));
    }

    #[test]
    fn lies_are_told() {
        let parse = |text: &str| {
            parse_viewer_min_max("test", text.as_bytes()).expect("is an object")[&0].clone()
        };
        assert_eq!(
            parse(r#"{"0": {"num": 5.0, "info": []}}"#).map(|f| f.num),
            Ok(5)
        );
        for num in ["-1", "1.5", "NaN", "\"7\"", "1e300", "null", "[]"] {
            assert!(parse(&format!(r#"{{"0": {{"num": {num}, "info": []}}}}"#)).is_err());
        }
        let odd = FrameRanges {
            num: 1,
            info: vec![0.0; 33],
        };
        assert!(odd.ranges("test").is_err());
        for (low, high) in [(2.0, 1.0), (f64::NAN, 1.0), (0.0, 1e39), (-3e38, 3e38)] {
            let mut info = vec![0.0; 34];
            (info[20], info[21]) = (low, high);
            assert!(FrameRanges { num: 1, info }.ranges("test").is_err());
        }
    }
}
