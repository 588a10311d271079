//! A network of NeRV's whose file says neither its strides, nor its frames, nor how the time goes in.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use zoetrope_app::ZoetropeApp;
use zoetrope_codecs::random::Random;

/// Name, outputs, inputs and side of the kernel; 0 for a layer of a perceptron.
const LAYERS: [(&str, usize, usize, usize); 5] = [
    ("stem.0", 6, 8, 0),
    // Two channels of 9 x 16 pixels, or of another shape with 144 of them.
    ("stem.2", 288, 6, 0),
    ("layers.0.conv.conv", 50, 2, 3),
    ("layers.1.conv.conv", 8, 2, 3),
    ("head_layers.1", 3, 2, 1),
];

/// Writes the network, as safetensors of 160 x 90 pixels, into `folder`.
pub fn write(folder: &Path) -> PathBuf {
    let mut random = Random::new(7);
    let (mut header, mut numbers) = (Map::new(), Vec::new());
    for (name, outputs, inputs, kernel) in LAYERS {
        let weights = match kernel {
            0 => vec![outputs, inputs],
            _ => vec![outputs, inputs, kernel, kernel],
        };
        let taps = weights[1..].iter().product::<usize>() as f32;
        for (part, shape, scale) in [
            ("weight", weights, (2.0 / taps).sqrt()),
            ("bias", vec![outputs], 0.1),
        ] {
            let first = numbers.len();
            for _ in 0..shape.iter().product() {
                numbers.extend((scale * random.normal()).to_le_bytes());
            }
            header.insert(
                format!("{name}.{part}"),
                json!({ "dtype": "F32", "shape": shape, "data_offsets": [first, numbers.len()] }),
            );
        }
    }
    let header = Value::Object(header).to_string();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.extend(numbers);
    let path = folder.join("big-buck-bunny.safetensors");
    std::fs::write(&path, bytes).expect("a file");
    path
}

/// Width and height of the picture on the screen.
pub fn size(app: &ZoetropeApp) -> Option<[u32; 2]> {
    app.player_state()?.picture.as_ref()?.frame.picture_size()
}
