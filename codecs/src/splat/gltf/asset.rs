//! The JSON of glTF as far as Gaussians need it, out of a text file or a GLB.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use super::GLB_MAGIC;
use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

/// Bytes of the header of a GLB and of that of a chunk.
const GLB_HEADER_BYTES: u64 = 12;
const CHUNK_HEADER_BYTES: u64 = 8;
const JSON_CHUNK: &[u8] = b"JSON";
const BINARY_CHUNK: &[u8] = b"BIN\0";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Asset {
    pub scene: Option<usize>,
    pub scenes: Vec<Scene>,
    pub nodes: Vec<Node>,
    pub meshes: Vec<Mesh>,
    pub accessors: Vec<Accessor>,
    pub buffer_views: Vec<BufferView>,
    pub buffers: Vec<BufferInfo>,
    pub extensions_required: Vec<String>,
    pub animations: Vec<serde::de::IgnoredAny>,
    /// Where in the file the binary chunk of a GLB lies.
    #[serde(skip)]
    pub binary: Option<Range<u64>>,
    #[serde(skip)]
    pub is_glb: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Scene {
    #[serde(default)]
    pub nodes: Vec<usize>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Node {
    pub mesh: Option<usize>,
    #[serde(default)]
    pub children: Vec<usize>,
    /// Column by column.
    pub matrix: Option<[f64; 16]>,
    pub translation: Option<[f64; 3]>,
    /// x, y, z, w.
    pub rotation: Option<[f64; 4]>,
    pub scale: Option<[f64; 3]>,
    #[serde(default)]
    pub extensions: NodeExtensions,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct NodeExtensions {
    #[serde(rename = "EXT_mesh_gpu_instancing")]
    pub instancing: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Mesh {
    #[serde(default)]
    pub primitives: Vec<Primitive>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Primitive {
    /// Name to number of the accessor.
    #[serde(default)]
    pub attributes: BTreeMap<String, usize>,
    #[serde(default)]
    pub extensions: PrimitiveExtensions,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct PrimitiveExtensions {
    #[serde(rename = "KHR_gaussian_splatting")]
    pub splatting: Option<Splatting>,
    /// Drafts had SPZ without the extension that it is inside of now.
    #[serde(
        rename = "KHR_spz_gaussian_splats_compression",
        alias = "KHR_spz_compression"
    )]
    pub spz: Option<SpzFile>,
}

/// Where in the model an SPZ file lies.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SpzFile {
    pub buffer_view: usize,
}

/// The extension's own object.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Splatting {
    pub kernel: Option<String>,
    pub color_space: Option<String>,
    pub projection: Option<String>,
    pub sorting_method: Option<String>,
    pub extensions: SplattingExtensions,
    pub extras: Extras,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct SplattingExtensions {
    #[serde(
        rename = "KHR_gaussian_splatting_compression_spz_2",
        alias = "KHR_gaussian_splatting_compression_spz"
    )]
    pub spz: Option<SpzFile>,
    #[serde(flatten)]
    pub others: BTreeMap<String, serde::de::IgnoredAny>,
}

/// What [`super::write`] adds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Extras {
    pub antialiased: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Accessor {
    pub buffer_view: Option<usize>,
    #[serde(default)]
    pub byte_offset: u64,
    pub component_type: u32,
    #[serde(default)]
    pub normalized: bool,
    pub count: u64,
    #[serde(rename = "type")]
    pub kind: String,
    pub min: Option<Vec<f64>>,
    pub max: Option<Vec<f64>>,
    pub sparse: Option<Sparse>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Sparse {
    pub count: u64,
    pub indices: SparsePart,
    pub values: SparsePart,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SparsePart {
    pub buffer_view: usize,
    #[serde(default)]
    pub byte_offset: u64,
    /// Of the indices only.
    #[serde(default)]
    pub component_type: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BufferView {
    pub buffer: usize,
    #[serde(default)]
    pub byte_offset: u64,
    pub byte_length: u64,
    pub byte_stride: Option<u64>,
    #[serde(default)]
    pub extensions: ViewExtensions,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ViewExtensions {
    #[serde(rename = "EXT_meshopt_compression", alias = "KHR_meshopt_compression")]
    pub meshopt: Option<Meshopt>,
}

/// How a buffer view is packed by meshopt. It stands for `count` elements of `byte_stride` bytes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meshopt {
    pub buffer: usize,
    #[serde(default)]
    pub byte_offset: u64,
    pub byte_length: u64,
    pub byte_stride: u64,
    pub count: u64,
    pub mode: String,
    pub filter: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BufferInfo {
    pub uri: Option<String>,
    pub byte_length: u64,
}

impl Asset {
    /// Reads the JSON of `source`, which is a GLB or a text.
    pub(super) fn read(source: &dyn Source, cancel: &Cancel) -> Result<Self> {
        let name = source.name();
        let head = source.read(0..source.len().min(GLB_HEADER_BYTES), cancel)?;
        let (json, binary, is_glb) = if head.starts_with(GLB_MAGIC) {
            let (json, binary) = chunks(source, &head, cancel)?;
            (json, binary, true)
        } else {
            (0..source.len(), None, false)
        };
        let bytes = json.end - json.start;
        limits::check(name, "bytes of JSON", bytes, limits::MAX_GLTF_JSON_BYTES)?;
        let text = source.read(json, cancel)?;
        let count = |wanted: u8| text.iter().filter(|byte| **byte == wanted).count() as u64;
        limits::check(name, "JSON objects", count(b'{'), limits::MAX_GLTF_OBJECTS)?;
        limits::check(name, "JSON values", count(b','), limits::MAX_GLTF_VALUES)?;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let asset: Self = serde_json::from_slice(text).map_err(|error| {
            Error::malformed(
                name,
                format!("its JSON does not describe a glTF model ({error})"),
            )
        })?;
        Ok(Self {
            binary,
            is_glb,
            ..asset
        })
    }
}

/// Where the JSON and the binary chunk of a GLB lie.
#[allow(clippy::type_complexity)]
fn chunks(
    source: &dyn Source,
    head: &[u8],
    cancel: &Cancel,
) -> Result<(Range<u64>, Option<Range<u64>>)> {
    let name = source.name();
    let cut = || {
        Error::malformed(
            name,
            "it ends inside a chunk of its GLB; copy the file again",
        )
    };
    let version = head.get(4..8).ok_or_else(cut)?;
    if version != [2, 0, 0, 0] {
        return Err(Error::unsupported(
            name,
            "it is a GLB of another version than 2; export it again as glTF 2.0",
        ));
    }
    let chunk = |at: u64| -> Result<([u8; 4], Range<u64>)> {
        let start = at + CHUNK_HEADER_BYTES;
        if start > source.len() {
            return Err(cut());
        }
        let head = source.read(at..start, cancel)?;
        let [a, b, c, d, ref kind @ ..] = head[..] else {
            return Err(cut());
        };
        let end = start + u64::from(u32::from_le_bytes([a, b, c, d]));
        let kind = kind.try_into().map_err(|_| cut())?;
        if end > source.len() {
            return Err(cut());
        }
        Ok((kind, start..end))
    };
    let (kind, json) = chunk(GLB_HEADER_BYTES)?;
    if kind != JSON_CHUNK {
        return Err(Error::malformed(
            name,
            "its GLB does not start with its JSON",
        ));
    }
    // A file without a binary chunk may end here.
    if json.end + CHUNK_HEADER_BYTES > source.len() {
        return Ok((json, None));
    }
    let (kind, binary) = chunk(json.end)?;
    Ok((json, (kind == BINARY_CHUNK).then_some(binary)))
}
