//! Which tensors are the layers of a network, and how much larger each makes the picture.

use super::options::ImportOptions;
use super::question::{ImportQuestion, StrideChoice, choices};
use super::tensors::{Tensor, Tensors};
use crate::neural::{Activation, CodedNetwork, Layer, Network, Output, Quantised};
use crate::{Error, Result};

/// What a layer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// In front of the last stem: a layer of a perceptron.
    Hidden,
    /// From the embedding to the first, small picture.
    Stem,
    /// Makes the picture larger.
    Block,
    /// To red, green and blue.
    Head,
}

/// Whose names the tensors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// `decoder.N.conv…` and `head_layer` of HNeRV.
    Hnerv,
    /// `stem.N`, `layers.N.conv.conv` and `head_layers.N` of NeRV.
    Nerv,
    /// `stem`, `blockN` and `head` of our own networks.
    Own,
}

struct Link<'a> {
    key: String,
    role: Role,
    weights: &'a Tensor,
    bias: Option<&'a Tensor>,
    /// Channels of the convolution, in front of the shuffle.
    convolved: usize,
    inputs: usize,
    kernel: usize,
}

/// The layers in their order.
pub(super) struct Chain<'a> {
    links: Vec<Link<'a>>,
    pub(super) names: Names,
}

impl<'a> Chain<'a> {
    /// Finds the layers by their names.
    pub(super) fn find(file: &str, tensors: &'a Tensors) -> Result<Self> {
        let has = |key: &str| tensors.get(&format!("{key}.weight")).is_some();
        let (names, keys) = if has("head_layer") {
            (Names::Hnerv, hnerv_keys(file, tensors)?)
        } else if has("stem.0") {
            (Names::Nerv, nerv_keys(tensors))
        } else if has("stem") && has("head") {
            (Names::Own, own_keys(tensors))
        } else {
            return Err(Error::unsupported(
                file,
                "its tensors have not the names of HNeRV's or NeRV's; only networks of these can be played",
            ));
        };
        let links: Result<Vec<Link>> = keys
            .into_iter()
            .map(|(key, role)| Link::new(file, tensors, key, role))
            .collect();
        let links = links?;
        if links.len() < 2 || links.last().is_none_or(|link| link.role != Role::Head) {
            return Err(Error::malformed(file, "layers of its network are missing"));
        }
        Ok(Self { links, names })
    }

    /// Channels of an embedding.
    pub(super) fn inputs(&self) -> usize {
        self.links.first().map_or(0, |link| link.inputs)
    }

    /// Parameters, and the bits that they take in the file.
    pub(super) fn parameters(&self) -> (usize, u64) {
        let tensors = self
            .links
            .iter()
            .flat_map(|link| [Some(link.weights), link.bias]);
        tensors.flatten().fold((0, 0), |(count, bits), tensor| {
            (count + tensor.numbers.len(), bits + tensor.bits)
        })
    }

    /// Whether its weights are codes with minima and scales.
    pub(super) fn is_quantised(&self) -> bool {
        self.links.iter().any(|link| link.weights.is_quantised)
    }

    /// Tensors that it has no use for.
    pub(super) fn unused<'t>(&self, tensors: &'t Tensors) -> Vec<&'t str> {
        let is_used = |name: &str| {
            self.links.iter().any(|link| {
                let end = name.strip_prefix(&link.key);
                matches!(end, Some(".weight" | ".bias"))
            })
        };
        tensors
            .names()
            .filter(|name| *name != super::time::EMBEDDINGS && !is_used(name))
            .collect()
    }

    /// The network; `embedding` is channels, height, width.
    pub(super) fn network(
        &self,
        file: &str,
        embedding: [usize; 3],
        options: &ImportOptions,
    ) -> Result<Network> {
        let strides = self.strides(file, embedding, options)?;
        let layers = self.links.iter().zip(strides).map(|(link, shuffle)| Layer {
            inputs: link.inputs,
            outputs: link.convolved / (shuffle[0] * shuffle[1]),
            kernel: link.kernel,
            shuffle,
            activation: match link.role {
                Role::Head => Activation::None,
                _ => options.activation.unwrap_or(Activation::Gelu),
            },
            weights: link.weights.numbers.clone(),
            bias: match link.bias {
                Some(bias) => bias.numbers.clone(),
                None => vec![0.0; link.convolved],
            },
        });
        let output = options.output.unwrap_or(Output::Tanh);
        let network = Network::new(file, embedding, layers.collect(), output)?;
        if network.frames() != 1 {
            return Err(Error::unsupported(
                file,
                "its network makes several pictures at once; only those of one picture can be opened",
            ));
        }
        Ok(network)
    }

    /// Its numbers as they are in the file, where all weights are quantised there. Biases may be plain numbers.
    pub(super) fn coded(&self, network: &Network) -> Option<CodedNetwork> {
        let layers = self.links.iter().zip(network.layers());
        let tensors = layers.map(|(link, layer)| {
            let shape = layer.shape();
            let weights = link.weights.quantised.clone()?;
            let bias = link.bias.and_then(|bias| bias.quantised.clone());
            let bias = match bias {
                Some(bias) => bias,
                None => Quantised::exact(&layer.bias, &[layer.bias.len()]).ok()?,
            };
            Some([
                weights.reshaped(shape.weights().to_vec())?,
                bias.reshaped(vec![shape.convolved()])?,
            ])
        });
        let tensors: Vec<[Quantised; 2]> = tensors.collect::<Option<_>>()?;
        CodedNetwork::new("the network", network.architecture(), tensors).ok()
    }

    /// How many times larger each layer makes the picture: height, width.
    pub(super) fn strides(
        &self,
        file: &str,
        embedding: [usize; 3],
        options: &ImportOptions,
    ) -> Result<Vec<[usize; 2]>> {
        let given = self.given_strides(file, embedding, options)?;
        let mut strides = Vec::with_capacity(self.links.len());
        for (index, link) in self.links.iter().enumerate() {
            let Some(next) = self.links.get(index + 1) else {
                strides.push([1, 1]);
                break;
            };
            if next.inputs == 0 || !link.convolved.is_multiple_of(next.inputs) {
                return Err(Error::malformed(
                    file,
                    format!(
                        "\"{}\" makes {} channels, of which \"{}\" cannot take {} each",
                        link.key, link.convolved, next.key, next.inputs
                    ),
                ));
            }
            let times = link.convolved / next.inputs;
            let stride = match given.get(index).copied().flatten() {
                Some([height, width]) => {
                    (height.checked_mul(width) == Some(times)).then_some([height, width])
                }
                // A picture that is made out of a single pixel has any shape.
                None if link.role == Role::Stem && embedding[1..] == [1, 1] && times > 1 => None,
                None => square_root(times).map(|side| [side, side]),
            };
            strides.push(stride.ok_or_else(|| self.unknown_stride(file, embedding, index, times))?);
        }
        Ok(strides)
    }

    /// The strides of the options for each layer: they may leave out the stem.
    fn given_strides(
        &self,
        file: &str,
        embedding: [usize; 3],
        options: &ImportOptions,
    ) -> Result<Vec<Option<[usize; 2]>>> {
        let Some(given) = &options.strides else {
            return Ok(Vec::new());
        };
        let count = |role| self.links.iter().filter(|link| link.role == role).count();
        let blocks = count(Role::Block);
        let mut all = vec![None; count(Role::Hidden)];
        if given.len() == blocks {
            all.push(None);
        } else if given.len() != blocks + 1 {
            return Err(Error::unanswered(
                file,
                ImportQuestion::Strides {
                    choices: self.choices(embedding),
                },
                format!(
                    "its network has {blocks} layers that make the picture larger, and {} strides were \
                     given; give one for each, as in --strides 5,4,4,2,2",
                    given.len()
                ),
            ));
        }
        all.extend(given.iter().copied().map(Some));
        Ok(all)
    }

    /// Ways that fit, the likeliest first.
    fn choices(&self, [_, height, width]: [usize; 3]) -> Vec<StrideChoice> {
        let pairs = self.links.windows(2);
        let times: Option<Vec<usize>> = pairs
            .filter(|pair| pair[0].role != Role::Hidden)
            .map(|pair| {
                let times = pair[0].convolved.checked_div(pair[1].inputs)?;
                (times > 0 && times * pair[1].inputs == pair[0].convolved).then_some(times)
            })
            .collect();
        let is_free = [height, width] == [1, 1];
        let choices = times.map(|times| choices([height, width], &times, is_free));
        choices.unwrap_or_default()
    }

    fn unknown_stride(
        &self,
        file: &str,
        embedding: [usize; 3],
        index: usize,
        times: usize,
    ) -> Error {
        let choices = self.choices(embedding);
        let example = choices.first().map(|choice| &choice.strides[..]);
        let example = ImportOptions::strides_text(example.unwrap_or(&[[9, 16], [5, 5], [2, 2]]));
        Error::unanswered(
            file,
            ImportQuestion::Strides { choices },
            format!(
                "\"{}\" makes the picture {times} times larger, and the file does not say how many times \
                 in height and in width; give the strides of all layers from the first to the last, as in \
                 --strides {example}",
                self.links[index].key,
            ),
        )
    }
}

impl<'a> Link<'a> {
    fn new(file: &str, tensors: &'a Tensors, key: String, role: Role) -> Result<Self> {
        let weights = tensors.get(&format!("{key}.weight"));
        let weights =
            weights.ok_or_else(|| Error::malformed(file, format!("it has no \"{key}.weight\"")))?;
        let (convolved, inputs, kernel) = match weights.shape[..] {
            [convolved, inputs] => (convolved, inputs, 1),
            [convolved, inputs, height, width] if height == width => (convolved, inputs, height),
            _ => {
                return Err(Error::unsupported(
                    file,
                    format!(
                        "\"{key}.weight\" has the shape {:?}, which is no convolution with a square kernel",
                        weights.shape
                    ),
                ));
            }
        };
        Ok(Self {
            bias: tensors.get(&format!("{key}.bias")),
            key,
            role,
            weights,
            convolved,
            inputs,
            kernel,
        })
    }
}

fn hnerv_keys(file: &str, tensors: &Tensors) -> Result<Vec<(String, Role)>> {
    // Upsampling by other means, and what normalises between the layers (`model_all.py`).
    let foreign = tensors.names().find(|name| {
        let inside = name.strip_prefix("decoder.");
        inside.is_some_and(|inside| {
            inside.contains(".norm.")
                || inside.ends_with(".conv.upconv.weight")
                || inside.ends_with(".conv.upconv.1.weight")
                || inside.ends_with(".conv.downconv.1.weight")
        })
    });
    if let Some(foreign) = foreign {
        return Err(Error::unsupported(
            file,
            format!(
                "its network has \"{foreign}\"; only convolutions with pixel shuffles and without \
                 normalisation can be played"
            ),
        ));
    }
    let mut keys = vec![("decoder.0.conv.downconv".to_owned(), Role::Stem)];
    let blocks = (1..).map(|number| format!("decoder.{number}.conv.upconv.0"));
    let blocks = blocks.take_while(|key| tensors.get(&format!("{key}.weight")).is_some());
    keys.extend(blocks.map(|key| (key, Role::Block)));
    keys.push(("head_layer".to_owned(), Role::Head));
    Ok(keys)
}

fn nerv_keys(tensors: &Tensors) -> Vec<(String, Role)> {
    let has = |key: &String| tensors.get(&format!("{key}.weight")).is_some();
    // Activations stand between the layers, and are counted too.
    let stems = (0..).step_by(2).map(|number| format!("stem.{number}"));
    let mut keys: Vec<(String, Role)> = stems
        .take_while(has)
        .map(|key| (key, Role::Hidden))
        .collect();
    if let Some((_, role)) = keys.last_mut() {
        *role = Role::Stem;
    }
    let blocks = (0..).map(|number| format!("layers.{number}.conv.conv"));
    keys.extend(blocks.take_while(has).map(|key| (key, Role::Block)));
    // Those in front of the last one make smaller pictures, for training.
    let heads = (0..keys.len())
        .rev()
        .map(|number| format!("head_layers.{number}"));
    keys.extend(heads.into_iter().find(has).map(|key| (key, Role::Head)));
    keys
}

fn own_keys(tensors: &Tensors) -> Vec<(String, Role)> {
    let mut keys = vec![("stem".to_owned(), Role::Stem)];
    let blocks = (1..).map(|number| format!("block{number}"));
    let blocks = blocks.take_while(|key| tensors.get(&format!("{key}.weight")).is_some());
    keys.extend(blocks.map(|key| (key, Role::Block)));
    keys.push(("head".to_owned(), Role::Head));
    keys
}

fn square_root(number: usize) -> Option<usize> {
    let root = number.isqrt();
    (root * root == number && root > 0).then_some(root)
}
