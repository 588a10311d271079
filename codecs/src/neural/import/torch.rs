//! What `torch.save` writes: a pickle, and the storages of its tensors beside it.

use std::collections::HashMap;
use std::sync::Arc;

use super::tensors::{Tensors, is_code};
use crate::pickle::{ARRAYS, Allowed, Id, OldFile, Pickle};
use crate::source::{Folder, Source, ZipFolder};
use crate::{Cancel, Error, Result, limits};

/// End of the pickle's name in an archive; what is in front of it stands in front of all names.
const PICKLE: &str = "data.pkl";
/// Names under which a checkpoint keeps the weights, beside facts about the training.
const WEIGHTS: [&str; 4] = ["state_dict", "model", "model_state_dict", "net"];
/// Name of the embeddings of the frames.
const EMBEDDINGS: &str = "embed";

const ALLOWED: Allowed = Allowed {
    globals: ARRAYS,
    names: &[],
};

/// Whether a zip archive that begins with `head` is one of `torch.save`, which writes the pickle first.
pub(super) fn is_archive_head(head: &[u8], zip_magic: &[u8]) -> bool {
    let name = head.get(26..28).and_then(|length| {
        let length = u16::from_le_bytes(length.try_into().ok()?);
        head.get(30..30 + usize::from(length))
    });
    head.starts_with(zip_magic) && name.is_some_and(is_pickle)
}

fn is_pickle(name: &[u8]) -> bool {
    let folder = name.strip_suffix(PICKLE.as_bytes());
    folder.is_some_and(|folder| folder.is_empty() || folder.ends_with(b"/"))
}

/// Reads an archive.
pub(super) fn read_archive(source: Arc<dyn Source>, cancel: &Cancel) -> Result<Tensors> {
    let name = source.name().to_owned();
    let folder = ZipFolder::open(source, cancel)?;
    let paths = folder.list()?.unwrap_or_default();
    let path = paths.iter().find(|path| is_pickle(path.as_bytes()));
    let path = path.ok_or_else(|| {
        Error::unsupported(&name, "it is a zip archive without a PyTorch network in it")
    })?;
    let bytes = folder
        .open(path, cancel)?
        .read_all(limits::MAX_NEURAL_FILE_BYTES, cancel)?;
    let prefix = path.trim_end_matches(PICKLE);
    let order = format!("{prefix}byteorder");
    if paths.contains(&order) && folder.open(&order, cancel)?.read_all(16, cancel)? == b"big" {
        return Err(Error::unsupported(
            &name,
            "it was written on a machine that puts the highest byte first; save it again on another",
        ));
    }
    let pickle = Pickle::parse(&name, &bytes, ALLOWED)?;
    let mut archive = Archive {
        prefix: prefix.to_owned(),
        folder,
        storages: HashMap::new(),
        bytes_left: limits::MAX_NEURAL_FILE_BYTES,
    };
    collect(&name, &pickle, |id| {
        archive.load(&name, &pickle, id, cancel)
    })
}

/// Reads a file of the form before the archives.
pub(super) fn read_old(name: &str, bytes: &[u8]) -> Result<Tensors> {
    let file = OldFile::parse(name, bytes, ALLOWED)?;
    collect(name, &file.pickle, |id| {
        let storage = file.pickle.tensor_storage(id);
        let storage = storage.and_then(|storage| file.storage(storage.key));
        let storage = storage.ok_or_else(|| missing(name))?;
        Ok(Arc::from(storage))
    })
}

/// The storages of an archive that were read already.
struct Archive {
    prefix: String,
    folder: ZipFolder,
    storages: HashMap<String, Arc<[u8]>>,
    /// Bytes that may still be unpacked.
    bytes_left: u64,
}

impl Archive {
    /// The storage that a tensor lies in.
    fn load(&mut self, name: &str, pickle: &Pickle, id: Id, cancel: &Cancel) -> Result<Arc<[u8]>> {
        let storage = pickle.tensor_storage(id).ok_or_else(|| missing(name))?;
        if let Some(known) = self.storages.get(storage.key) {
            return Ok(known.clone());
        }
        let path = format!("{}data/{}", self.prefix, storage.key);
        let entry = self.folder.open(&path, cancel)?;
        if storage.bytes().map(|bytes| bytes as u64) != Some(entry.len()) {
            return Err(missing(name));
        }
        self.bytes_left = self
            .bytes_left
            .checked_sub(entry.len())
            .ok_or_else(|| Error::Limit {
                name: name.to_owned(),
                what: "bytes, unpacked",
                value: limits::MAX_NEURAL_FILE_BYTES.saturating_add(1),
                limit: limits::MAX_NEURAL_FILE_BYTES,
            })?;
        let bytes: Arc<[u8]> = entry
            .read_all(limits::MAX_NEURAL_FILE_BYTES, cancel)?
            .into();
        self.storages.insert(storage.key.to_owned(), bytes.clone());
        Ok(bytes)
    }
}

/// All tensors of the weights and the embeddings.
fn collect(
    name: &str,
    pickle: &Pickle,
    mut storage_of: impl FnMut(Id) -> Result<Arc<[u8]>>,
) -> Result<Tensors> {
    let root = pickle.root();
    if pickle.pairs(root).is_none() {
        return Err(Error::unsupported(
            name,
            "it holds no weights by their names; save model.state_dict() instead of the model",
        ));
    }
    let nested = WEIGHTS.iter().find_map(|key| {
        let inner = pickle.get(root, key)?;
        pickle.pairs(inner).map(|_| inner)
    });
    let mut found: Vec<(String, Id)> = named(pickle, nested.unwrap_or(root));
    if nested.is_some() {
        let embeddings = pickle.get(root, EMBEDDINGS);
        found.extend(embeddings.map(|id| (EMBEDDINGS.to_owned(), id)));
    }
    let mut tensors = Tensors::default();
    for (key, id) in found {
        let parts = ["quant", "min", "scale"].map(|part| pickle.get(id, part));
        if let [Some(codes), Some(min), Some(scale)] = parts {
            let storages = [storage_of(codes)?, storage_of(min)?, storage_of(scale)?];
            let part = |id, storage| pickle.tensor(id, storage).ok_or_else(|| missing(name));
            let codes = part(codes, &storages[0])?;
            let (min, scale) = (part(min, &storages[1])?, part(scale, &storages[2])?);
            if !is_code(codes.kind()) {
                return Err(Error::malformed(
                    name,
                    format!("the codes of \"{key}\" are no whole numbers"),
                ));
            }
            tensors.insert_quantised(name, &key, [&codes, &min, &scale])?;
        } else if pickle.tensor_shape(id).is_some() {
            let storage = storage_of(id)?;
            let array = pickle.tensor(id, &storage).ok_or_else(|| missing(name))?;
            tensors.insert(name, &key, &array)?;
        }
    }
    if tensors.is_empty() {
        return Err(Error::unsupported(
            name,
            "it holds no tensors of a network by their names",
        ));
    }
    Ok(tensors)
}

fn named(pickle: &Pickle, dict: Id) -> Vec<(String, Id)> {
    let pairs = pickle.pairs(dict).unwrap_or_default();
    let named = pairs.iter().filter_map(|(key, value)| {
        let key = Tensors::kept_name(pickle.text(*key)?)?;
        Some((key.to_owned(), *value))
    });
    named.collect()
}

fn missing(name: &str) -> Error {
    Error::malformed(
        name,
        "numbers of its network are missing or of another length than it says; copy it again",
    )
}
