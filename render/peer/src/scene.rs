//! The splats, and the crate's viewer set up to draw them as the 3DGS paper's renderer would.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use wgpu_3dgs_viewer::core::glam::{Mat4, Quat, Vec3, camera::rh};
use wgpu_3dgs_viewer::core::{
    Gaussian, GaussianDisplayMode, GaussianMaxStdDev, GaussianShDegree, Gaussians, GaussiansSource,
    IterGaussian, PlyGaussianPod, PlyGaussians, ReadIterGaussian,
};
use wgpu_3dgs_viewer::{CameraTrait, Viewer};

use crate::Result;
use crate::options::Options;

/// Coefficients of one colour channel beyond DC in the crate's own, always degree 3, layout.
const PEER_REST: usize = 15;
/// Nearer than this the 3DGS paper's renderer draws nothing.
const NEAR: f32 = 0.2;
/// Far enough for any captured scene.
const FAR: f32 = 1e4;

/// A file's splats in the crate's own form.
pub struct Scene {
    /// One for each vertex of the file.
    pub gaussians: Vec<Gaussian>,
    /// The file's SH degree, 0 to 3.
    pub sh_degree: u8,
}

/// Reads an INRIA PLY of any SH degree.
///
/// # Errors
/// When the file cannot be read, or holds a number of `f_rest_*` that no SH degree has.
pub fn load(path: &Path) -> Result<Scene> {
    let named = |error| format!("cannot read {}: {error}", path.display());
    let (sh_degree, rest) = sh_degree(path)?;
    let ply = PlyGaussians::read_from_file(path).map_err(named)?;
    let gaussians = ply
        .0
        .into_iter()
        .map(|splat| Gaussian::from_ply(&spread_channels(splat, rest)))
        .collect();
    Ok(Scene {
        gaussians,
        sh_degree,
    })
}

/// Reads a PLY of SH degree 3 or an SPZ as the crate itself does, to what it draws.
///
/// # Errors
/// When the file cannot be read.
pub fn parse(path: &Path) -> Result<Vec<Gaussian>> {
    let is_spz = path.extension().is_some_and(|end| end == "spz");
    let source = if is_spz {
        GaussiansSource::Spz
    } else {
        GaussiansSource::Ply
    };
    let gaussians = Gaussians::read_from_file(path, source)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok(gaussians.iter_gaussian().collect())
}

/// SH degree of the file and its coefficients of one channel beyond DC.
fn sh_degree(path: &Path) -> Result<(u8, usize)> {
    let named = |error| format!("cannot read {}: {error}", path.display());
    let mut rest = 0;
    let mut reader = BufReader::new(File::open(path).map_err(named)?);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(named)? > 0 {
        let text = String::from_utf8_lossy(&line);
        if text.trim() == "end_header" {
            break;
        }
        rest += usize::from(text.starts_with("property") && text.contains(" f_rest_"));
        line.clear();
    }
    match rest {
        0 => Ok((0, 0)),
        9 => Ok((1, 3)),
        24 => Ok((2, 8)),
        45 => Ok((3, PEER_REST)),
        other => Err(format!(
            "{} has {other} f_rest properties; SH degrees 0 to 3 have 0, 9, 24 or 45",
            path.display()
        )),
    }
}

/// The crate takes `f_rest_15` for the first green coefficient whatever the degree; in a file of
/// lower degree the channels lie closer together.
fn spread_channels(mut splat: PlyGaussianPod, rest: usize) -> PlyGaussianPod {
    let mut spread = [0.0; 3 * PEER_REST];
    for channel in 0..3 {
        for coefficient in 0..rest {
            spread[channel * PEER_REST + coefficient] = splat.sh[channel * rest + coefficient];
        }
    }
    splat.sh = spread;
    splat
}

/// The crate's viewer over the scene.
///
/// # Errors
/// When the scene is larger than the device can bind, or a pipeline cannot be made.
pub fn viewer(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    scene: &Scene,
    options: &Options,
) -> Result<Viewer> {
    let mut viewer = Viewer::new(device, crate::headless::FORMAT, &scene.gaussians)
        .map_err(|error| format!("the peer cannot hold this scene: {error}"))?;
    viewer.update_model_transform(queue, Vec3::ZERO, Quat::IDENTITY, Vec3::ONE);

    let cutoff = GaussianMaxStdDev::new(options.cutoff)
        .ok_or("--cutoff must lie between 0 and 3".to_owned())?;
    // The crate's alpha falls as exp(-r²) with r = 2 d / (cutoff · size · sigma), d in pixels. It is
    // the Gaussian exp(-d² / 2 sigma²) when cutoff · size is the root of 8.
    let size = 8.0_f32.sqrt() / cutoff.get();
    let degree = GaussianShDegree::new(scene.sh_degree).ok_or("no such SH degree".to_owned())?;
    viewer.update_gaussian_transform(
        queue,
        size,
        GaussianDisplayMode::Splat,
        degree,
        false,
        cutoff,
    );
    Ok(viewer)
}

/// The camera of the options, in the conventions of the crate (right-handed, depth 0 to 1).
pub struct PeerCamera {
    view: Mat4,
    fov_y: f32,
}

impl PeerCamera {
    /// Position, target, up and field of view of the options.
    pub fn new(options: &Options) -> Self {
        Self {
            view: rh::view::look_at_mat4(options.position, options.target, options.up),
            fov_y: options.fov_y,
        }
    }
}

impl CameraTrait for PeerCamera {
    fn view(&self) -> Mat4 {
        self.view
    }

    fn projection(&self, aspect_ratio: f32) -> Mat4 {
        rh::proj::directx::perspective(self.fov_y, aspect_ratio, NEAR, FAR)
    }
}
