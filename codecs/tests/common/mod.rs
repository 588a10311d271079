//! What the integration tests share.
#![allow(dead_code)]

use std::path::PathBuf;
use std::sync::Arc;

use zoetrope_codecs::source::{FileSource, MemorySource, Source};
use zoetrope_codecs::{Cancel, SplatCloud, splat};

/// A path in the large test data beside the repository; `None` where it is absent.
pub fn shared_data(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/splats")
        .join(path);
    path.exists().then_some(path)
}

/// A path in the small test data of the repository.
pub fn data(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path)
}

/// Bytes as a source.
pub fn memory(name: &str, bytes: impl Into<Arc<[u8]>>) -> Arc<dyn Source> {
    Arc::new(MemorySource::new(name, bytes))
}

/// Reads the splat file at `path`.
pub fn read_splat(path: PathBuf) -> SplatCloud {
    let source: Arc<dyn Source> = Arc::new(FileSource::open(path).expect("opens"));
    splat::read(&source, &Cancel::new()).expect("reads")
}

/// A clip of a few Gaussians with values that differ everywhere, in any SH degree.
pub fn small_cloud(count: usize, sh_degree: u8) -> SplatCloud {
    let mut cloud = SplatCloud::with_capacity(count, sh_degree);
    for k in 0..count {
        let t = k as f32 / count.max(1) as f32;
        let rest: Vec<[f32; 3]> = (0..cloud.rest_coefficients())
            .map(|j| std::array::from_fn(|channel| (t + j as f32 + 0.3 * channel as f32).sin()))
            .collect();
        cloud.push(
            [t, -2.0 * t, (5.0 * t).cos()],
            [1.0 - t, t, 0.5, -t],
            [0.01 + t, 0.02, 0.03 + 0.1 * t],
            0.1 + 0.8 * t,
            [t, 1.0 - t, 0.5],
            &rest,
        );
    }
    cloud
}
