//! The video that a flat clip was made of: its pictures beside the clip's, and how far they differ.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use anyhow::bail;
use zoetrope_codecs::neural::NeuralDecoder;
use zoetrope_codecs::pictures::PictureSource;
use zoetrope_codecs::{Cancel, FrameContent, PictureFrame};
use zoetrope_render::Picture;

use crate::open::ClipTarget;
use crate::pictures::{middle_of, open_pictures};
use crate::workers::Workers;

/// A source, read and compared on a thread of its own. The newest frame that is wanted replaces the one
/// before it.
pub struct SourceVideo {
    path: PathBuf,
    cancel: Cancel,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    asked: Option<FrameContent>,
    shown: Option<Compared>,
    /// PSNR of each frame that was compared so far, dB.
    psnrs: BTreeMap<usize, f64>,
}

/// A frame of the source.
#[derive(Clone)]
pub struct Compared {
    /// Its number.
    pub index: usize,
    /// Its picture, of the clip's size.
    pub picture: FrameContent,
    /// PSNR of the clip's frame against it, dB; infinite when equal.
    pub psnr: f64,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    wanted: Option<(usize, FrameContent)>,
    done: Vec<Compared>,
    /// Why there is no more to come, once.
    failed: Option<String>,
    is_over: bool,
}

impl SourceVideo {
    /// Starts opening the source at `path`; `repaint` is called when there is something new.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn open(
        path: PathBuf,
        workers: Workers,
        repaint: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (shared, cancel) = (Arc::<Shared>::default(), Cancel::new());
        let (theirs, stop, place) = (shared.clone(), cancel.clone(), path.clone());
        let thread = std::thread::Builder::new()
            .name("source".to_owned())
            .spawn(move || {
                workers.enlist();
                let followed = follow(&place, &workers, &theirs, &stop, &repaint);
                if let Err(error) = followed {
                    theirs.lock().failed = Some(format!("{error:#}"));
                    repaint();
                }
            })?;
        Ok(Self {
            path,
            cancel,
            shared,
            thread: Some(thread),
            asked: None,
            shown: None,
            psnrs: BTreeMap::new(),
        })
    }

    /// Name of the source for people.
    pub fn name(&self) -> String {
        ClipTarget::from(&*self.path).name()
    }

    /// Asks for the picture of frame `index`, which the clip shows as `frame`, and takes what has come. Why nothing
    /// comes any more, once.
    pub fn follow(&mut self, index: usize, frame: &FrameContent) -> Option<String> {
        let mut state = self.shared.lock();
        for compared in state.done.drain(..) {
            self.psnrs.insert(compared.index, compared.psnr);
            self.shown = Some(compared);
        }
        if !self
            .asked
            .as_ref()
            .is_some_and(|asked| asked.is_same(frame))
        {
            self.asked = Some(frame.clone());
            state.wanted = Some((index, frame.clone()));
            self.shared.changed.notify_all();
        }
        state.failed.take()
    }

    /// The picture that came last.
    pub fn shown(&self) -> Option<&Compared> {
        self.shown.as_ref()
    }

    /// PSNR of frame `index`, dB, once it is known.
    pub fn psnr(&self, index: usize) -> Option<f64> {
        self.psnrs.get(&index).copied()
    }

    /// Mean PSNR of the frames that were compared so far, dB, and how many they are.
    pub fn mean_psnr(&self) -> Option<(f64, usize)> {
        let count = self.psnrs.len();
        (count > 0).then(|| (self.psnrs.values().sum::<f64>() / count as f64, count))
    }
}

impl Drop for SourceVideo {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.shared.lock().is_over = true;
        self.shared.changed.notify_all();
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            log::error!("the thread of the source video ended by a panic");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest frame that is wanted; `None` when no more will be.
    fn next(&self) -> Option<(usize, FrameContent)> {
        let mut state = self.lock();
        loop {
            if state.is_over {
                return None;
            }
            if let Some(wanted) = state.wanted.take() {
                return Some(wanted);
            }
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Compares what is wanted until nothing more is.
fn follow(
    path: &Path,
    workers: &Workers,
    shared: &Shared,
    cancel: &Cancel,
    repaint: &dyn Fn(),
) -> anyhow::Result<()> {
    let mut source = open_pictures(path, cancel)?;
    let mut decoder = NeuralDecoder::on_cpu();
    while let Some((index, frame)) = shared.next() {
        // A source may be shorter than the clip.
        if index >= source.info().count {
            continue;
        }
        let compared =
            workers.run(|| compare(&mut *source, &mut decoder, index, &frame, cancel))?;
        shared.lock().done.push(compared);
        repaint();
    }
    Ok(())
}

fn compare(
    source: &mut dyn PictureSource,
    decoder: &mut NeuralDecoder,
    index: usize,
    frame: &FrameContent,
    cancel: &Cancel,
) -> anyhow::Result<Compared> {
    let Some(ours) = picture_of(decoder, frame, cancel)? else {
        bail!("the clip has no flat pictures to compare");
    };
    let theirs = source.picture(index, cancel)?;
    let theirs = middle_of(theirs, [ours.width, ours.height])?;
    let psnr = ours.psnr(&theirs)?;
    let picture = PictureFrame {
        width: theirs.width,
        height: theirs.height,
        rgba: theirs.rgba,
    };
    Ok(Compared {
        index,
        picture: picture.into(),
        psnr,
    })
}

/// A picture of the clip, which may come as numbers in front of a network; `None` of Gaussians.
fn picture_of(
    decoder: &mut NeuralDecoder,
    frame: &FrameContent,
    cancel: &Cancel,
) -> zoetrope_codecs::Result<Option<Picture>> {
    let picture = match frame {
        FrameContent::Splats(_) => return Ok(None),
        FrameContent::Picture(picture) => (**picture).clone(),
        FrameContent::Neural(neural) => decoder.picture(neural, cancel)?,
    };
    Ok(Some(Picture {
        width: picture.width,
        height: picture.height,
        rgba: picture.rgba,
    }))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::platform::NullPlatform;

    fn grey(value: u8, width: u32) -> PictureFrame {
        PictureFrame {
            width,
            height: 2,
            rgba: [value, value, value, 255].repeat(2 * width as usize),
        }
    }

    /// A folder of two pictures, 4 x 2 pixels, of grey 10 and 20.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for value in [10, 20] {
            let picture = image::GrayImage::from_pixel(4, 2, image::Luma([value]));
            let path = folder.path().join(format!("{value}.png"));
            picture.save(path).expect("a file");
        }
        folder
    }

    fn open(path: &Path) -> SourceVideo {
        let workers = Workers::new("test", Arc::new(NullPlatform)).expect("threads");
        SourceVideo::open(path.to_owned(), workers, || ()).expect("a thread")
    }

    /// Follows until it is answered.
    fn wait(source: &mut SourceVideo, index: usize, frame: &FrameContent) -> Result<f64, String> {
        let begun = Instant::now();
        loop {
            if let Some(failed) = source.follow(index, frame) {
                return Err(failed);
            }
            if let Some(psnr) = source.psnr(index) {
                return Ok(psnr);
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "no answer");
            std::thread::yield_now();
        }
    }

    #[test]
    fn frames_are_compared_with_the_middle_of_the_sources() {
        let folder = folder();
        let mut source = open(folder.path());
        let equal = wait(&mut source, 1, &grey(20, 4).into()).expect("compares");
        assert_eq!(equal, f64::INFINITY);
        // Narrower than the source, and 5 off: 20 log10(255 / 5).
        let other = wait(&mut source, 0, &grey(15, 2).into()).expect("compares");
        assert!((other - 34.151).abs() < 0.001, "{other}");
        let shown = source.shown().expect("a picture");
        assert_eq!(
            (shown.index, shown.picture.picture_size()),
            (0, Some([2, 2]))
        );
        assert_eq!(source.mean_psnr().map(|(_, count)| count), Some(2));
        // The source has no frame 2: nothing comes, and nothing breaks.
        assert_eq!(source.follow(2, &grey(1, 4).into()), None);
        assert_eq!(source.psnr(2), None);
    }

    #[test]
    fn what_cannot_be_compared_is_said_once() {
        let folder = folder();
        let mut source = open(folder.path());
        let error = wait(&mut source, 0, &grey(10, 6).into()).expect_err("is wider");
        assert!(
            error.contains("4 x 2") && error.contains("6 x 2"),
            "{error}"
        );
        assert_eq!(source.follow(0, &grey(10, 6).into()), None);
        let mut missing = open(&folder.path().join("missing.mp4"));
        assert!(wait(&mut missing, 0, &grey(1, 4).into()).is_err());
    }
}
