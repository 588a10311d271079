//! A small real clip: six frames of PlayCanvas' wave, packed by the built binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

use crate::support::zoetrope;

/// The glob of the source frames.
pub fn wave_frames() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wave/*.sog").to_owned()
}

/// A V3 folder of the wave: 6 frames in groups of 2, 24 frames a second. Packed once for each build
/// of the binary, whichever test process comes first.
pub fn packed_wave() -> &'static Path {
    static CLIP: OnceLock<PathBuf> = OnceLock::new();
    CLIP.get_or_init(|| {
        let clips = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("packed-wave");
        fs::create_dir_all(&clips).expect("it can be made");
        let built = fs::metadata(env!("CARGO_BIN_EXE_zoetrope"))
            .and_then(|metadata| metadata.modified())
            .expect("the binary is there");
        let stamp = built.duration_since(UNIX_EPOCH).expect("after 1970");
        let clip = clips.join(stamp.as_nanos().to_string());
        if !clip.exists() {
            for stale in fs::read_dir(&clips).expect("readable") {
                let stale = stale.expect("readable").path();
                if stale.extension().is_none() {
                    let _ = fs::remove_dir_all(stale);
                }
            }
            pack(&clips, &clip);
        }
        clip
    })
}

/// Packs beside the name and renames, for other test processes do the same at the same time.
fn pack(clips: &Path, clip: &Path) {
    let mine = clips.join(format!("{}.part", std::process::id()));
    let output = zoetrope(&[
        "pack",
        &wave_frames(),
        "-o",
        &mine.to_string_lossy(),
        "--format",
        "v3",
        "--fps",
        "24",
        "--group",
        "2",
        "--no-psnr",
    ]);
    assert!(output.status.success(), "{output:?}");
    if fs::rename(&mine, clip).is_err() {
        assert!(clip.exists(), "only because another process was faster");
        let _ = fs::remove_dir_all(mine);
    }
}
