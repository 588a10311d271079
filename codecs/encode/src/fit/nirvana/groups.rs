//! The groups of a clip while they grow.

use std::sync::Arc;

use zoetrope_codecs::neural::track::{CodedGroup, TrackConfig, TrackInput, read_latent_networks};
use zoetrope_codecs::neural::{Architecture, Crop, LatentNetworks, LatentScale, PatchGrid};
use zoetrope_codecs::{Cancel, limits};

use super::plan::{GROUP_NETWORKS, PRICE};
use crate::Result;
use crate::fit::rounding::LatentRounding;

/// The networks so far: groups that are complete, and the one that grows.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    grid: PatchGrid,
    architecture: Architecture,
    crop: Crop,
    complete: Vec<CodedGroup>,
    open: Option<Open>,
}

#[derive(Clone, Debug)]
struct Open {
    scales: Vec<[LatentScale; 2]>,
    /// Of each network.
    integers: Vec<Arc<Vec<i32>>>,
    frames: usize,
}

impl Groups {
    /// None yet.
    pub(super) fn new(grid: PatchGrid, architecture: Architecture, crop: Crop) -> Self {
        Self {
            grid,
            architecture,
            crop,
            complete: Vec::new(),
            open: None,
        }
    }

    /// How the numbers of a network that goes on from the last one become integers.
    pub(super) fn rounding(&self) -> Option<LatentRounding> {
        let open = self.open.as_ref()?;
        let rounding = LatentRounding::new(open.scales.clone());
        // At the start of a group all integers are told anyway.
        Some(if self.is_full() {
            rounding
        } else {
            rounding.near(open.integers.last()?.clone(), PRICE)
        })
    }

    /// Whether the next network begins a group in any case.
    pub(super) fn is_full(&self) -> bool {
        // The cap on a group's numbers does not bind below four million parameters.
        let parameters = self.architecture.parameters().max(1);
        let most = (limits::MAX_GROUP_LATENTS / parameters).min(GROUP_NETWORKS);
        let count = self.open.as_ref().map(|open| open.integers.len() as u64);
        count.is_none_or(|count| count >= most)
    }

    /// Adds a network for some frames; `begins` a group, or the group is full.
    pub(super) fn push(
        &mut self,
        begins: bool,
        scales: &[[LatentScale; 2]],
        integers: Vec<i32>,
        frames: usize,
    ) -> Result<()> {
        if begins || self.is_full() {
            let complete = self.coded()?;
            self.complete.extend(complete);
            self.open = Some(Open {
                scales: scales.to_vec(),
                integers: Vec::new(),
                frames: 0,
            });
        }
        if let Some(open) = &mut self.open {
            open.integers.push(Arc::new(integers));
            open.frames += frames;
        }
        Ok(())
    }

    /// All of them.
    pub(super) fn finish(self) -> Result<Vec<CodedGroup>> {
        let last = self.coded()?;
        Ok(self.complete.into_iter().chain(last).collect())
    }

    /// The one that grows, as a clip holds it.
    fn coded(&self) -> Result<Option<CodedGroup>> {
        let Some(open) = &self.open else {
            return Ok(None);
        };
        let networks = LatentNetworks::new(
            "the networks",
            self.architecture.clone(),
            open.scales.clone(),
            open.integers.iter().map(|own| own.to_vec()).collect(),
        )?;
        let crop = Some(self.crop);
        let coded = CodedGroup::of_latents(self.grid, &networks, open.frames, crop)?;
        Ok(Some(coded))
    }

    /// Frames and samples of each group, the one that grows at the end.
    pub(super) fn samples(&self) -> Result<Vec<(usize, Vec<Vec<u8>>)>> {
        let last = self.coded()?;
        let all = self.complete.iter().chain(&last);
        Ok(all
            .map(|group| (group.frames, group.samples.clone()))
            .collect())
    }

    /// Adds what [`Self::samples`] gave. `None` where that is damaged.
    pub(super) fn with_samples(mut self, groups: Vec<(usize, Vec<Vec<u8>>)>) -> Option<Self> {
        let config = TrackConfig {
            input: TrackInput::Grid(self.grid),
            layers: self.architecture.layers.clone(),
            output: self.architecture.output,
            crop: self.crop,
        };
        let group = |(frames, samples)| CodedGroup {
            config: config.clone(),
            samples,
            frames,
        };
        self.complete = groups.into_iter().map(group).collect();
        if let Some(last) = self.complete.pop() {
            let samples: Vec<&[u8]> = last.samples.iter().map(Vec::as_slice).collect();
            let go = Cancel::new();
            let networks = read_latent_networks("the checkpoint", &config, &samples, &go).ok()?;
            let integers = networks.integers().iter();
            self.open = Some(Open {
                scales: networks.scales().to_vec(),
                integers: integers.map(|own| Arc::new(own.clone())).collect(),
                frames: last.frames,
            });
        }
        Some(self)
    }
}
