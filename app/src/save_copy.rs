//! Copies of a clip, written on a thread of their own.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;

use anyhow::{Context as _, bail};
use zoetrope_codecs::container::Input;
use zoetrope_codecs::container::zoe::{ZoeDemuxer, trim};
use zoetrope_codecs::source::{FileSource, MemorySource, Source};
use zoetrope_codecs::{Cancel, Demuxer as _};
use zoetrope_http::open_link;
use zoetrope_share::{Content, Share};

use crate::network::network;
use crate::open::{ClipTarget, is_link};

/// Bytes that are copied between two looks at whether it is still wanted.
const BLOCK_BYTES: usize = 1 << 20;

/// How far it has come.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    all: AtomicU64,
}

impl Progress {
    /// Notes that so much is to be done.
    pub fn expect(&self, all: u64) {
        self.all.store(all, Ordering::Relaxed);
    }

    /// Notes that so much more is done.
    pub fn add(&self, done: u64) {
        self.done.fetch_add(done, Ordering::Relaxed);
    }

    /// Notes that so much is done in all.
    pub fn set(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    /// In per cent.
    pub fn percent(&self) -> u64 {
        let all = self.all.load(Ordering::Relaxed).max(1);
        (self.done.load(Ordering::Relaxed).min(all) * 100) / all
    }
}

/// Something that is being saved. Dropping it gives it up, and leaves nothing behind.
pub struct Saving {
    result: Receiver<anyhow::Result<PathBuf>>,
    cancel: Cancel,
    progress: Arc<Progress>,
    thread: Option<JoinHandle<()>>,
}

impl Saving {
    /// Begins to save at `path` what `write` writes there; `repaint` is called when it is done.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        path: PathBuf,
        write: impl FnOnce(&Path, &Progress, &Cancel) -> anyhow::Result<()> + Send + 'static,
        repaint: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, result) = mpsc::channel();
        let (cancel, progress) = (Cancel::new(), Arc::new(Progress::default()));
        let (flag, steps) = (cancel.clone(), progress.clone());
        let thread = std::thread::Builder::new()
            .name("save".to_owned())
            .spawn(move || {
                let saved = write(&path, &steps, &flag).map(|()| path);
                // Nobody listens any more when it was given up.
                if sender.send(saved).is_ok() {
                    repaint();
                }
            })?;
        Ok(Self {
            result,
            cancel,
            progress,
            thread: Some(thread),
        })
    }

    /// How far it has come, in per cent.
    pub fn percent(&self) -> u64 {
        self.progress.percent()
    }

    /// What has become of it, once that is known.
    pub fn result(&self) -> Option<anyhow::Result<PathBuf>> {
        self.result.try_recv().ok()
    }
}

impl Drop for Saving {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("saving ended by a panic");
        }
    }
}

/// Writes a clip's files to `path`: one file, or a folder of them, which must not be there yet.
///
/// # Errors
/// When a file cannot be read or written; nothing is left behind.
pub fn copy(
    share: &Share,
    path: &Path,
    progress: &Progress,
    cancel: &Cancel,
) -> anyhow::Result<()> {
    let sizes = share.files.iter().map(|file| match &file.content {
        Content::Memory(bytes) => bytes.len() as u64,
        Content::File(file) => fs::metadata(file).map_or(0, |metadata| metadata.len()),
    });
    progress.expect(sizes.sum());
    let is_folder = share.entry.ends_with('/');
    anyhow::ensure!(
        !is_folder || !path.exists(),
        "{} is there already; choose another name",
        path.display()
    );
    beside(path, |part| {
        if is_folder {
            fs::create_dir(part)?;
        }
        for file in &share.files {
            let place = match file.path.strip_prefix(&share.entry) {
                Some(inside) if is_folder => part.join(inside),
                _ => part.to_owned(),
            };
            if let Some(folder) = place.parent().filter(|_| is_folder) {
                fs::create_dir_all(folder)?;
            }
            let write_error = || format!("{} cannot be written", place.display());
            let mut to = File::create(&place).with_context(write_error)?;
            match &file.content {
                Content::Memory(bytes) => copy_bytes(&**bytes, &mut to, progress, cancel)?,
                Content::File(from) => {
                    let from = File::open(from)
                        .with_context(|| format!("{} cannot be read", from.display()))?;
                    copy_bytes(from, &mut to, progress, cancel)?;
                }
            }
            to.sync_all().with_context(write_error)?;
        }
        Ok(())
    })
}

/// Writes a clip from a web server to `path`.
///
/// # Errors
/// When it is not one file, cannot be read or written; nothing is left behind.
pub fn download(
    target: &ClipTarget,
    path: &Path,
    progress: &Progress,
    cancel: &Cancel,
) -> anyhow::Result<()> {
    let source = source_of(target, cancel)?;
    progress.expect(source.len());
    beside(path, |part| {
        let write_error = || format!("{} cannot be written", path.display());
        let mut to = File::create(part).with_context(write_error)?;
        let mut at = 0;
        while at < source.len() {
            let end = source.len().min(at + BLOCK_BYTES as u64);
            to.write_all(&source.read(at..end, cancel)?)
                .with_context(write_error)?;
            progress.add(end - at);
            at = end;
        }
        to.sync_all().with_context(write_error)
    })
}

/// Writes the groups of a `.zoe` clip in which some frames are to `path`, as a clip of their own, and
/// without coding anything anew.
///
/// # Errors
/// When it is no such clip, or cannot be read or written; nothing is left behind.
pub fn cut(
    target: &ClipTarget,
    frames: Range<usize>,
    path: &Path,
    progress: &Progress,
    cancel: &Cancel,
) -> anyhow::Result<()> {
    let source = source_of(target, cancel)?;
    let len = source.len();
    let mut demuxer = ZoeDemuxer::open(source.into(), cancel)?;
    // What comes to lie in the clip is about as much of it as of its frames.
    let count = demuxer.info().frame_count.max(1) as u64;
    progress.expect(len * frames.len() as u64 / count);
    beside(path, |part| {
        let write_error = || format!("{} cannot be written", path.display());
        let spool = part.with_extension("spool");
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&spool)
            .with_context(write_error)?;
        let cut = File::create(part).with_context(write_error).and_then(|to| {
            let mut to = BufWriter::new(to);
            trim(
                &mut demuxer,
                frames,
                Counted { file, progress },
                &mut to,
                cancel,
            )?;
            to.into_inner()?.sync_all().with_context(write_error)
        });
        if let Err(error) = fs::remove_file(&spool) {
            log::warn!("{} cannot be removed: {error}", spool.display());
        }
        cut
    })
}

/// The bytes of a clip that is one file.
fn source_of(target: &ClipTarget, cancel: &Cancel) -> anyhow::Result<Box<dyn Source>> {
    Ok(match target {
        ClipTarget::Memory { name, bytes } => {
            Box::new(MemorySource::new(name.as_str(), bytes.clone()))
        }
        ClipTarget::Path(link) if is_link(link) => {
            match open_link(network(), &link.to_string_lossy(), cancel)? {
                Input::File(source) => source,
                Input::Folder(_) => bail!(
                    "the clip is a folder of files on its server; ask whoever runs it for a copy"
                ),
            }
        }
        ClipTarget::Path(path) => Box::new(FileSource::open(path)?),
    })
}

/// A file that tells how much was written to it.
struct Counted<'a> {
    file: File,
    progress: &'a Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.progress.add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Lets `write` write beside `path`, and gives the result that name when it is whole.
///
/// # Errors
/// As `write`, or when the name cannot be given; nothing is left behind.
pub fn beside(path: &Path, write: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let name = path.file_name().context("choose a name for it")?;
    let part = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
    let part = path.with_file_name(part);
    let written = write(&part).and_then(|()| {
        fs::rename(&part, path).with_context(|| format!("{} cannot be written", path.display()))
    });
    if written.is_err() {
        let removed = if part.is_dir() {
            fs::remove_dir_all(&part)
        } else {
            fs::remove_file(&part)
        };
        if let Err(error) = removed
            && error.kind() != io::ErrorKind::NotFound
        {
            log::warn!("{} cannot be removed: {error}", part.display());
        }
    }
    written
}

fn copy_bytes(
    mut from: impl Read,
    to: &mut File,
    progress: &Progress,
    cancel: &Cancel,
) -> anyhow::Result<()> {
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        cancel.check()?;
        let read = from.read(&mut block)?;
        if read == 0 {
            return Ok(());
        }
        to.write_all(&block[..read])?;
        progress.add(read as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("readable");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<_> = entries
            .map(|entry| name(entry.expect("an entry")))
            .collect();
        names.sort();
        names
    }

    /// A folder "clip" with files in it.
    fn clip(home: &Path) -> Share {
        let clip = home.join("clip");
        fs::create_dir_all(clip.join("group0")).expect("a folder");
        fs::write(clip.join("a.json"), "a").expect("a file");
        fs::write(clip.join("group0/0.mp4"), vec![7; 3 << 20]).expect("a file");
        Share::of_folder("Clip", &clip, |_| true).expect("a clip")
    }

    fn copied(share: &Share, path: &Path) -> anyhow::Result<u64> {
        let progress = Progress::default();
        copy(share, path, &progress, &Cancel::new())?;
        Ok(progress.percent())
    }

    #[test]
    fn a_file_a_folder_and_a_built_in_clip_are_copied_whole() {
        let home = tempfile::tempdir().expect("a folder");
        let home = home.path();
        let folder = clip(home);
        assert_eq!(copied(&folder, &home.join("copy")).expect("a copy"), 100);
        assert_eq!(fs::read(home.join("copy/a.json")).expect("a file"), b"a");
        let video = fs::read(home.join("copy/group0/0.mp4")).expect("a file");
        assert_eq!(video.len(), 3 << 20);
        // A folder is not mixed with another.
        let error = copied(&folder, &home.join("copy")).expect_err("it is there");
        assert!(error.to_string().contains("choose another name"), "{error}");

        let file = Share::of_file("A", &home.join("clip/a.json")).expect("a clip");
        fs::write(home.join("a.json"), "old").expect("a file");
        copied(&file, &home.join("a.json")).expect("a copy");
        assert_eq!(fs::read(home.join("a.json")).expect("a file"), b"a");
        let memory = Share::of_memory("M", "m.zip", vec![1, 2, 3].into());
        copied(&memory, &home.join("m.zip")).expect("a copy");
        assert_eq!(fs::read(home.join("m.zip")).expect("a file"), [1, 2, 3]);
        assert_eq!(names(home), ["a.json", "clip", "copy", "m.zip"]);
    }

    #[test]
    fn what_was_given_up_or_went_wrong_leaves_nothing_behind() {
        let home = tempfile::tempdir().expect("a folder");
        let home = home.path();
        let share = clip(home);
        let cancel = Cancel::new();
        cancel.cancel();
        let progress = Progress::default();
        let error = copy(&share, &home.join("copy"), &progress, &cancel).expect_err("given up");
        assert!(matches!(
            error.downcast_ref(),
            Some(zoetrope_codecs::Error::Cancelled)
        ));
        fs::remove_file(home.join("clip/group0/0.mp4")).expect("removed");
        let error = copied(&share, &home.join("copy")).expect_err("a file is gone");
        assert!(error.to_string().contains("cannot be read"), "{error}");
        let error = copied(&share, &home.join("no/such/folder")).expect_err("no folder");
        assert!(!error.to_string().is_empty());
        assert!(copied(&share, Path::new("/")).is_err());
        assert_eq!(names(home), ["clip"]);
    }

    #[test]
    fn a_stretch_of_a_clip_is_cut_out_by_whole_groups() {
        let tiny = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../codecs/tests/regressions/zoe-plain/input/tiny.zoe"
        );
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("cut.zoe");
        let (progress, cancel) = (Progress::default(), Cancel::new());
        let open = |path: &Path| {
            let source = FileSource::open(path).expect("a file");
            ZoeDemuxer::open(Arc::new(source), &cancel).expect("a clip")
        };
        let groups = open(Path::new(tiny)).groups().to_vec();
        let second = groups.get(1).expect("two groups").frames.clone();
        cut(&tiny.into(), second.clone(), &path, &progress, &cancel).expect("a cut");
        let clip = open(&path);
        assert_eq!(clip.info().frame_count, second.len());
        assert_eq!(clip.groups().len(), 1);
        assert!(progress.percent() > 0);
        // Nothing else lies there, and what is no such clip leaves nothing.
        let other = home.path().join("other.zoe");
        assert!(cut(&path.clone().into(), 90..99, &other, &progress, &cancel).is_err());
        let json = home.path().join("a.json");
        fs::write(&json, "{}").expect("a file");
        assert!(cut(&json.into(), 0..1, &other, &progress, &cancel).is_err());
        assert_eq!(names(home.path()), ["a.json", "cut.zoe"]);
    }

    #[test]
    fn a_clip_is_saved_from_the_web() {
        let home = tempfile::tempdir().expect("a folder");
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|index| index as u8).collect();
        let share = Share::of_memory("M", "m.zip", bytes.clone().into());
        let options = zoetrope_share::Options {
            bind: Some(std::net::Ipv4Addr::LOCALHOST.into()),
            port: 0,
        };
        let server = zoetrope_share::Server::start(share, options).expect("a port");
        let path = home.path().join("m.zip");
        let (progress, cancel) = (Progress::default(), Cancel::new());
        let target = ClipTarget::from(server.clip_url());
        download(&target, &path, &progress, &cancel).expect("a copy");
        assert!(fs::read(&path).expect("a file") == bytes);
        assert_eq!(progress.percent(), 100);
        cancel.cancel();
        let other = home.path().join("other.zip");
        assert!(download(&target, &other, &progress, &cancel).is_err());
        assert_eq!(names(home.path()), ["m.zip"]);
    }

    #[test]
    fn it_is_saved_on_a_thread_and_ends_with_its_owner() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("m.zip");
        let share = Share::of_memory("M", "m.zip", vec![1; 10].into());
        let (sender, woken) = mpsc::channel();
        let saving = Saving::start(
            path.clone(),
            move |path, progress, cancel| copy(&share, path, progress, cancel),
            move || sender.send(()).expect("the test listens"),
        )
        .expect("a thread");
        woken.recv_timeout(Duration::from_secs(20)).expect("done");
        assert_eq!(saving.percent(), 100);
        let saved = saving.result().expect("news").expect("saved");
        assert_eq!(saved, path);
        assert!(saving.result().is_none());

        let endless = |_: &Path, _: &Progress, cancel: &Cancel| {
            while cancel.check().is_ok() {
                std::thread::yield_now();
            }
            Ok(())
        };
        let started = Instant::now();
        drop(Saving::start(path, endless, || ()).expect("a thread"));
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
