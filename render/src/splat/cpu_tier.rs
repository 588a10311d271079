//! Drawing with the native loops of [`crate::cpu`]: for software Vulkan.

use zoetrope_codecs::SplatFrame;

use super::project::{ProjectParameters, key_bits};
use super::record::SplatRecord;
use super::{Job, Stage};
use crate::cpu::draw::SplatRaster;
use crate::cpu::project::project;
use crate::cpu::sort::RadixSort;
use crate::target::Target;
use crate::{Gpu, View};

/// The memory of the CPU tier. It grows to the largest frame and is used again.
#[derive(Debug, Default)]
pub struct CpuTier {
    keys: Vec<u32>,
    records: Vec<SplatRecord>,
    sort: RadixSort,
    raster: SplatRaster,
    rgba: Vec<u8>,
}

impl CpuTier {
    /// Draws; returns how many Gaussians reached the picture.
    pub fn render(
        &mut self,
        gpu: &Gpu,
        job: &Job<'_>,
        target: &Target,
        observer: &mut dyn FnMut(Stage),
    ) -> u32 {
        let View { width, height, .. } = *job.view;
        let frame: &SplatFrame = job.frame;
        observer(Stage::Upload);

        let parameters = ProjectParameters::new(frame, job.bounds, job.view);
        self.keys.resize(frame.count(), 0);
        self.records.resize(frame.count(), SplatRecord::default());
        project(frame, &parameters, &mut self.keys, &mut self.records);
        observer(Stage::Project);

        let order = self.sort.sort(&self.keys, key_bits(frame.count()));
        observer(Stage::Sort);

        let size = [width, height].map(|side| side as usize);
        self.rgba.resize(size[0] * size[1] * 4, 0);
        let background = job.view.background;
        self.raster
            .draw(&self.records, order, size, background, &mut self.rgba);
        target.write(gpu, &self.rgba);
        observer(Stage::Draw);
        order.len() as u32
    }

    /// Bytes of memory it holds.
    pub fn size_bytes(&self) -> u64 {
        let bytes = 4 * self.keys.capacity()
            + size_of::<SplatRecord>() * self.records.capacity()
            + self.sort.size_bytes()
            + self.raster.size_bytes()
            + self.rgba.capacity();
        bytes as u64
    }
}
