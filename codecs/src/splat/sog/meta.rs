//! `meta.json`: what the pictures are, and the numbers that their codes stand for.

use serde::Deserialize;

use crate::source::Folder;
use crate::{Cancel, Error, Result, limits};

/// Name of the file that describes the others.
pub(crate) const META_NAME: &str = "meta.json";

/// `meta.json` as it stands in the file.
#[derive(Deserialize)]
struct RawMeta {
    #[serde(default = "version_one")]
    version: u32,
    count: Option<u64>,
    means: Table,
    scales: Table,
    quats: Table,
    sh0: Table,
    #[serde(rename = "shN")]
    rest: Option<Table>,
    #[serde(default)]
    antialias: bool,
}

fn version_one() -> u32 {
    1
}

/// One attribute of `meta.json`.
#[derive(Deserialize)]
pub(super) struct Table {
    shape: Option<Vec<u64>>,
    mins: Option<OneOrMany>,
    maxs: Option<OneOrMany>,
    codebook: Option<Vec<f32>>,
    /// Entries of a palette.
    pub(super) count: Option<u64>,
    /// SH bands beyond the first.
    pub(super) bands: Option<u64>,
    #[serde(default)]
    files: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(f32),
    Many(Vec<f32>),
}

impl OneOrMany {
    fn get(&self, index: usize) -> Option<f32> {
        match self {
            Self::One(value) => Some(*value),
            Self::Many(values) => values.get(index).copied(),
        }
    }
}

impl Table {
    pub(super) fn file(&self, which: usize) -> Option<&str> {
        self.files.get(which).map(String::as_str)
    }

    /// Low and high of a component; not a number where they are missing.
    fn range(&self, component: usize) -> [f32; 2] {
        [&self.mins, &self.maxs].map(|bound| {
            bound
                .as_ref()
                .and_then(|bound| bound.get(component))
                .unwrap_or(f32::NAN)
        })
    }

    /// The value of every code of each component, out of the code book or the range. A code that
    /// the book does not have is not a number, and its Gaussian is dropped later.
    pub(super) fn values<const COMPONENTS: usize>(&self) -> [[f32; 256]; COMPONENTS] {
        std::array::from_fn(|component| match &self.codebook {
            Some(book) => std::array::from_fn(|code| book.get(code).copied().unwrap_or(f32::NAN)),
            None => {
                let [low, high] = self.range(component);
                std::array::from_fn(|code| low + code as f32 / 255.0 * (high - low))
            }
        })
    }
}

/// `meta.json`, checked.
pub(super) struct Meta {
    pub(super) version: u32,
    pub(super) count: u64,
    pub(super) means: Table,
    /// Low and high of `sign(x) ln(1 + |x|)` of each axis.
    pub(super) means_ranges: [[f32; 2]; 3],
    pub(super) scales: Table,
    pub(super) quats: Table,
    pub(super) sh0: Table,
    pub(super) rest: Option<Table>,
    pub(super) antialiased: bool,
}

impl Meta {
    pub(super) fn read(folder: &dyn Folder, cancel: &Cancel) -> Result<Self> {
        let name = folder.name();
        let bytes = folder
            .open(META_NAME, cancel)?
            .read_all(limits::MAX_SOG_META_BYTES, cancel)?;
        let raw: RawMeta = serde_json::from_slice(&bytes).map_err(|error| {
            Error::malformed(
                name,
                format!("its meta.json does not describe a SOG model ({error})"),
            )
        })?;
        if !(1..=2).contains(&raw.version) {
            return Err(Error::unsupported(
                name,
                format!(
                    "it is SOG version {}; versions 1 and 2 can be read",
                    raw.version
                ),
            ));
        }
        let count = raw
            .count
            .or_else(|| raw.means.shape.as_ref()?.first().copied())
            .ok_or_else(|| {
                Error::malformed(name, "its meta.json does not say how many Gaussians it has")
            })?;
        limits::check_gaussians(name, count)?;
        let means_ranges = std::array::from_fn(|axis| raw.means.range(axis));
        if !means_ranges
            .as_flattened()
            .iter()
            .all(|bound| bound.is_finite())
        {
            return Err(Error::malformed(
                name,
                "its meta.json has no range of positions",
            ));
        }
        Ok(Self {
            version: raw.version,
            count,
            means_ranges,
            means: raw.means,
            scales: raw.scales,
            quats: raw.quats,
            sh0: raw.sh0,
            rest: raw.rest,
            antialiased: raw.antialias,
        })
    }

    /// A world coordinate out of its code.
    pub(super) fn position(&self, axis: usize, code: u16) -> f32 {
        coordinate(self.means_ranges[axis], code)
    }
}

/// A world coordinate out of its code: between a minimum and a maximum of `sign(x) ln(1 + |x|)`.
pub(super) fn coordinate([low, high]: [f32; 2], code: u16) -> f32 {
    let value = low + f32::from(code) / 65535.0 * (high - low);
    value.signum() * value.abs().exp_m1()
}
