//! The configuration of a neural track: all that holds for a group but its numbers.

use crate::gaussian_video::entropy::{Reader, put_varint};
use crate::neural::{
    Activation, Architecture, Crop, LayerShape, Output, PatchGrid, TimeEmbedding, TimeOrder,
    TimeRule,
};
use crate::{Error, Result, limits};

/// Version of the format.
const VERSION: u8 = 1;
/// Networks whose embeddings are numbers of their own or follow from the time: HNeRV, NeRV.
const PROFILE_CHAIN: u8 = 1;
/// Networks of patches' places: NIRVANA.
const PROFILE_PATCHES: u8 = 2;
/// The only kind of layer.
const CONVOLUTION: u8 = 0;

/// What goes into the networks of a track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TrackInput {
    /// Numbers for each frame: channels, height, width.
    Numbers([usize; 3]),
    /// Sines of the time.
    Time(TimeRule),
    /// The places of patches; the networks of a group differ from frame to frame.
    Grid(PatchGrid),
}

impl TrackInput {
    /// Channels, height and width of an embedding.
    pub fn shape(&self) -> [usize; 3] {
        match self {
            Self::Numbers(shape) => *shape,
            Self::Time(rule) => [rule.embedding.levels.saturating_mul(2), 1, 1],
            Self::Grid(grid) => grid.shape(),
        }
    }

    fn profile(&self) -> u8 {
        match self {
            Self::Grid(_) => PROFILE_PATCHES,
            _ => PROFILE_CHAIN,
        }
    }
}

/// The configuration of a track, in its sample entry.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackConfig {
    /// What goes in.
    pub input: TrackInput,
    /// The layers, the first one first.
    pub layers: Vec<LayerShape>,
    /// From the last numbers to colours.
    pub output: Output,
    /// What is shown of the decoded picture.
    pub crop: Crop,
}

impl TrackConfig {
    /// The shapes of its networks.
    pub fn architecture(&self) -> Architecture {
        Architecture {
            embedding: self.input.shape(),
            layers: self.layers.clone(),
            output: self.output,
        }
    }

    /// Name of the codec for people.
    pub fn codec_name(&self) -> &'static str {
        match self.input {
            TrackInput::Numbers(_) => "HNeRV",
            TrackInput::Time(_) => "NeRV",
            TrackInput::Grid(_) => "NIRVANA",
        }
    }

    /// Checks whether it makes sense.
    ///
    /// # Errors
    /// As [`Architecture::check`]; [`Error::Malformed`] for a crop that is not inside of the picture, and for a time rule out of which
    /// no numbers come.
    pub fn check(&self, name: &str) -> Result<()> {
        let architecture = self.architecture();
        architecture.check(name)?;
        if let TrackInput::Time(rule) = self.input
            && !rule.embedding.makes_sense()
        {
            return Err(Error::malformed(name, "its times make no sense"));
        }
        let picture = architecture.picture_size();
        let is_inside = (0..2).all(|axis| {
            let end = u64::from(self.crop.start[axis]) + u64::from(self.crop.size[axis]);
            self.crop.size[axis] > 0 && end <= picture[axis] as u64
        });
        if !is_inside {
            return Err(Error::malformed(
                name,
                "what is to be shown of its pictures lies outside of them",
            ));
        }
        Ok(())
    }

    /// As bytes.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, self.input.profile()];
        match self.input {
            TrackInput::Numbers(shape) => {
                bytes.push(0);
                put_all(&mut bytes, shape);
            }
            TrackInput::Time(rule) => {
                bytes.push(1);
                bytes.push(u8::from(rule.order == TimeOrder::InTurns));
                bytes.extend(rule.embedding.base.to_le_bytes());
                put_all(&mut bytes, [rule.embedding.levels]);
            }
            TrackInput::Grid(grid) => {
                bytes.push(2);
                put_all(&mut bytes, [grid.levels, grid.rows, grid.columns]);
            }
        }
        match self.output {
            Output::Tanh => bytes.push(0),
            Output::Sigmoid => bytes.push(1),
            Output::Offset(offset) => {
                bytes.push(2);
                bytes.extend(offset.to_le_bytes());
            }
        }
        put_all(&mut bytes, [self.layers.len()]);
        for layer in &self.layers {
            bytes.push(CONVOLUTION);
            put_all(&mut bytes, [layer.inputs, layer.outputs, layer.kernel]);
            put_all(&mut bytes, layer.shuffle);
            let mut all = Activation::ALL.iter();
            let code = all.position(|(activation, _)| *activation == layer.activation);
            bytes.push(code.unwrap_or(0) as u8);
        }
        let numbers = self.crop.start.iter().chain(&self.crop.size);
        for number in numbers {
            put_varint(&mut bytes, *number);
        }
        let architecture = self.architecture();
        bytes.extend(architecture.macs().to_le_bytes());
        bytes.extend(architecture.parameters().to_le_bytes());
        bytes
    }

    /// Reads what [`Self::write`] wrote. What follows behind is ignored.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another version or kinds of input and layers that are not known, [`Error::Malformed`] where it is
    /// damaged, and as [`Self::check`].
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(name, bytes);
        let unknown = |what: &str| {
            Error::unsupported(
                name,
                format!("it has {what} that is not known yet; update Zoetrope"),
            )
        };
        if reader.byte()? != VERSION {
            return Err(unknown("a neural track of a version"));
        }
        let profile = reader.byte()?;
        let input = match reader.byte()? {
            0 => TrackInput::Numbers(numbers(&mut reader)?),
            1 => TrackInput::Time(read_time(&mut reader)?),
            2 => {
                let [levels, rows, columns] = numbers(&mut reader)?;
                TrackInput::Grid(PatchGrid {
                    rows,
                    columns,
                    levels,
                })
            }
            _ => return Err(unknown("a kind of embedding")),
        };
        if profile != input.profile() {
            return Err(unknown("a profile"));
        }
        let output = match reader.byte()? {
            0 => Output::Tanh,
            1 => Output::Sigmoid,
            2 => Output::Offset(reader.float()?),
            _ => return Err(unknown("an output")),
        };
        let [count] = numbers(&mut reader)?;
        limits::check(
            name,
            "layers of a network",
            count as u64,
            limits::MAX_NETWORK_LAYERS,
        )?;
        let mut layers = Vec::with_capacity(count);
        for _ in 0..count {
            if reader.byte()? != CONVOLUTION {
                return Err(unknown("a kind of layer"));
            }
            let [inputs, outputs, kernel] = numbers(&mut reader)?;
            let shuffle = numbers(&mut reader)?;
            let code = usize::from(reader.byte()?);
            let activation = Activation::ALL.get(code);
            let (activation, _) = *activation.ok_or_else(|| unknown("an activation"))?;
            layers.push(LayerShape {
                inputs,
                outputs,
                kernel,
                shuffle,
                activation,
            });
        }
        let mut pair = || Ok::<_, Error>([reader.varint()?, reader.varint()?]);
        let crop = Crop {
            start: pair()?,
            size: pair()?,
        };
        let config = Self {
            input,
            layers,
            output,
            crop,
        };
        config.check(name)?;
        if !matches!(output, Output::Offset(offset) if !offset.is_finite()) {
            let architecture = config.architecture();
            let mut long = || {
                let (bytes, _) = reader.take(8)?.as_chunks();
                Ok::<_, Error>(bytes.first().map_or(0, |bytes| u64::from_le_bytes(*bytes)))
            };
            if [long()?, long()?] == [architecture.macs(), architecture.parameters()] {
                return Ok(config);
            }
        }
        Err(Error::malformed(
            name,
            "the description of its network contradicts itself; copy the clip again",
        ))
    }
}

fn put_all<const N: usize>(bytes: &mut Vec<u8>, numbers: [usize; N]) {
    for number in numbers {
        // All were checked to be below caps of 32 bits.
        put_varint(bytes, u32::try_from(number).unwrap_or(u32::MAX));
    }
}

fn numbers<const N: usize>(reader: &mut Reader<'_>) -> Result<[usize; N]> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = reader.varint()? as usize;
    }
    Ok(numbers)
}

fn read_time(reader: &mut Reader<'_>) -> Result<TimeRule> {
    let order = match reader.byte()? {
        0 => TimeOrder::SinesFirst,
        _ => TimeOrder::InTurns,
    };
    let (bytes, _) = reader.take(8)?.as_chunks();
    let base = bytes
        .first()
        .map_or(0.0, |bytes| f64::from_le_bytes(*bytes));
    let [levels] = numbers(reader)?;
    Ok(TimeRule {
        embedding: TimeEmbedding { base, levels },
        order,
    })
}
