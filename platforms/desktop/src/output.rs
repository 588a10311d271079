//! Outputs that are whole or not there: written beside their name, renamed when complete.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use zoetrope_render::Picture;

use crate::interrupt;

/// The path of an output that is not complete yet. It is removed, file or folder, when this is
/// dropped or Ctrl-C ends the program; that there is nothing by then is no error.
#[derive(Debug)]
pub struct Unfinished(PathBuf);

impl Unfinished {
    /// Watches over `path`, where nothing need be yet.
    pub fn new(path: PathBuf) -> Self {
        interrupt::unfinished().push(path.clone());
        Self(path)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        remove(&self.0);
        interrupt::unfinished().retain(|other| *other != self.0);
    }
}

/// Removes a file or a folder with everything in it, if it is there.
pub fn remove(path: &Path) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_dir_all(path);
}

/// A temporary path beside a target. Dropped without [`Staged::commit`], it is removed.
#[derive(Debug)]
pub struct Staged {
    temporary: Unfinished,
    target: PathBuf,
}

impl Staged {
    /// A path beside `target` to write to.
    ///
    /// # Errors
    /// When the folder of `target` does not exist.
    pub fn new(target: &Path) -> anyhow::Result<Self> {
        let Some(name) = target.file_name() else {
            bail!("{} is no name for an output", target.display());
        };
        let folder = target.parent().unwrap_or(Path::new(""));
        if !folder.as_os_str().is_empty() && !folder.is_dir() {
            bail!("there is no folder {}; make it first", folder.display());
        }
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        Ok(Self {
            temporary: Unfinished::new(folder.join(hidden)),
            target: target.to_owned(),
        })
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.temporary.0
    }

    /// Puts the complete output in its place.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn commit(self) -> anyhow::Result<()> {
        fs::rename(self.path(), &self.target)
            .with_context(|| format!("cannot write {}", self.target.display()))
    }
}

/// Writes `bytes` as the whole content of `path`.
///
/// # Errors
/// When the system refuses; `path` is then as it was.
pub fn write_file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let staged = Staged::new(path)?;
    fs::write(staged.path(), bytes).with_context(|| format!("cannot write {}", path.display()))?;
    staged.commit()
}

/// Writes a picture as an 8-bit RGB PNG.
///
/// # Errors
/// When the system refuses.
pub fn write_png(path: &Path, picture: &Picture) -> anyhow::Result<()> {
    write_png_samples(
        path,
        picture.width,
        picture.height,
        png::ColorType::Rgb,
        &picture.rgb(),
    )
}

/// Writes 8-bit samples, row-major without gaps, as a PNG.
///
/// # Errors
/// When the system refuses.
pub fn write_png_samples(
    path: &Path,
    width: u32,
    height: u32,
    colour: png::ColorType,
    samples: &[u8],
) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(samples)?;
    writer.finish()?;
    write_file(path, &bytes)
}

/// Prints one JSON document on standard output.
///
/// # Errors
/// As [`print()`].
pub fn print_json(document: &impl serde::Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    print(&text)
}

/// Prints a result on standard output. Who reads it may stop before the end (`| head`).
///
/// # Errors
/// When it cannot be written.
pub fn print(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write the result"),
    }
}

/// "1 frame", "2 frames".
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A progress bar with the time left, on standard error, only when that is a terminal.
pub fn progress_bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("{msg:24} [{bar:32}] {percent:>3} %  {eta} left")
    {
        bar.set_style(style.progress_chars("━╸ "));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_whole_or_not_there() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let target = folder.path().join("out.bin");
        {
            let staged = Staged::new(&target).expect("a folder that exists");
            fs::write(staged.path(), b"half").expect("it can be written");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
        write_file(&target, b"whole").expect("it can be written");
        assert_eq!(fs::read(&target).expect("it is there"), b"whole");
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = write_file(Path::new("no/such/folder/out.png"), b"")
            .expect_err("the folder is not there");
        assert!(error.to_string().contains("no/such/folder"), "{error}");
    }
}
