//! A network and one frame as plain numbers, for other programs to compare with.

use std::io::{self, Write};

use serde_json::json;

use super::{Network, Output};

impl Network {
    /// Writes the network and an embedding: the length of a JSON text as a little-endian u32; the text, an object with
    /// `embedding` (channels, height, width), `output` ("tanh", "sigmoid" or a number that is added) and `layers`
    /// (`inputs`, `outputs`, `kernel`, `shuffle` as height and width, `activation` by its name); then, as little-endian
    /// f32, the embedding and each layer's weights and bias, in the order of [`Layer`](super::Layer).
    ///
    /// # Errors
    /// When `out` refuses.
    pub fn write_raw(&self, embedding: &[f32], out: &mut impl Write) -> io::Result<()> {
        let layers: Vec<serde_json::Value> = self
            .layers()
            .iter()
            .map(|layer| {
                json!({
                    "inputs": layer.inputs,
                    "outputs": layer.outputs,
                    "kernel": layer.kernel,
                    "shuffle": layer.shuffle,
                    "activation": layer.activation.name(),
                })
            })
            .collect();
        let output = match self.output() {
            Output::Tanh => json!("tanh"),
            Output::Sigmoid => json!("sigmoid"),
            Output::Offset(offset) => json!(offset),
        };
        let text = json!({ "embedding": self.embedding(), "output": output, "layers": layers });
        let text = text.to_string();
        let length = u32::try_from(text.len()).map_err(io::Error::other)?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(text.as_bytes())?;
        let parts = self
            .layers()
            .iter()
            .flat_map(|layer| [&layer.weights[..], &layer.bias]);
        for part in std::iter::once(embedding).chain(parts) {
            let bytes: Vec<u8> = part
                .iter()
                .flat_map(|number| number.to_le_bytes())
                .collect();
            out.write_all(&bytes)?;
        }
        Ok(())
    }
}
