//! Finds out whether any documentation holds an example that can be run. Building every crate's
//! documentation tests to learn that there are none would take a minute.

use std::fs;
use std::path::Path;

/// Folders of library crates.
const CRATES: [&str; 6] = [
    "app",
    "app/player",
    "codecs",
    "codecs/encode",
    "codecs/ffmpeg",
    "render",
];

/// Whether a library crate of the checkout has a runnable example in its documentation.
pub fn exist(checkout: &Path) -> bool {
    CRATES
        .iter()
        .any(|name| in_folder(&checkout.join(name).join("src")))
}

fn in_folder(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else {
        return false;
    };
    entries.filter_map(Result::ok).any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            in_folder(&path)
        } else {
            path.extension().is_some_and(|extension| extension == "rs")
                && fs::read_to_string(&path).is_ok_and(|text| has_example(&text))
        }
    })
}

/// Whether documentation comments of this source open a block of Rust.
fn has_example(source: &str) -> bool {
    let mut inside = false;
    source.lines().any(|line| {
        let line = line.trim_start();
        let Some(language) = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"))
            .and_then(|comment| comment.trim().strip_prefix("```"))
        else {
            return false;
        };
        let opens = !inside;
        inside = opens;
        opens
            && language.split(',').all(|word| {
                matches!(
                    word.trim(),
                    "" | "rust" | "no_run" | "should_panic" | "compile_fail"
                ) || word.trim().starts_with("edition")
            })
    })
}

#[cfg(test)]
mod tests {
    use super::has_example;

    #[test]
    fn only_blocks_of_rust_in_documentation_count() {
        for (source, expected) in [
            ("/// ```\n/// let x = 1;\n/// ```", true),
            ("//! ```no_run\n//! go();\n//! ```", true),
            ("    /// ```rust,should_panic\n    /// ```", true),
            ("/// ```text\n/// a ──▶ b\n/// ```", false),
            ("/// ```ignore\n/// ```", false),
            ("// ```\n// no documentation\n// ```", false),
            ("let text = \"```\";", false),
            ("/// ```text\n/// ```\n/// ```\n/// x();\n/// ```", true),
        ] {
            assert_eq!(has_example(source), expected, "{source}");
        }
    }
}
