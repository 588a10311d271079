//! The model as a clip of one frame.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::choose::choose;
use super::tree::{LodTree, META_NAME};
use crate::clip::{Detail, GaussianCounts, LayerInfo};
use crate::container::{DEFAULT_FRAME_RATE, Warnings, last_part};
use crate::source::{Folder, SubFolder};
use crate::splat::{Axes, sog};
use crate::{
    Cancel, ClipInfo, ClipKind, Demuxer, Error, GroupInfo, GroupPackets, GroupPayload, Result,
    SplatCloud, Transfer, limits,
};

/// Bytes of a Gaussian in a SOG model, for guesses of what has to be loaded: PLAYBOT has 22 of them at
/// level 3.
const BYTES_PER_GAUSSIAN: u64 = 22;

/// The level of each leaf.
type Choice = Vec<Option<u32>>;

/// Demuxer of a streamed SOG model.
pub struct LodDemuxer {
    folder: Arc<dyn Folder>,
    tree: LodTree,
    /// What is shown in each layer of quality, coarsest first; never empty.
    choices: Vec<Choice>,
    /// Gaussians of the environment.
    environment: u64,
    info: ClipInfo,
    groups: Vec<GroupInfo>,
}

impl LodDemuxer {
    /// Opens the model whose `lod-meta.json` lies at the root of `folder`.
    ///
    /// # Errors
    /// As [`Folder::open`]; [`Error::Malformed`] and [`Error::Limit`] for a damaged tree;
    /// [`Error::Unsupported`] when none of its levels is there.
    pub fn open(folder: Arc<dyn Folder>, cancel: &Cancel) -> Result<Self> {
        let bytes = folder
            .open(META_NAME, cancel)?
            .read_all(limits::MAX_LOD_META_BYTES, cancel)?;
        let name = format!("{}/{META_NAME}", folder.name());
        let mut tree = LodTree::parse(&name, &bytes)?;
        let mut warnings = Warnings::default();
        let all_levels = tree.levels();
        // A web server does not tell what it has; what it lacks shows when it is read.
        if let Some(paths) = folder.list()? {
            let paths: HashSet<&str> = paths.iter().map(String::as_str).collect();
            let is_there = |path: &str| paths.contains(path);
            if let Some(path) = tree.environment.take_if(|path| !is_there(path)) {
                warnings.push_omission(format!("its surroundings are missing ({path})"));
            }
            let missing = tree.keep_files(is_there);
            warn_of_missing(&all_levels, &tree.levels(), &missing, &mut warnings);
        }
        let levels = tree.levels();
        let (Some(finest), Some(coarsest)) = (levels.first(), levels.last()) else {
            return Err(Error::unsupported(
                folder.name(),
                "none of the levels of detail that its lod-meta.json names is there; copy the whole \
                 folder",
            ));
        };
        let environment = match &tree.environment {
            Some(path) => sog::facts(&*chunk(&folder, path), cancel)?.count,
            None => 0,
        };
        let choices = choices(&tree, default_eye(&tree), environment)?;
        let finest_count = count(&tree, &uniform(&tree, *finest));
        if finest_count.saturating_add(environment) > limits::MAX_GAUSSIANS {
            warnings.push(format!(
                "its finest level has {finest_count} Gaussians, more than the {} that are shown at \
                 once; what is far from the first view is shown in less detail",
                limits::MAX_GAUSSIANS
            ));
        }
        let first = tree
            .leaves
            .iter()
            .find_map(|leaf| Some(leaf.levels.get(coarsest)?.file));
        let first = first.and_then(|file| tree.files.get(file));
        let sh_degree = match first {
            Some(path) => sog::facts(&*chunk(&folder, path), cancel)?.sh_degree,
            None => 0,
        };
        let info = info(&*folder, &tree, &choices, environment, sh_degree, warnings);
        Ok(Self {
            folder,
            tree,
            choices,
            environment,
            info,
            groups: vec![GroupInfo { frames: 0..1 }],
        })
    }

    /// What `lod-meta.json` says, without what is missing.
    pub fn tree(&self) -> &LodTree {
        &self.tree
    }

    fn choice(&self, detail: Detail) -> &Choice {
        let layer = detail.layers().min(self.choices.len());
        &self.choices[layer - 1]
    }

    /// The rows of each file that a choice takes, in rising order.
    fn rows(&self, choice: &Choice) -> BTreeMap<usize, Vec<Range<u64>>> {
        let mut files: BTreeMap<usize, Vec<Range<u64>>> = BTreeMap::new();
        for (leaf, level) in self.tree.leaves.iter().zip(choice) {
            let Some(rows) = level.and_then(|level| leaf.levels.get(&level)) else {
                continue;
            };
            let stretch = rows.first..rows.first.saturating_add(rows.count);
            files.entry(rows.file).or_default().push(stretch);
        }
        for stretches in files.values_mut() {
            stretches.sort_by_key(|stretch| stretch.start);
        }
        files
    }

    fn read(&self, choice: &Choice, cancel: &Cancel) -> Result<SplatCloud> {
        let mut all: Option<SplatCloud> = None;
        for (file, stretches) in self.rows(choice) {
            let path = self.tree.files.get(file).map_or("", String::as_str);
            let cloud = sog::read(&*chunk(&self.folder, path), cancel)?;
            let part = take(cloud, &stretches).map_err(|rows| {
                Error::malformed(
                    format!("{}/{META_NAME}", self.folder.name()),
                    format!("it speaks of rows {rows:?} of {path}, which has fewer"),
                )
            })?;
            all = Some(match all {
                Some(all) => join(all, part),
                None => part,
            });
        }
        if let Some(path) = &self.tree.environment {
            let part = sog::read(&*chunk(&self.folder, path), cancel)?;
            all = Some(match all {
                Some(all) => join(all, part),
                None => part,
            });
        }
        Ok(all.unwrap_or_default())
    }
}

impl Demuxer for LodDemuxer {
    fn info(&self) -> &ClipInfo {
        &self.info
    }

    fn groups(&self) -> &[GroupInfo] {
        &self.groups
    }

    fn read_group(&mut self, group: usize, cancel: &Cancel) -> Result<GroupPackets> {
        self.read_part(group, Detail::FULL, cancel)
    }

    fn read_part(&mut self, group: usize, detail: Detail, cancel: &Cancel) -> Result<GroupPackets> {
        if group > 0 {
            return Err(Error::NoSuchFrame {
                frame: group,
                count: 1,
            });
        }
        Ok(GroupPackets {
            group,
            frames: 0..1,
            payload: GroupPayload::SplatFile {
                name: self.folder.name().to_owned(),
                cloud: Box::new(self.read(self.choice(detail), cancel)?),
                coarse: false,
            },
        })
    }

    fn part_bytes(&self, _: usize, detail: Detail) -> Option<u64> {
        let count = count(&self.tree, self.choice(detail));
        Some(count.saturating_add(self.environment) * BYTES_PER_GAUSSIAN)
    }

    /// Over a network, what has been loaded. On a disk only the coarsest layer: it comes at once, and
    /// the player goes on from there.
    fn is_at_hand(&self, _: usize, detail: Detail) -> bool {
        let remote = self.folder.transfers().is_some();
        if !remote {
            return detail.layers() == 1;
        }
        let files = self.rows(self.choice(detail)).into_keys();
        let mut paths = files.filter_map(|file| self.tree.files.get(file));
        paths.all(|path| self.folder.is_at_hand(path))
    }

    fn transfers(&self) -> Option<Vec<Transfer>> {
        self.folder.transfers()
    }
}

/// The folder of the SOG model whose `meta.json` is at `path`.
fn chunk(folder: &Arc<dyn Folder>, path: &str) -> Arc<dyn Folder> {
    match path.rsplit_once('/') {
        Some((parent, _)) => Arc::new(SubFolder::new(folder.clone(), parent)),
        None => folder.clone(),
    }
}

/// Where the model is looked at from until somebody says otherwise: in front of it, in a space with y
/// down and z forward.
fn default_eye(tree: &LodTree) -> [f32; 3] {
    let [x, y, z] = tree.bounds.centre();
    [x, y, z - 2.0 * tree.bounds.radius()]
}

/// The nearest to `level` that each leaf has.
fn uniform(tree: &LodTree, level: u32) -> Choice {
    // Without a budget the camera does not matter.
    choose(tree, default_eye(tree), u64::MAX, level)
        .unwrap_or_else(|| vec![None; tree.leaves.len()])
}

fn count(tree: &LodTree, choice: &Choice) -> u64 {
    let rows = tree.leaves.iter().zip(choice).filter_map(|(leaf, level)| {
        let rows = leaf.levels.get(level.as_ref()?)?;
        Some(rows.count)
    });
    rows.fold(0, u64::saturating_add)
}

/// One choice for each level, coarsest first, each finer than the one before.
fn choices(tree: &LodTree, eye: [f32; 3], environment: u64) -> Result<Vec<Choice>> {
    let budget = limits::MAX_GAUSSIANS.saturating_sub(environment);
    let mut choices: Vec<Choice> = Vec::new();
    for level in tree.levels().into_iter().rev() {
        if let Some(choice) = choose(tree, eye, budget, level)
            && choices.last() != Some(&choice)
        {
            choices.push(choice);
        }
    }
    // No choice fits where the coarsest one does not.
    if choices.is_empty() {
        let coarsest = count(tree, &uniform(tree, u32::MAX));
        return Err(Error::Limit {
            name: META_NAME.to_owned(),
            what: "Gaussians in a frame",
            value: coarsest.saturating_add(environment),
            limit: limits::MAX_GAUSSIANS,
        });
    }
    choices.truncate(usize::from(u8::MAX));
    Ok(choices)
}

/// Tells which levels and files are missing.
fn warn_of_missing(all: &[u32], there: &[u32], missing: &[String], warnings: &mut Warnings) {
    let Some(first) = missing.first() else {
        return;
    };
    let files = match missing.len() {
        1 => format!("{first} is missing"),
        count => format!("{first} and {} more files are missing", count - 1),
    };
    let gone: Vec<String> = all
        .iter()
        .filter(|level| !there.contains(level))
        .map(u32::to_string)
        .collect();
    let finest = there.first().copied().unwrap_or_default();
    warnings.push_omission(match gone.len() {
        0 => format!("{files}; what lies in there is shown in another level of detail"),
        1 => format!(
            "level of detail {} is not there ({files}); the finest that can be shown is level {finest}",
            gone[0]
        ),
        _ => format!(
            "levels of detail {} are not there ({files}); the finest that can be shown is level \
             {finest}",
            gone.join(", ")
        ),
    });
}

fn info(
    folder: &dyn Folder,
    tree: &LodTree,
    choices: &[Choice],
    environment: u64,
    sh_degree: u8,
    warnings: Warnings,
) -> ClipInfo {
    let counts: Vec<u64> = choices
        .iter()
        .map(|choice| count(tree, choice).saturating_add(environment))
        .collect();
    let most = counts.last().copied().unwrap_or(0) as usize;
    let mut below = 0;
    let layers = choices.iter().zip(&counts).map(|(choice, count)| {
        let level = choice.iter().flatten().min().copied().unwrap_or(0);
        // A finer level comes in place of the coarser ones, not on top of them.
        let bytes = (count * BYTES_PER_GAUSSIAN).saturating_sub(below);
        below += bytes;
        LayerInfo {
            name: format!("level {level}"),
            bytes,
        }
    });
    let layers: Vec<LayerInfo> = layers.collect();
    ClipInfo {
        kind: ClipKind::SplatFile,
        title: last_part(folder.name()),
        codec: "streamed SOG".to_owned(),
        frame_rate: DEFAULT_FRAME_RATE,
        frame_rate_known: false,
        frame_count: 1,
        sh_degree,
        gaussians: Some(GaussianCounts {
            min: most,
            mean: most as f64,
            max: most,
        }),
        bounds: Some(tree.bounds),
        picture: None,
        up: Axes::RightDownFront.up(),
        camera: None,
        size_bytes: None,
        credit: None,
        licence: None,
        layers,
        warnings: warnings.all.into_list(),
        omissions: warnings.omissions.into_list(),
    }
}

/// Some rows of a cloud; the stretch that it does not have, where there is one.
fn take(cloud: SplatCloud, stretches: &[Range<u64>]) -> Result<SplatCloud, Range<u64>> {
    let count = cloud.len() as u64;
    if let Some(beyond) = stretches.iter().find(|stretch| stretch.end > count) {
        return Err(beyond.clone());
    }
    let follows = |pair: &[Range<u64>]| pair[0].end == pair[1].start;
    let is_all = stretches.first().is_some_and(|first| first.start == 0)
        && stretches.last().is_some_and(|last| last.end == count)
        && stretches.windows(2).all(follows);
    if is_all {
        return Ok(cloud);
    }
    let total = stretches
        .iter()
        .map(|rows| rows.end - rows.start)
        .sum::<u64>();
    let mut part = SplatCloud::with_capacity(total as usize, cloud.sh_degree);
    part.axes = cloud.axes;
    part.antialiased = cloud.antialiased;
    for stretch in stretches {
        append(
            &mut part,
            &cloud,
            stretch.start as usize..stretch.end as usize,
        );
    }
    part.dropped = dropped(&part);
    Ok(part)
}

/// Rows that were left out when they were read, which have neither size nor opacity.
fn dropped(cloud: &SplatCloud) -> usize {
    let rows = cloud.opacities.iter().zip(&cloud.scales);
    rows.filter(|(opacity, scale)| **opacity == 0.0 && **scale == [0.0; 3])
        .count()
}

/// One cloud after the other, in the higher of their SH degrees.
fn join(mut a: SplatCloud, b: SplatCloud) -> SplatCloud {
    if a.sh_degree < b.sh_degree {
        let mut raised = SplatCloud::with_capacity(a.len() + b.len(), b.sh_degree);
        raised.axes = a.axes;
        raised.antialiased = a.antialiased;
        append(&mut raised, &a, 0..a.len());
        raised.dropped = a.dropped;
        a = raised;
    }
    append(&mut a, &b, 0..b.len());
    a.dropped += b.dropped;
    a
}

/// Adds rows of `from`, whose SH degree is no higher.
fn append(to: &mut SplatCloud, from: &SplatCloud, rows: Range<usize>) {
    to.positions
        .extend_from_slice(&from.positions[rows.clone()]);
    to.rotations
        .extend_from_slice(&from.rotations[rows.clone()]);
    to.scales.extend_from_slice(&from.scales[rows.clone()]);
    to.opacities
        .extend_from_slice(&from.opacities[rows.clone()]);
    to.sh_dc.extend_from_slice(&from.sh_dc[rows.clone()]);
    let missing = to.rest_coefficients() - from.rest_coefficients();
    let rest = to.sh_rest.each_mut();
    for row in rows {
        rest.extend_from_slice(from.rest_of(row));
        rest.resize(rest.len() + missing, [0.0; 3]);
    }
}
