//! Which primitives the scene shows, and where.

use super::super::transform::{Affine, rotation_matrix};
use super::asset::{Asset, Node, Primitive, Splatting};
use crate::source::Source;
use crate::{Error, Result, limits};

/// A primitive of Gaussians in the world.
pub(super) struct Placed<'a> {
    pub primitive: &'a Primitive,
    pub splatting: &'a Splatting,
    pub to_world: Affine,
    pub count: u64,
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
pub(super) fn content<'a>(source: &dyn Source, asset: &'a Asset) -> Result<Content<'a>> {
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
            content.add(name, asset, mesh, to_world)?;
        }
    }
    Ok(content)
}

impl<'a> Content<'a> {
    fn add(&mut self, name: &str, asset: &'a Asset, mesh: usize, to_world: Affine) -> Result<()> {
        let primitives = &asset
            .meshes
            .get(mesh)
            .ok_or_else(|| Error::malformed(name, format!("it has no mesh {mesh}")))?
            .primitives;
        for primitive in primitives {
            let Some(splatting) = &primitive.extensions.splatting else {
                self.others += 1;
                continue;
            };
            let accessor = primitive
                .attributes
                .get("POSITION")
                .and_then(|index| asset.accessors.get(*index))
                .ok_or_else(|| Error::malformed(name, "some of its Gaussians have no POSITION"))?;
            self.count = self.count.saturating_add(accessor.count);
            limits::check_gaussians(name, self.count)?;
            limits::check(
                name,
                "primitives",
                self.placed.len() as u64 + 1,
                limits::MAX_GLTF_PRIMITIVES,
            )?;
            self.placed.push(Placed {
                primitive,
                splatting,
                to_world,
                count: accessor.count,
            });
        }
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
