//! From a clip to what is served of it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use zoetrope_codecs::container::v3::{GROUP_INFO_NAME, SIDECAR_NAME, VIEWER_MIN_MAX_NAME};
use zoetrope_codecs::{ClipInfo, ClipKind};
use zoetrope_share::Share;

use crate::open::{ClipTarget, is_link};

/// Why a clip cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotServed {
    /// It is on the network already.
    #[error("the clip is on the web already; share its link: zoetrope link CLIP")]
    OnTheWeb,
    /// Its frames are files of a folder that cannot be listed from elsewhere.
    #[error(
        "a folder of frames cannot be played over the network; make a clip of it first: zoetrope pack FOLDER -o clip.zoe --format zoe"
    )]
    Frames,
}

impl NotServed {
    /// Why a clip is not to be served, as far as that can be told without looking at its files.
    pub fn of(target: &ClipTarget, info: &ClipInfo) -> Option<Self> {
        match target {
            ClipTarget::Path(path) if is_link(path) => Some(Self::OnTheWeb),
            ClipTarget::Path(_) if info.kind == ClipKind::SplatSequence => Some(Self::Frames),
            _ => None,
        }
    }
}

/// What is served of the clip that `info` tells of.
///
/// # Errors
/// [`NotServed`], or when its files cannot be read.
pub fn share_of(target: &ClipTarget, info: &ClipInfo) -> anyhow::Result<Share> {
    if let Some(reason) = NotServed::of(target, info) {
        bail!(reason);
    }
    let path = match target {
        ClipTarget::Memory { name, bytes } => {
            let name = format!("{}.zip", name.to_lowercase());
            return Ok(Share::of_memory(&info.title, &name, bytes.clone()));
        }
        ClipTarget::Path(path) => path,
    };
    if info.kind == ClipKind::V3 && !is_archive(path) {
        let folder = v3_folder(path).context("the clip's folder is no longer there")?;
        return Ok(Share::of_folder(&info.title, &folder, is_v3_part)?);
    }
    if !path.is_file() {
        bail!(NotServed::Frames);
    }
    Ok(Share::of_file(&info.title, path)?)
}

/// Whether a V3 clip is one file: a part of a folder's clip stands for all of it.
fn is_archive(path: &Path) -> bool {
    path.is_file() && v3_folder(path).is_none()
}

/// The folder of a V3 clip at, around or below a path.
fn v3_folder(path: &Path) -> Option<PathBuf> {
    let is_clip = |folder: &&Path| folder.join(GROUP_INFO_NAME).is_file();
    let path = path.canonicalize().ok()?;
    // Itself, the one that a JSON file or a group is in, and the one of a group's video.
    if let Some(folder) = path.ancestors().take(3).find(is_clip) {
        return Some(folder.to_owned());
    }
    let mut folders = vec![path];
    for _ in 0..zoetrope_codecs::limits::MAX_FOLDER_DEPTH {
        let mut inside = Vec::new();
        for folder in folders {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            inside.extend(
                entries
                    .map(|entry| entry.path())
                    .filter(|path| path.is_dir()),
            );
        }
        inside.sort();
        if let Some(folder) = inside.iter().map(PathBuf::as_path).find(is_clip) {
            return Some(folder.to_owned());
        }
        folders = inside;
    }
    None
}

/// Whether a file below a V3 clip's folder belongs to the clip.
fn is_v3_part(path: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match path.split_once('/') {
        None => [GROUP_INFO_NAME, VIEWER_MIN_MAX_NAME, SIDECAR_NAME].contains(&path),
        Some((folder, file)) => {
            folder.strip_prefix("group").is_some_and(is_number)
                && file.strip_suffix(".mp4").is_some_and(is_number)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::open::test_info;

    fn paths(share: &Share) -> Vec<&str> {
        share.files.iter().map(|file| file.path.as_str()).collect()
    }

    fn info(kind: ClipKind) -> ClipInfo {
        ClipInfo {
            kind,
            ..test_info()
        }
    }

    #[test]
    fn of_a_v3_folder_the_clips_own_files_are_served_however_it_was_named() {
        let home = tempfile::tempdir().expect("a folder");
        let clip = home.path().join("outer/dance");
        fs::create_dir_all(clip.join("group0")).expect("a folder");
        fs::create_dir_all(clip.join("group10")).expect("a folder");
        for name in [
            GROUP_INFO_NAME,
            VIEWER_MIN_MAX_NAME,
            "zoetrope.json",
            "other.json",
            "group0/0.mp4",
            "group0/x.mp4",
            "group10/19.mp4",
            "groupx/0.mp4",
        ] {
            let path = clip.join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, "x").expect("a file");
        }
        for named in [
            "outer",
            "outer/dance",
            "outer/dance/group0/0.mp4",
            "outer/dance/group10",
        ] {
            let target = ClipTarget::from(home.path().join(named));
            let share = share_of(&target, &info(ClipKind::V3)).expect("a clip");
            assert_eq!(share.entry, "dance/", "{named}");
            assert_eq!(
                paths(&share),
                [
                    "dance/group0/0.mp4",
                    "dance/group10/19.mp4",
                    "dance/group_info.json",
                    "dance/viewer_min_max.json",
                    "dance/zoetrope.json",
                ],
                "{named}"
            );
        }
    }

    #[test]
    fn a_file_and_a_built_in_clip_are_one_file() {
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("dance.zip");
        fs::write(&file, "x").expect("a file");
        for kind in [ClipKind::V3, ClipKind::Zoe, ClipKind::SplatFile] {
            let target = ClipTarget::from(file.clone());
            let share = share_of(&target, &info(kind)).expect("a clip");
            assert_eq!(
                (share.entry.as_str(), paths(&share)),
                ("dance.zip", vec!["dance.zip"])
            );
        }
        let demo = ClipTarget::Memory {
            name: "Biker".to_owned(),
            bytes: [1, 2].into(),
        };
        let share = share_of(&demo, &info(ClipKind::V3)).expect("a clip");
        assert_eq!(share.entry, "biker.zip");
    }

    #[test]
    fn what_nobody_else_could_play_is_not_served() {
        let home = tempfile::tempdir().expect("a folder");
        let refused = |target: ClipTarget, kind| {
            let error = share_of(&target, &info(kind)).expect_err("refused");
            error.downcast::<NotServed>().expect("a reason of ours")
        };
        let folder = ClipTarget::from(home.path());
        assert_eq!(
            refused(folder.clone(), ClipKind::SplatSequence),
            NotServed::Frames
        );
        assert_eq!(refused(folder, ClipKind::SplatFile), NotServed::Frames);
        let web = ClipTarget::from("https://example.org/a.zoe");
        assert_eq!(refused(web, ClipKind::Zoe), NotServed::OnTheWeb);
        let gone = ClipTarget::from(home.path().join("gone"));
        assert!(share_of(&gone, &info(ClipKind::V3)).is_err());
    }
}
