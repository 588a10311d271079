//! Path patterns with `*` for any part of one name.

use std::path::{Path, PathBuf};

/// Files under `root` that match `pattern` (parts divided by `/`, in each a `*` stands for any
/// characters), sorted. What cannot be read has no files.
pub fn files(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![root.to_path_buf()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        found = found
            .iter()
            .flat_map(|folder| entries(folder, part))
            .collect();
    }
    found.sort();
    found.retain(|path| path.is_file());
    found
}

fn entries(folder: &Path, part: &str) -> Vec<PathBuf> {
    if !part.contains('*') {
        return vec![folder.join(part)];
    }
    let Ok(entries) = folder.read_dir() else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|name| matches(part, name))
        })
        .map(|entry| entry.path())
        .collect()
}

/// Whether `name` is what `pattern` describes.
pub fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            // The star may swallow any number of characters.
            name.char_indices()
                .map(|(at, _)| at)
                .chain([name.len()])
                .any(|at| matches(rest, &name[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_part_of_a_name() {
        for (pattern, name, fits) in [
            ("lvp_icd*.json", "lvp_icd.x86_64.json", true),
            ("lvp_icd*.json", "lvp_icd.json", true),
            ("lvp_icd*.json", "intel_icd.x86_64.json", false),
            ("libclang*.so*", "libclang-14.so.14", true),
            ("libclang*.so*", "libclang.a", false),
            ("lib*", "lib", true),
            ("*", "", true),
            ("a*b*c", "abbc", true),
            ("a*b*c", "acb", false),
            ("plain", "plain", true),
            ("plain", "plainer", false),
            ("*é", "café", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} on {name}");
        }
    }
}
