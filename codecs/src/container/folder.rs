//! Finds the clip in a folder or an archive.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lod_sog::{self, LodDemuxer};
use super::magic::{self, Content};
use super::queen::QueenDemuxer;
use super::sequence::Item;
use super::v3::{GROUP_INFO_NAME, V3Demuxer, VIEWER_MIN_MAX_NAME};
use super::{Input, SequenceDemuxer, Warnings, single};
use crate::source::{EntrySource, Folder, Source, SubFolder};
use crate::splat::sog;
use crate::{Cancel, ClipKind, Demuxer, Error, Result, limits};

/// What a folder must hold to be opened.
const WORKS: &str = "a V3 clip or a sequence of splat files works";
/// Files of each kind that are looked into until one can be recognised.
const TRIES: usize = 4;

/// Opens the clip in `folder`.
pub(super) fn open(folder: Arc<dyn Folder>, cancel: &Cancel) -> Result<Box<dyn Demuxer>> {
    if has(&*folder, GROUP_INFO_NAME, cancel)? || has(&*folder, VIEWER_MIN_MAX_NAME, cancel)? {
        return Ok(Box::new(V3Demuxer::open(folder, cancel)?));
    }
    if is_sog(&*folder, cancel)? {
        return single(Item::Sog(folder), cancel);
    }
    if has(&*folder, lod_sog::META_NAME, cancel)? {
        return Ok(Box::new(LodDemuxer::open(folder, cancel)?));
    }
    let unsupported = |reason: &str| Err(Error::unsupported(folder.name(), reason));
    let Some(paths) = folder.list()? else {
        return unsupported("its content cannot be listed; open the clip's own folder");
    };
    if paths.is_empty() {
        return unsupported(&format!("it is empty; {WORKS}"));
    }
    if QueenDemuxer::is_queen(&paths) {
        return Ok(Box::new(QueenDemuxer::open(folder, &paths, cancel)?));
    }
    let models = holders(&paths, lod_sog::META_NAME);
    let clips = holders(&paths, GROUP_INFO_NAME);
    match clips[..] {
        [] => match &models[..] {
            [model] => {
                let model = SubFolder::new(folder.clone(), model);
                Ok(Box::new(LodDemuxer::open(Arc::new(model), cancel)?))
            }
            _ => splat_files(folder.clone(), &paths, cancel),
        },
        [clip] => {
            let clip = SubFolder::new(folder.clone(), clip);
            Ok(Box::new(V3Demuxer::open(Arc::new(clip), cancel)?))
        }
        [first, second, ..] => unsupported(&format!(
            "it holds {} V3 clips (\"{first}\", \"{second}\" …); open one of them",
            clips.len()
        )),
    }
}

/// The folders among `paths` that hold a file called `name`.
fn holders<'a>(paths: &'a [String], name: &str) -> Vec<&'a str> {
    let holder = |path: &'a String| path.strip_suffix(name)?.strip_suffix('/');
    paths.iter().filter_map(holder).collect()
}

/// Whether `path` is there. Errors other than that it is missing are passed on.
fn has(folder: &dyn Folder, path: &str, cancel: &Cancel) -> Result<bool> {
    match folder.open(path, cancel) {
        Ok(_) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the folder itself is a SOG model.
pub(super) fn is_sog(folder: &dyn Folder, cancel: &Cancel) -> Result<bool> {
    match folder.open(sog::META_NAME, cancel) {
        Ok(source) => Ok(magic::recognise(&*source, cancel)? == Content::SogMeta),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Files whose paths differ in numbers only, in natural order.
struct Pattern<'a> {
    paths: Vec<&'a str>,
    content: Content,
}

impl Pattern<'_> {
    /// The pattern as people type it.
    fn glob(&self) -> String {
        without_numbers(self.paths[0]).replace('#', "*")
    }
}

/// Opens the splat files among `paths`.
fn splat_files(
    folder: Arc<dyn Folder>,
    paths: &[String],
    cancel: &Cancel,
) -> Result<Box<dyn Demuxer>> {
    let patterns = patterns(&*folder, paths, cancel)?;
    let is_splat = |pattern: &&Pattern| {
        matches!(
            pattern.content,
            Content::Splat(_) | Content::Zip | Content::SogMeta
        )
    };
    let splats: Vec<&Pattern> = patterns.iter().filter(is_splat).collect();
    let sequences: Vec<&Pattern> = splats
        .iter()
        .copied()
        .filter(|pattern| pattern.paths.len() > 1)
        .collect();
    let chosen = match (&splats[..], &sequences[..]) {
        ([one], _) | (_, [one]) => *one,
        ([], _) => {
            return Err(Error::unsupported(
                folder.name(),
                nothing_here(&patterns, paths),
            ));
        }
        ([first, second, ..], _) => {
            if let [one, other, ..] = sequences[..] {
                return Err(Error::unsupported(
                    folder.name(),
                    format!(
                        "it holds {} sequences of splat files; open one of them by a pattern, like \
                         \"{}\" or \"{}\"",
                        sequences.len(),
                        one.glob(),
                        other.glob()
                    ),
                ));
            }
            return Err(Error::unsupported(
                folder.name(),
                format!(
                    "it holds {} splat files that are no numbered sequence (\"{}\", \"{}\" …); open \
                     one of them",
                    splats
                        .iter()
                        .map(|pattern| pattern.paths.len())
                        .sum::<usize>(),
                    first.paths[0],
                    second.paths[0]
                ),
            ));
        }
    };
    if let ([path], true) = (&chosen.paths[..], chosen.content != Content::SogMeta) {
        let entry = EntrySource::open(folder.clone(), path, cancel)?;
        let opened = super::open(Input::File(Box::new(entry)), cancel);
        return match opened {
            // Many things are zip archives; nobody named this one.
            Err(Error::Unsupported { reason, .. }) if chosen.content == Content::Zip => Err(
                Error::unsupported(folder.name(), nothing_but(path, &reason)),
            ),
            opened => opened,
        };
    }
    let mut warnings = Warnings::default();
    let others: usize = splats
        .iter()
        .filter(|pattern| !std::ptr::eq(**pattern, chosen))
        .map(|pattern| pattern.paths.len())
        .sum();
    if others > 0 {
        let (files, are) = match others {
            1 => ("file", "is"),
            _ => ("files", "are"),
        };
        warnings.push_omission(format!(
            "{others} other splat {files} in the folder {are} no part of the sequence and {are} \
             left out"
        ));
    }
    let mut items: Vec<Item> = chosen
        .paths
        .iter()
        .map(|path| match path.strip_suffix(sog::META_NAME) {
            Some(parent) if chosen.content == Content::SogMeta => {
                let parent = parent.trim_end_matches('/');
                Item::Sog(Arc::new(SubFolder::new(folder.clone(), parent)))
            }
            _ => Item::Entry(folder.clone(), (*path).to_owned()),
        })
        .collect();
    if items.len() == 1
        && let Some(item) = items.pop()
    {
        return single(item, cancel);
    }
    let demuxer = SequenceDemuxer::open(
        folder.name(),
        ClipKind::SplatSequence,
        items,
        warnings,
        cancel,
    )?;
    Ok(Box::new(demuxer.with_sidecar(&*folder, cancel)?))
}

/// Sorts `paths` into patterns and looks into the first files of each.
fn patterns<'a>(
    folder: &dyn Folder,
    paths: &'a [String],
    cancel: &Cancel,
) -> Result<Vec<Pattern<'a>>> {
    let mut by_pattern: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for path in paths {
        let pattern = without_numbers(path);
        if by_pattern.len() < limits::MAX_FOLDER_PATTERNS || by_pattern.contains_key(&pattern) {
            by_pattern.entry(pattern).or_default().push(path);
        }
    }
    let mut patterns = Vec::with_capacity(by_pattern.len());
    for paths in by_pattern.into_values() {
        let mut content = Content::Unknown;
        for path in paths.iter().take(TRIES) {
            let found = folder
                .open(path, cancel)
                .and_then(|source: Box<dyn Source>| magic::recognise(&*source, cancel));
            content = match found {
                Ok(found) => found,
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                // An unreadable file is no reason to give up the others.
                Err(_) => Content::Unknown,
            };
            if matches!(content, Content::Splat(_) | Content::Zip | Content::SogMeta) {
                break;
            }
        }
        patterns.push(Pattern { paths, content });
    }
    Ok(patterns)
}

/// A path with each run of digits replaced by one "#".
fn without_numbers(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for letter in path.chars() {
        if !letter.is_ascii_digit() {
            pattern.push(letter);
        } else if !pattern.ends_with('#') {
            pattern.push('#');
        }
    }
    pattern
}

/// Why a folder cannot be opened.
fn nothing_here(patterns: &[Pattern], paths: &[String]) -> String {
    let is_group = paths.iter().all(|path| {
        path.strip_suffix(".mp4")
            .is_some_and(|n| n.parse::<u32>().is_ok())
    });
    if is_group {
        return "it is one group of a V3 clip; open the folder that it lies in".to_owned();
    }
    let has_groups = paths
        .iter()
        .any(|path| path.starts_with("group") && path.ends_with(".mp4"));
    if has_groups {
        return format!(
            "it looks like a V3 clip without its {GROUP_INFO_NAME} and {VIEWER_MIN_MAX_NAME}; copy \
             them too"
        );
    }
    let known = patterns.iter().find_map(|pattern| match pattern.content {
        Content::Foreign(reason) => Some((pattern.paths[0], reason)),
        _ => None,
    });
    match known {
        Some((path, reason)) => nothing_but(path, reason),
        None => format!("it holds no clip; {WORKS}"),
    }
}

/// Why a folder cannot be opened of whose file at `path` the `reason` is known.
fn nothing_but(path: &str, reason: &str) -> String {
    format!("it holds no clip that can be opened; {WORKS} (of \"{path}\" it can be told: {reason})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_differ_in_numbers_have_one_pattern() {
        assert_eq!(without_numbers("frame_0012.ply"), "frame_#.ply");
        assert_eq!(without_numbers("a1/b22c3"), "a#/b#c#");
        assert_eq!(without_numbers("é7"), "é#");
    }
}
