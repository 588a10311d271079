//! The raw attributes of a frame.

use crate::gaussian_video::rest_coefficients;
use crate::source::Source;
use crate::splat::ply;
use crate::{Cancel, Error, Result, SplatCloud, limits};

/// An attribute, in QUEEN's names.
pub(super) const ATTRIBUTES: [&str; 6] = ["xyz", "f_dc", "f_rest", "sc", "rot", "op"];
/// The attribute of positions.
pub(super) const XYZ: usize = 0;

/// The raw attributes of all Gaussians of a frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub(super) sh_degree: u8,
    /// One array for each of [`ATTRIBUTES`], one Gaussian after the other. SH coefficients beyond DC are
    /// in the order of PyTorch's model: coefficient by coefficient, red, green and blue in each.
    pub(super) values: [Vec<f32>; ATTRIBUTES.len()],
}

impl State {
    /// Numbers that each Gaussian has of each attribute.
    pub(super) fn widths(&self) -> [usize; ATTRIBUTES.len()] {
        [3, 3, 3 * rest_coefficients(self.sh_degree), 3, 4, 1]
    }

    pub(super) fn count(&self) -> usize {
        self.values[XYZ].len() / 3
    }

    /// Reads an INRIA PLY file without activating anything.
    pub(super) fn read_ply(source: &dyn Source, cancel: &Cancel) -> Result<Self> {
        let sh_degree = ply::facts(source, cancel)?.sh_degree;
        let rest = rest_coefficients(sh_degree);
        // PLY has all of red, then all of green, then all of blue.
        let rest_names = (0..rest).flat_map(|coefficient| {
            (0..3).map(move |channel| format!("f_rest_{}", channel * rest + coefficient))
        });
        let numbered = |prefix: &str, count: usize| -> Vec<String> {
            (0..count)
                .map(|number| format!("{prefix}_{number}"))
                .collect()
        };
        let names = [
            ["x", "y", "z"].map(str::to_owned).to_vec(),
            numbered("f_dc", 3),
            rest_names.collect(),
            numbered("scale", 3),
            numbered("rot", 4),
            vec!["opacity".to_owned()],
        ];
        Ok(Self {
            sh_degree,
            values: ply::raw_columns(source, &names, cancel)?,
        })
    }

    /// The Gaussians of another frame with the attributes of their parents here. `None` where a parent
    /// does not exist.
    pub(super) fn children(&self, parents: &[usize]) -> Option<Self> {
        let count = self.count();
        if parents.iter().any(|parent| *parent >= count) {
            return None;
        }
        let widths = self.widths();
        let values = std::array::from_fn(|attribute| {
            let (width, values) = (widths[attribute], &self.values[attribute]);
            let rows = parents
                .iter()
                .flat_map(|parent| &values[parent * width..][..width]);
            rows.copied().collect()
        });
        Some(Self {
            sh_degree: self.sh_degree,
            values,
        })
    }

    /// What is drawn.
    pub(super) fn activate(&self, cancel: &Cancel) -> Result<SplatCloud> {
        let count = self.count();
        let rest = rest_coefficients(self.sh_degree);
        let mut cloud = SplatCloud::with_capacity(count, self.sh_degree);
        let [xyz, f_dc, f_rest, sc, rot, op] = &self.values;
        let (xyz, f_dc, sc) = (
            xyz.as_chunks::<3>().0,
            f_dc.as_chunks::<3>().0,
            sc.as_chunks::<3>().0,
        );
        let (f_rest, rot) = (f_rest.as_chunks::<3>().0, rot.as_chunks::<4>().0);
        for k in 0..count {
            if k % 65536 == 0 {
                cancel.check()?;
            }
            cloud.push(
                xyz[k],
                rot[k],
                sc[k].map(f32::exp),
                1.0 / (1.0 + (-op[k]).exp()),
                f_dc[k],
                &f_rest[k * rest..(k + 1) * rest],
            );
        }
        Ok(cloud)
    }

    /// Whether there are no more Gaussians than a frame may have.
    pub(super) fn check_count(name: &str, count: usize) -> Result<(), Error> {
        limits::check_gaussians(name, count as u64)
    }
}
