//! The records of a file, and the scene at a time.

use std::sync::Arc;

use super::MAGIC;
use super::bytes::Bytes;
use super::chunk::{self, Chunk, ChunkHead};
use super::stream::Fault;
use crate::clip::CameraHint;
use crate::container::Warnings;
use crate::container::moving::{Motion, MovingDemuxer, MovingFacts};
use crate::gaussian_video::rest_coefficients;
use crate::source::Source;
use crate::splat::Axes;
use crate::{Bounds, Cancel, Error, Result, SplatCloud, UpAxis, limits};

/// Bytes of the magic number, whose fifth byte is the version.
const MAGIC_BYTES: u64 = 8;
/// Bytes in front of the content of a record: opcode and length.
const RECORD_HEAD_BYTES: u64 = 9;
/// Bytes of a chunk that tell its time and how many Gaussians it has.
const CHUNK_HEAD_BYTES: u64 = 24;

/// Records by their opcode.
mod opcode {
    pub(super) const HEADER: u8 = 0x01;
    pub(super) const FOOTER: u8 = 0x02;
    pub(super) const QUANTIZATION: u8 = 0x03;
    pub(super) const WINDOWS: u8 = 0x04;
    pub(super) const CHUNK: u8 = 0x05;
    pub(super) const SH_BAND: u8 = 0x07;
    pub(super) const AUDIO: u8 = 0x09;
    pub(super) const CAMERA: u8 = 0x0a;
    pub(super) const AUDIO_SOURCE: u8 = 0x11;
    pub(super) const OBJECT_TRACK: u8 = 0x25;
}

/// The grids that numbers were rounded to, and the windows.
#[derive(Default)]
pub(super) struct Grids {
    pub(super) origin: [f64; 3],
    pub(super) position: f64,
    pub(super) scale_log: f64,
    pub(super) rotation: f64,
    pub(super) colour: f64,
    pub(super) opacity: f64,
    motion: f64,
    time: f64,
    pub(super) sigma_log: f64,
    /// Begin and end of each window, seconds.
    pub(super) windows: Vec<[f64; 2]>,
    pub(super) sh_degree: u8,
    /// Share of its opacity below which a Gaussian is not there.
    cutoff: f64,
}

impl Grids {
    /// Step of the motion of a Gaussian: the longer it is there, the finer.
    pub(super) fn motion_step(&self, never_fades: bool, window: [f64; 2], sigma: f64) -> f64 {
        let half = if never_fades {
            window[1] - window[0]
        } else {
            (-2.0 * self.cutoff.ln()).sqrt() * sigma
        };
        let class = (half.clamp(0.02, 2.0) / 0.5).log2().ceil().clamp(-4.0, 2.0);
        self.motion * (-class).exp2()
    }

    /// Step of the moment at which a Gaussian is most opaque: the shorter it is, the finer.
    pub(super) fn mu_step(&self, never_fades: bool, sigma: f64) -> f64 {
        let target = if never_fades {
            self.time
        } else {
            self.time.min(0.05 * sigma)
        };
        let class = (target / self.time).log2().floor().clamp(-10.0, 0.0);
        self.time * class.exp2()
    }
}

/// Where a chunk is.
struct ChunkPlace {
    head: ChunkHead,
    /// First byte and length of its content.
    content: [u64; 2],
    /// The same of the SH records behind it.
    bands: Vec<[u64; 2]>,
}

/// What the header says.
struct Header {
    duration_s: f64,
    gaussians: u64,
    bounds: Bounds,
    up: Option<UpAxis>,
}

/// A file whose records were found.
struct Scene {
    source: Arc<dyn Source>,
    axes: Axes,
    grids: Grids,
    chunks: Vec<ChunkPlace>,
    /// Chunks of the last frame, by their number.
    decoded: Vec<(usize, Arc<Chunk>)>,
}

/// Everything that is found on the way through a file.
#[derive(Default)]
struct Found {
    header: Option<Header>,
    grids: Grids,
    has_grids: bool,
    chunks: Vec<ChunkPlace>,
    camera: Option<CameraHint>,
    has_sound: bool,
    has_tracks: bool,
    is_cut: bool,
}

/// Opens a file.
pub(super) fn open(source: Arc<dyn Source>, cancel: &Cancel) -> Result<MovingDemuxer> {
    let name = source.name().to_owned();
    let found = Found::walk(&*source, cancel)?;
    let header = found
        .header
        .ok_or_else(|| Error::malformed(&name, "it has no header"))?;
    let mut warnings = Warnings::default();
    if found.has_sound {
        warnings.push_omission("its sound is left out".to_owned());
    }
    if found.has_tracks {
        warnings
            .push_omission("the paths of its objects are left out; they stand still".to_owned());
    }
    if found.is_cut {
        warnings.push_omission("the file is cut short; what is missing is not shown".to_owned());
    }
    let facts = MovingFacts {
        name,
        codec: "4DGS",
        duration_s: header.duration_s,
        sh_degree: found.grids.sh_degree,
        most_gaussians: header.gaussians.min(limits::MAX_GAUSSIANS),
        bounds: Some(header.bounds).filter(|bounds| !bounds.is_empty()),
        axes: axes(header.up),
        up: header.up,
        camera: found.camera,
        size_bytes: source.len(),
        warnings,
    };
    let mut grids = found.grids;
    if grids.windows.is_empty() {
        // As the format has it: a window in which nothing is ever seen.
        grids.windows.push([0.0; 2]);
    }
    let scene = Scene {
        axes: facts.axes,
        source,
        grids,
        chunks: found.chunks,
        decoded: Vec::new(),
    };
    MovingDemuxer::new(Box::new(scene), facts)
}

fn axes(up: Option<UpAxis>) -> Axes {
    match up {
        Some(UpAxis::PlusY) => Axes::RightUpBack,
        _ => Axes::RightDownFront,
    }
}

impl Found {
    /// Looks at every record, and reads those that are small.
    fn walk(source: &dyn Source, cancel: &Cancel) -> Result<Self> {
        let name = source.name();
        let magic = source.read(0..source.len().min(MAGIC_BYTES), cancel)?;
        if !magic.starts_with(MAGIC) || magic.get(5..) != Some(&b"1\r\n"[..]) {
            return Err(Error::unsupported(
                name,
                "it is a 4DGS file of a version that cannot be read, or it was changed on the way; \
                 version 1 works",
            ));
        }
        let mut found = Self::default();
        let mut at = MAGIC_BYTES;
        let mut records = 0;
        loop {
            records += 1;
            limits::check(name, "records", records, limits::MAX_4DGS_RECORDS)?;
            let Some(content) = at
                .checked_add(RECORD_HEAD_BYTES)
                .filter(|end| *end <= source.len())
            else {
                found.is_cut = true;
                break;
            };
            let head = source.read(at..content, cancel)?;
            let mut bytes = Bytes(&head);
            let (Some(kind), Some(length)) = (bytes.u8(), bytes.u64()) else {
                break;
            };
            let end = content
                .checked_add(length)
                .filter(|end| *end <= source.len());
            let Some(end) = end else {
                found.is_cut = true;
                break;
            };
            if kind == opcode::FOOTER {
                break;
            }
            found.record(source, kind, [content, length], cancel)?;
            at = end;
        }
        if !found.has_grids {
            return Err(Error::malformed(
                name,
                "it does not say how its numbers are rounded",
            ));
        }
        Ok(found)
    }

    fn record(
        &mut self,
        source: &dyn Source,
        kind: u8,
        place: [u64; 2],
        cancel: &Cancel,
    ) -> Result<()> {
        let name = source.name();
        let damaged = |what: &str| Error::malformed(name, format!("its {what} ends too early"));
        let read = |length: u64| source.read(place[0]..place[0] + length, cancel);
        let small = || {
            limits::check(
                name,
                "bytes of a record",
                place[1],
                limits::MAX_4DGS_RECORD_BYTES,
            )?;
            read(place[1])
        };
        match kind {
            opcode::HEADER => {
                let header = self
                    .parse_header(&small()?)
                    .ok_or_else(|| damaged("header"))?;
                let model = header.1;
                if model != "gaussian-birth" {
                    return Err(Error::unsupported(
                        name,
                        format!(
                            "its Gaussians move by the model \"{model}\"; only \"gaussian-birth\" can be \
                             shown"
                        ),
                    ));
                }
                self.header = Some(header.0);
            }
            opcode::QUANTIZATION => {
                self.parse_grids(&small()?)
                    .ok_or_else(|| damaged("record of grids"))?;
            }
            opcode::WINDOWS => {
                self.parse_windows(&small()?)
                    .ok_or_else(|| damaged("table of windows"))?;
            }
            opcode::CAMERA => {
                // No more than advice: one that cannot be read is none.
                self.camera = parse_camera(&small()?).filter(CameraHint::makes_sense);
            }
            opcode::CHUNK => {
                let bytes = read(place[1].min(CHUNK_HEAD_BYTES))?;
                let head = ChunkHead::parse(&mut Bytes(&bytes)).ok_or_else(|| damaged("chunk"))?;
                let count = u64::from(head.count);
                limits::check(name, "Gaussians in a chunk", count, limits::MAX_GAUSSIANS)?;
                // Memory is taken for as many as a chunk claims.
                if self
                    .header
                    .as_ref()
                    .is_none_or(|header| header.gaussians < count)
                {
                    return Err(Error::malformed(
                        name,
                        "a chunk has more Gaussians than its header says there are",
                    ));
                }
                self.chunks.push(ChunkPlace {
                    head,
                    content: place,
                    bands: Vec::new(),
                });
            }
            opcode::SH_BAND => {
                if let Some(chunk) = self.chunks.last_mut()
                    && chunk.bands.len() < limits::MAX_SH_DEGREE as usize
                {
                    chunk.bands.push(place);
                }
            }
            opcode::AUDIO | opcode::AUDIO_SOURCE => self.has_sound = true,
            opcode::OBJECT_TRACK => self.has_tracks = true,
            _ => {}
        }
        Ok(())
    }

    /// The header, and the name of its temporal model.
    fn parse_header(&mut self, bytes: &[u8]) -> Option<(Header, String)> {
        let mut bytes = Bytes(bytes);
        let _profile = bytes.text()?;
        let _library = bytes.text()?;
        let duration_s = bytes.f64()?;
        let gaussians = bytes.u64()?;
        self.grids.cutoff = bytes.f64()?;
        let model = bytes.text()?.to_owned();
        let [x0, y0, z0, x1, y1, z1] = bytes.f64s()?.map(|edge: f64| edge as f32);
        self.grids.sh_degree = bytes.u8()?.min(limits::MAX_SH_DEGREE as u8);
        let _flags = bytes.u8()?;
        // Free-form; a damaged list takes nothing away.
        let attributes = bytes.map().unwrap_or_default();
        let system = attributes
            .iter()
            .find(|(key, _)| *key == "coordinate_system");
        let header = Header {
            duration_s,
            gaussians,
            bounds: Bounds {
                min: [x0, y0, z0],
                max: [x1, y1, z1],
            },
            up: system.and_then(|(_, value)| up_of(value)),
        };
        Some((header, model))
    }

    fn parse_grids(&mut self, bytes: &[u8]) -> Option<()> {
        let mut bytes = Bytes(bytes);
        let _scheme = bytes.text()?;
        let grids = &mut self.grids;
        grids.origin = bytes.f64s()?;
        [
            grids.position,
            grids.scale_log,
            grids.rotation,
            grids.colour,
            grids.opacity,
            grids.motion,
            grids.time,
            grids.sigma_log,
        ] = bytes.f64s()?;
        self.has_grids = true;
        Some(())
    }

    fn parse_windows(&mut self, bytes: &[u8]) -> Option<()> {
        let mut bytes = Bytes(bytes);
        let count = bytes.u32()? as usize;
        // Each takes 16 bytes, so no more are there than bytes for them.
        if count > bytes.0.len() / 16 {
            return None;
        }
        let windows: Option<Vec<[f64; 2]>> = (0..count).map(|_| bytes.f64s()).collect();
        self.grids.windows = windows?;
        Some(())
    }
}

/// "y-up-right-handed" and the like.
fn up_of(system: &str) -> Option<UpAxis> {
    let system = system.to_ascii_lowercase();
    let known = [
        ("x-up", UpAxis::PlusX),
        ("y-up", UpAxis::PlusY),
        ("z-up", UpAxis::PlusZ),
        ("x-down", UpAxis::MinusX),
        ("y-down", UpAxis::MinusY),
        ("z-down", UpAxis::MinusZ),
    ];
    known
        .iter()
        .find(|(name, _)| system.starts_with(name))
        .map(|(_, axis)| *axis)
}

fn parse_camera(bytes: &[u8]) -> Option<CameraHint> {
    let mut bytes = Bytes(bytes);
    let fov_y_degrees = bytes.f64()? as f32;
    let position = bytes.f64s()?.map(|part: f64| part as f32);
    let target = bytes.f64s()?.map(|part: f64| part as f32);
    Some(CameraHint {
        position,
        target,
        fov_y_degrees,
    })
}

impl Scene {
    /// A chunk, out of what the last frame needed or out of the file.
    fn chunk(&self, number: usize, cancel: &Cancel) -> Result<Arc<Chunk>> {
        if let Some((_, chunk)) = self.decoded.iter().find(|(known, _)| *known == number) {
            return Ok(chunk.clone());
        }
        let place = &self.chunks[number];
        let read = |[first, length]: [u64; 2]| {
            limits::check(
                self.source.name(),
                "bytes of a chunk",
                length,
                limits::MAX_GROUP_BYTES,
            )?;
            self.source.read(first..first + length, cancel)
        };
        let content = read(place.content)?;
        let bands: Result<Vec<Vec<u8>>> = place.bands.iter().map(|band| read(*band)).collect();
        let chunk = chunk::decode(&content, &bands?, &self.grids).map_err(|fault| {
            let name = format!("chunk {number} of {}", self.source.name());
            match fault {
                Fault::Damaged => {
                    Error::malformed(name, "its streams of numbers do not fit together")
                }
                Fault::Codec(codec) => Error::unsupported(
                    name,
                    format!("it is packed with {codec}; deflate and zstd work"),
                ),
            }
        })?;
        Ok(Arc::new(chunk))
    }

    /// The chunks that have to do with a time.
    fn chunks_at(&self, time_s: f64) -> Result<Vec<usize>> {
        let at = |place: &ChunkPlace| (place.head.time[0]..place.head.time[1]).contains(&time_s);
        let numbers: Vec<usize> = (0..self.chunks.len())
            .filter(|number| at(&self.chunks[*number]))
            .collect();
        let counts = numbers
            .iter()
            .map(|number| u64::from(self.chunks[*number].head.count));
        limits::check_gaussians(self.source.name(), counts.sum())?;
        Ok(numbers)
    }
}

impl Motion for Scene {
    fn at(&mut self, time_s: f64, cancel: &Cancel) -> Result<SplatCloud> {
        let mut now = Vec::new();
        for number in self.chunks_at(time_s)? {
            cancel.check()?;
            now.push((number, self.chunk(number, cancel)?));
        }
        let degree = self.grids.sh_degree;
        let rest = rest_coefficients(degree);
        let mut cloud = SplatCloud::with_capacity(0, degree);
        cloud.axes = self.axes;
        for (_, chunk) in &now {
            cancel.check()?;
            for (k, gaussian) in chunk.gaussians.iter().enumerate() {
                let [from, to] = gaussian.window;
                let since = time_s - gaussian.mu;
                let marginal = if gaussian.sigma.is_infinite() {
                    1.0
                } else {
                    (-0.5 * (since / gaussian.sigma).powi(2)).exp()
                };
                if !(from..to).contains(&time_s) || marginal < self.grids.cutoff {
                    continue;
                }
                let position = std::array::from_fn(|axis| {
                    (gaussian.position[axis] + gaussian.motion[axis] * since) as f32
                });
                cloud.push(
                    position,
                    gaussian.rotation,
                    gaussian.scale,
                    (gaussian.opacity * marginal) as f32,
                    gaussian.sh_dc,
                    &chunk.sh_rest[k * rest..(k + 1) * rest],
                );
            }
        }
        self.decoded = now;
        Ok(cloud)
    }
}
