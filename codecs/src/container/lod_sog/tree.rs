//! `lod-meta.json`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Bounds, Error, Result, limits};

/// Name of the file that describes a streamed SOG model.
pub const META_NAME: &str = "lod-meta.json";

/// A stretch of rows of one of [`LodTree::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Rows {
    /// The file.
    pub file: usize,
    /// Its first row.
    #[serde(rename = "offset")]
    pub first: u64,
    /// How many rows.
    pub count: u64,
}

/// A leaf of the tree: a part of space, and its Gaussians in each level that it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Box around its Gaussians, world space.
    pub bounds: Bounds,
    /// By level; 0 is the finest.
    pub levels: BTreeMap<u32, Rows>,
}

/// What `lod-meta.json` says.
#[derive(Clone, Debug, PartialEq)]
pub struct LodTree {
    /// Box around everything, world space.
    pub bounds: Bounds,
    /// All leaves.
    pub leaves: Vec<Leaf>,
    /// Paths of the `meta.json` of each SOG model, relative to the folder.
    pub files: Vec<String>,
    /// Path of the `meta.json` of what is always shown.
    pub environment: Option<String>,
}

#[derive(Deserialize)]
struct RawMeta {
    #[serde(default)]
    filenames: Vec<String>,
    environment: Option<String>,
    tree: RawNode,
}

#[derive(Deserialize)]
struct RawNode {
    bound: RawBounds,
    #[serde(default)]
    children: Vec<RawNode>,
    #[serde(default)]
    lods: BTreeMap<u32, Rows>,
}

#[derive(Deserialize)]
struct RawBounds {
    min: [f32; 3],
    max: [f32; 3],
}

impl LodTree {
    /// Understands the bytes of a `lod-meta.json` called `name`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is something else or names a file that it does not list;
    /// [`Error::Limit`] above [`limits::MAX_LOD_LEAVES`].
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self> {
        // serde_json refuses what is nested more than 128 deep.
        let raw: RawMeta = serde_json::from_slice(bytes).map_err(|error| {
            Error::malformed(
                name,
                format!("it does not describe a streamed SOG model ({error})"),
            )
        })?;
        let mut tree = Self {
            bounds: bounds(name, &raw.tree.bound)?,
            leaves: Vec::new(),
            files: raw.filenames,
            environment: raw.environment,
        };
        let mut nodes = vec![raw.tree];
        while let Some(node) = nodes.pop() {
            // In the order of the file: they are taken from the end.
            nodes.extend(node.children.into_iter().rev());
            if node.lods.is_empty() {
                continue;
            }
            let leaves = tree.leaves.len() as u64 + 1;
            limits::check(name, "parts of a model", leaves, limits::MAX_LOD_LEAVES)?;
            if let Some(rows) = node
                .lods
                .values()
                .find(|rows| rows.file >= tree.files.len())
            {
                return Err(Error::malformed(
                    name,
                    format!(
                        "it speaks of file {} and lists {} files",
                        rows.file,
                        tree.files.len()
                    ),
                ));
            }
            tree.leaves.push(Leaf {
                bounds: bounds(name, &node.bound)?,
                levels: node.lods,
            });
        }
        if tree.leaves.is_empty() {
            return Err(Error::malformed(name, "its tree has no Gaussians"));
        }
        Ok(tree)
    }

    /// Leaves out what lies in files for which `is_there` does not hold, and returns the paths of
    /// those files that are missed.
    pub fn keep_files(&mut self, is_there: impl Fn(&str) -> bool) -> Vec<String> {
        let there: Vec<bool> = self.files.iter().map(|path| is_there(path)).collect();
        let mut used = vec![false; self.files.len()];
        for leaf in &mut self.leaves {
            leaf.levels.retain(|_, rows| {
                used[rows.file] = true;
                there[rows.file]
            });
        }
        let files = self.files.iter().zip(there.iter().zip(used));
        files
            .filter(|(_, (there, used))| *used && !**there)
            .map(|(path, _)| path.clone())
            .collect()
    }

    /// The levels that any leaf has, finest first.
    pub fn levels(&self) -> Vec<u32> {
        let mut levels: Vec<u32> = self
            .leaves
            .iter()
            .flat_map(|leaf| leaf.levels.keys().copied())
            .collect();
        levels.sort_unstable();
        levels.dedup();
        levels
    }
}

fn bounds(name: &str, raw: &RawBounds) -> Result<Bounds> {
    let bounds = Bounds {
        min: raw.min,
        max: raw.max,
    };
    let finite = raw.min.iter().chain(&raw.max).all(|edge| edge.is_finite());
    if finite && !bounds.is_empty() {
        return Ok(bounds);
    }
    Err(Error::malformed(name, "a box of its tree is none"))
}
