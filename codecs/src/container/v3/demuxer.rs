//! Reads a V3 asset group by group.

use std::collections::HashSet;
use std::sync::Arc;

use super::json::{GROUP_INFO_NAME, VIEWER_MIN_MAX_NAME};
use super::manifest::{FrameKeys, Manifest, Plan};
use super::sidecar::{SIDECAR_NAME, Sidecar};
use super::video_path;
use crate::clip::{CameraHint, GaussianCounts};
use crate::container::{DEFAULT_FRAME_RATE, Warnings, last_part};
use crate::gaussian_video::PlaneEncoding;
use crate::source::{Folder, Source};
use crate::{
    Bounds, Cancel, ClipInfo, ClipKind, Demuxer, Detail, Error, GroupInfo, GroupPackets,
    GroupPayload, PlaneVideo, Result, Transfer, limits,
};

/// Videos whose lengths are looked up at most, to tell the size of a clip.
const MAX_SIZED_VIDEOS: usize = 20_000;
/// Bytes at both ends of a video in which its codec's name is looked for.
const CODEC_WINDOW_BYTES: u64 = 256 << 10;

/// Demuxer of V3 assets.
pub struct V3Demuxer {
    folder: Arc<dyn Folder>,
    manifest: Manifest,
    /// Kept to notice that the clip was packed anew while open.
    viewer_min_max: Box<dyn Source>,
    info: ClipInfo,
    groups: Vec<GroupInfo>,
    up_is_stated: bool,
    /// Videos of each group; none where it cannot be played.
    layers: Vec<usize>,
}

impl V3Demuxer {
    /// Opens the asset whose `group_info.json` lies at the root of `folder`.
    ///
    /// # Errors
    /// When one of the two JSON files is missing or makes no sense as a whole, or when no group can
    /// be played. A single damaged group is a warning here and an error of
    /// [`Demuxer::read_group`].
    pub fn open(folder: Arc<dyn Folder>, cancel: &Cancel) -> Result<Self> {
        folder.prefetch(&[GROUP_INFO_NAME, VIEWER_MIN_MAX_NAME, SIDECAR_NAME].map(str::to_owned));
        let (_, group_info) = read_part(&*folder, GROUP_INFO_NAME, cancel)?;
        let (viewer_min_max, bytes) = read_part(&*folder, VIEWER_MIN_MAX_NAME, cancel)?;
        let mut manifest = Manifest::parse(folder.name(), &group_info, &bytes)?;
        drop((group_info, bytes));
        let mut warnings = Warnings::default();
        for omission in std::mem::take(&mut manifest.omissions) {
            warnings.push_omission(omission);
        }
        let sidecar = Sidecar::read(&*folder, &mut warnings, cancel)?;
        let facts = Facts::gather(&*folder, &manifest, &mut warnings, cancel)?;
        let groups: Vec<GroupInfo> = manifest
            .groups
            .iter()
            .map(|group| GroupInfo {
                frames: group.frames.clone(),
            })
            .collect();
        let info = ClipInfo {
            kind: ClipKind::V3,
            title: sidecar.title.unwrap_or_else(|| last_part(folder.name())),
            codec: format!("{} planes", facts.codec),
            frame_rate: sidecar.frame_rate.unwrap_or(DEFAULT_FRAME_RATE),
            frame_rate_known: sidecar.frame_rate.is_some(),
            frame_count: groups.last().map_or(0, |group| group.frames.end),
            sh_degree: facts.sh_degree,
            gaussians: Some(facts.gaussians),
            bounds: Some(facts.bounds),
            picture: None,
            up: sidecar.up.unwrap_or_default(),
            camera: sidecar.camera.map(CameraHint::from),
            size_bytes: facts.size_bytes,
            credit: sidecar.credit,
            licence: sidecar.licence,
            layers: Vec::new(),
            warnings: warnings.all.into_list(),
            omissions: warnings.omissions.into_list(),
        };
        Ok(Self {
            folder,
            manifest,
            viewer_min_max,
            info,
            groups,
            up_is_stated: sidecar.up.is_some(),
            layers: facts.layers,
        })
    }
}

impl V3Demuxer {
    /// Paths of a group's videos; none for a group that cannot be played.
    fn paths_of(&self, group: usize) -> Vec<String> {
        let entry = self.manifest.groups.get(group);
        match (entry, self.layers.get(group)) {
            (Some(entry), Some(layers)) => video_paths(entry.number, *layers),
            _ => Vec::new(),
        }
    }
}

impl Demuxer for V3Demuxer {
    fn info(&self) -> &ClipInfo {
        &self.info
    }

    fn groups(&self) -> &[GroupInfo] {
        &self.groups
    }

    fn up_is_stated(&self) -> bool {
        self.up_is_stated
    }

    fn read_group(&mut self, group: usize, cancel: &Cancel) -> Result<GroupPackets> {
        let Some(entry) = self.manifest.groups.get(group) else {
            return Err(Error::malformed(
                self.folder.name(),
                format!("it has no group {group}"),
            ));
        };
        // Reads nothing, but tells when the file is another one by now.
        self.viewer_min_max.read(0..0, cancel)?;
        let Plan { layout, ranges } = self.manifest.plan(group)?;
        let paths = video_paths(entry.number, layout.layers());
        let sources = self.folder.open_together(&paths, cancel)?;
        let mut total = 0;
        for source in &sources {
            if source.is_empty() {
                return Err(Error::malformed(
                    source.name(),
                    "it is empty; copy the clip again",
                ));
            }
            total += source.len().min(limits::MAX_PLANE_VIDEO_BYTES);
            limits::check(
                &entry.name(),
                "bytes of video",
                total,
                limits::MAX_GROUP_BYTES,
            )?;
        }
        let mut videos = Vec::with_capacity(sources.len());
        for (source, path) in sources.into_iter().zip(paths) {
            let bytes = source.read_all(limits::MAX_PLANE_VIDEO_BYTES, cancel)?;
            videos.push(PlaneVideo { name: path, bytes });
        }
        Ok(GroupPackets {
            group,
            frames: entry.frames.clone(),
            payload: GroupPayload::PlaneVideos {
                layout,
                ranges,
                videos,
            },
        })
    }

    /// The videos of a V3 clip are files of their own, of which no part can be told apart.
    fn prefetch(&self, parts: &[(usize, Detail)]) {
        let paths: Vec<String> = parts
            .iter()
            .flat_map(|(group, _)| self.paths_of(*group))
            .collect();
        self.folder.prefetch(&paths);
    }

    fn is_at_hand(&self, group: usize, _: Detail) -> bool {
        let mut paths = self.paths_of(group).into_iter();
        paths.all(|path| self.folder.is_at_hand(&path))
    }

    fn transfers(&self) -> Option<Vec<Transfer>> {
        self.folder.transfers()
    }
}

/// Paths of the videos of a group.
fn video_paths(group: i64, layers: usize) -> Vec<String> {
    (0..layers).map(|layer| video_path(group, layer)).collect()
}

/// Opens and reads one of the JSON files.
fn read_part(
    folder: &dyn Folder,
    name: &str,
    cancel: &Cancel,
) -> Result<(Box<dyn Source>, Vec<u8>)> {
    let source = folder.open(name, cancel).map_err(|error| {
        if error.is_not_found() {
            Error::malformed(
                folder.name(),
                format!("a V3 clip needs its {name}, which is missing; copy the whole folder"),
            )
        } else {
            error
        }
    })?;
    let bytes = source.read_all(limits::MAX_MANIFEST_BYTES, cancel)?;
    Ok((source, bytes))
}

/// What is known of a clip by looking at every group's JSON once.
struct Facts {
    gaussians: GaussianCounts,
    bounds: Bounds,
    sh_degree: u8,
    size_bytes: Option<u64>,
    codec: &'static str,
    /// Videos of each group; none where it cannot be played.
    layers: Vec<usize>,
}

impl Facts {
    fn gather(
        folder: &dyn Folder,
        manifest: &Manifest,
        warnings: &mut Warnings,
        cancel: &Cancel,
    ) -> Result<Self> {
        let listed = folder
            .list()?
            .map(|paths| paths.into_iter().collect::<HashSet<_>>());
        let mut census = Census::default();
        let mut first_error = None;
        let mut videos = Vec::new();
        let mut layers = vec![0; manifest.groups.len()];
        for (index, group) in manifest.groups.iter().enumerate() {
            cancel.check()?;
            let plan = manifest.plan(index).and_then(|plan| {
                let paths = video_paths(group.number, plan.layout.layers());
                match missing(&paths, listed.as_ref()) {
                    Some(reason) => Err(Error::malformed(group.name(), reason)),
                    None => Ok((plan, paths)),
                }
            });
            match plan {
                Ok((plan, paths)) => {
                    census.add(&plan, listed.as_ref(), group.number);
                    census.lacks_ranges |= manifest.lacks_normals(index);
                    layers[index] = paths.len();
                    if videos.len() <= MAX_SIZED_VIDEOS {
                        videos.extend(paths);
                    }
                }
                Err(error) => {
                    warnings.push(format!("{error}; its frames cannot be shown"));
                    first_error.get_or_insert(error);
                }
            }
        }
        if census.frames == 0
            && let Some(error) = first_error
        {
            return Err(error);
        }
        census.warn(manifest, warnings);
        Ok(Self {
            gaussians: GaussianCounts {
                min: census.min,
                mean: census.sum / census.frames as f64,
                max: census.max,
            },
            bounds: census.bounds,
            sh_degree: census.sh_degree,
            size_bytes: match listed {
                Some(_) => size_of(folder, &videos, cancel)?,
                // A question for each video would take longer over the network than a start may.
                None => None,
            },
            codec: match videos.first() {
                Some(path) => codec_of(folder, path, cancel)?,
                None => "video",
            },
            layers,
        })
    }
}

/// Sums over the groups that can be played.
struct Census {
    frames: usize,
    min: usize,
    sum: f64,
    max: usize,
    bounds: Bounds,
    sh_degree: u8,
    raw: bool,
    lacks_videos: bool,
    lacks_ranges: bool,
}

impl Default for Census {
    fn default() -> Self {
        Self {
            frames: 0,
            min: usize::MAX,
            sum: 0.0,
            max: 0,
            bounds: Bounds::EMPTY,
            sh_degree: 0,
            raw: false,
            lacks_videos: false,
            lacks_ranges: false,
        }
    }
}

impl Census {
    fn add(&mut self, plan: &Plan, listed: Option<&HashSet<String>>, group: i64) {
        let count = plan.layout.count as usize;
        self.frames += plan.ranges.len();
        self.min = self.min.min(count);
        self.max = self.max.max(count);
        self.sum += count as f64 * plan.ranges.len() as f64;
        for ranges in &plan.ranges {
            self.bounds = self.bounds.union(ranges.position_bounds());
        }
        self.sh_degree = self.sh_degree.max(plan.layout.sh_degree);
        self.raw |= plan.layout.encoding == PlaneEncoding::Raw;
        self.lacks_videos |= listed.is_some_and(|listed| {
            (6..9).any(|video| !listed.contains(&format!("group{group}/{video}.mp4")))
        });
    }

    fn warn(&self, manifest: &Manifest, warnings: &mut Warnings) {
        if manifest.keys == FrameKeys::Name {
            warnings.push(format!(
                "{VIEWER_MIN_MAX_NAME} is keyed by the frames' names instead of their numbers; V3's \
                 own players cannot read that"
            ));
        }
        if self.lacks_videos || self.lacks_ranges {
            warnings.push(
                "the normals' videos (6 to 8) or ranges are missing; nothing here needs them, but \
                 V3's own players do"
                    .to_owned(),
            );
        }
        if self.raw {
            warnings.push(
                "opacity and scale are stored as raw training values; V3's own players show garbage \
                 for that"
                    .to_owned(),
            );
        }
    }
}

/// Why a group cannot be played, if videos are known to be missing.
fn missing(paths: &[String], listed: Option<&HashSet<String>>) -> Option<String> {
    let listed = listed?;
    let missing: Vec<&String> = paths
        .iter()
        .filter(|path| !listed.contains(*path))
        .collect();
    match missing[..] {
        [] => None,
        [path] => Some(format!("{path} is missing")),
        [..] if missing.len() == paths.len() => Some("all its videos are missing".to_owned()),
        [path, ..] => Some(format!(
            "{path} and {} more of its videos are missing",
            missing.len() - 1
        )),
    }
}

/// Bytes of all videos, where they are few enough to ask for each.
fn size_of(folder: &dyn Folder, videos: &[String], cancel: &Cancel) -> Result<Option<u64>> {
    if videos.len() > MAX_SIZED_VIDEOS {
        return Ok(None);
    }
    let mut size = 0_u64;
    for path in videos {
        cancel.check()?;
        match folder.open(path, cancel) {
            Ok(source) => size = size.saturating_add(source.len()),
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(size))
}

/// The codec by the name of its sample entry, which stands at one end of an MP4 file.
fn codec_of(folder: &dyn Folder, path: &str, cancel: &Cancel) -> Result<&'static str> {
    let Ok(source) = folder.open(path, cancel) else {
        return Ok("video");
    };
    let ends = [
        0..source.len().min(CODEC_WINDOW_BYTES),
        source.len().saturating_sub(CODEC_WINDOW_BYTES)..source.len(),
    ];
    for range in ends {
        let bytes = match source.read(range, cancel) {
            Ok(bytes) => bytes,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(_) => break,
        };
        let has = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
        for (names, codec) in [
            ([b"avc1", b"avc3"], "H.264"),
            ([b"hvc1", b"hev1"], "HEVC"),
            ([b"av01", b"av1C"], "AV1"),
            ([b"vp09", b"vpcC"], "VP9"),
        ] {
            if names.iter().any(|name| has(*name)) {
                return Ok(codec);
            }
        }
    }
    Ok("video")
}
