//! Which primitives the scene shows, and where.

use std::collections::BTreeMap;

use super::super::transform::{Affine, rotation_matrix};
use super::accessor::Accessors;
use super::asset::{Asset, Extras, Node, Primitive, Splatting, SplattingExtensions, SpzFile};
use super::packed;
use crate::source::Source;
use crate::{Error, Result, limits};

/// What a primitive of a draft says of its Gaussians.
static NOTHING_SAID: Splatting = Splatting {
    kernel: None,
    color_space: None,
    projection: None,
    sorting_method: None,
    extensions: SplattingExtensions {
        spz: None,
        others: BTreeMap::new(),
    },
    extras: Extras { antialiased: false },
};

/// A primitive of Gaussians in the world.
pub(super) struct Placed<'a> {
    pub primitive: &'a Primitive,
    pub splatting: &'a Splatting,
    pub to_world: Affine,
    pub count: u64,
    /// The file that its Gaussians lie in, and their SH degree; else they are in accessors.
    pub spz: Option<(&'a SpzFile, u8)>,
}

/// What the scene holds.
pub(super) struct Content<'a> {
    pub placed: Vec<Placed<'a>>,
    /// Gaussians of all.
    pub count: u64,
    /// Primitives without Gaussians.
    pub others: usize,
    /// Nodes with copies that are left out.
    pub instanced: usize,
}

/// Walks through the scene that is to be shown, or through all nodes where there is none.
pub(super) fn content<'a>(
    source: &dyn Source,
    asset: &'a Asset,
    accessors: &mut Accessors,
) -> Result<Content<'a>> {
    let name = source.name();
    let mut content = Content {
        placed: Vec::new(),
        count: 0,
        others: 0,
        instanced: 0,
    };
    let mut seen = vec![false; asset.nodes.len()];
    let roots = roots(asset).into_iter().rev();
    let mut waiting: Vec<(usize, Affine)> = roots.map(|node| (node, Affine::IDENTITY)).collect();
    while let Some((number, parent)) = waiting.pop() {
        let node = asset
            .nodes
            .get(number)
            .ok_or_else(|| Error::malformed(name, format!("it has no node {number}")))?;
        if std::mem::replace(&mut seen[number], true) {
            return Err(Error::malformed(
                name,
                format!("its node {number} hangs at two places of its tree"),
            ));
        }
        let to_world = parent.after(&own_transform(node));
        if !to_world.is_finite() {
            return Err(Error::malformed(
                name,
                format!("the place of its node {number} is no number"),
            ));
        }
        let children = node.children.iter().rev();
        waiting.extend(children.map(|child| (*child, to_world)));
        if let Some(mesh) = node.mesh {
            content.instanced += usize::from(node.extensions.instancing.is_some());
            let primitives = &asset
                .meshes
                .get(mesh)
                .ok_or_else(|| Error::malformed(name, format!("it has no mesh {mesh}")))?
                .primitives;
            for primitive in primitives {
                content.add(name, primitive, to_world, accessors)?;
            }
        }
    }
    Ok(content)
}

impl<'a> Content<'a> {
    fn add(
        &mut self,
        name: &str,
        primitive: &'a Primitive,
        to_world: Affine,
        accessors: &mut Accessors,
    ) -> Result<()> {
        let file = packed::file_of(primitive);
        let splatting = primitive.extensions.splatting.as_ref();
        let Some(splatting) = splatting.or(file.map(|_| &NOTHING_SAID)) else {
            self.others += 1;
            return Ok(());
        };
        let (count, spz) = match file {
            Some(file) => {
                let facts = packed::facts(file, accessors)?;
                (facts.count, Some((file, facts.sh_degree)))
            }
            None => {
                let position = primitive.attributes.get("POSITION").ok_or_else(|| {
                    Error::malformed(name, "some of its Gaussians have no POSITION")
                })?;
                (accessors.get(*position)?.count, None)
            }
        };
        self.count = self.count.saturating_add(count);
        limits::check_gaussians(name, self.count)?;
        let placed = self.placed.len() as u64 + 1;
        limits::check(name, "primitives", placed, limits::MAX_GLTF_PRIMITIVES)?;
        self.placed.push(Placed {
            primitive,
            splatting,
            to_world,
            count,
            spz,
        });
        Ok(())
    }
}

/// The nodes of the scene; without scenes those that are nobody's children.
fn roots(asset: &Asset) -> Vec<usize> {
    if let Some(scene) = asset.scenes.get(asset.scene.unwrap_or(0)) {
        return scene.nodes.clone();
    }
    let mut is_child = vec![false; asset.nodes.len()];
    for child in asset.nodes.iter().flat_map(|node| &node.children) {
        if let Some(flag) = is_child.get_mut(*child) {
            *flag = true;
        }
    }
    (0..is_child.len())
        .filter(|node| !is_child[*node])
        .collect()
}

fn own_transform(node: &Node) -> Affine {
    if let Some(matrix) = &node.matrix {
        return Affine {
            linear: std::array::from_fn(|row| {
                std::array::from_fn(|column| matrix[4 * column + row])
            }),
            translation: [matrix[12], matrix[13], matrix[14]],
        };
    }
    let [x, y, z, w] = node.rotation.unwrap_or([0.0, 0.0, 0.0, 1.0]);
    let length = (x * x + y * y + z * z + w * w).sqrt();
    let rotation = if length > 0.0 {
        rotation_matrix([w, x, y, z].map(|part| part / length))
    } else {
        Affine::IDENTITY.linear
    };
    let scale = node.scale.unwrap_or([1.0; 3]);
    Affine {
        linear: rotation.map(|row| std::array::from_fn(|column| row[column] * scale[column])),
        translation: node.translation.unwrap_or([0.0; 3]),
    }
}
