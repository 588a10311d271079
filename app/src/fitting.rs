//! A neural video out of a video: what is asked for, who makes it, and the thread that it is made on.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use zoetrope_codecs::{Cancel, PictureFrame};

/// Points of the curve that are kept: more than a panel has pixels would not be seen.
const CURVE_POINTS: usize = 256;

/// A neural video that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FitWish {
    /// The video: a file, or a folder of pictures.
    pub video: PathBuf,
    /// What is fitted to it.
    pub network: FitNetwork,
    /// Bits of each of the network's numbers; as suits it where this is `None`.
    pub bits: Option<u8>,
}

/// A kind of network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FitNetwork {
    /// NIRVANA: a small network for every few frames, made many times faster.
    #[default]
    Quick,
    /// HNeRV with few multiplications a pixel, which any device can do.
    Lite,
    /// HNeRV as published, for desktop graphics cards.
    Hnerv,
}

/// How far a fit is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FitNews {
    /// Steps done.
    pub step: u64,
    /// All steps; 0 while the video is being read.
    pub steps: u64,
    /// Mean PSNR in dB of all frames, once all were looked at.
    pub psnr: Option<f64>,
    /// Seconds since the start.
    pub seconds: f64,
}

impl FitNews {
    /// Seconds that it will still take, if it goes on as it went; `None` where nothing is known yet.
    pub fn seconds_left(&self) -> Option<f64> {
        let left = self.steps.checked_sub(self.step)?;
        (self.step > 0).then(|| self.seconds / self.step as f64 * left as f64)
    }
}

/// What has been made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitMade {
    /// Of the file.
    pub bytes: u64,
    /// Mean PSNR in dB of its frames.
    pub psnr: f64,
}

/// Makes a neural video at a path, on the calling thread, and reports how far it is. A stopped one leaves beside the path what
/// it can go on from, and goes on from there when it is asked for again.
///
/// # Errors
/// When the video cannot be read, nothing fits it, or the file cannot be written.
pub type MakeFit = fn(&FitWish, &Path, &FitReport, &Cancel) -> anyhow::Result<FitMade>;

/// Where the one who makes it says how far it is.
#[derive(Debug, Default)]
pub struct FitReport {
    told: Mutex<Told>,
    wants_picture: AtomicBool,
}

#[derive(Debug, Default)]
struct Told {
    news: FitNews,
    curve: Curve,
    picture: Option<Arc<PictureFrame>>,
}

impl FitReport {
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how far it is.
    pub fn note(&self, news: FitNews) {
        let mut told = self.lock();
        told.news = news;
        if let Some(psnr) = news.psnr {
            told.curve.push([news.step as f64, psnr]);
        }
    }

    /// Whether somebody wants to see a picture as it is by now. Says so once for each.
    pub fn wants_picture(&self) -> bool {
        self.wants_picture.swap(false, Ordering::Relaxed)
    }

    /// That picture.
    pub fn show(&self, picture: PictureFrame) {
        self.lock().picture = Some(Arc::new(picture));
    }
}

/// PSNR over steps, thinned out as it grows.
#[derive(Clone, Debug)]
struct Curve {
    points: Vec<[f64; 2]>,
    /// Of how many points one is kept.
    stride: usize,
    seen: usize,
}

impl Default for Curve {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            stride: 1,
            seen: 0,
        }
    }
}

impl Curve {
    fn push(&mut self, point: [f64; 2]) {
        if self.seen.is_multiple_of(self.stride) {
            if self.points.len() == CURVE_POINTS {
                let mut index = 0;
                self.points.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.stride *= 2;
            }
            self.points.push(point);
        }
        self.seen += 1;
    }
}

/// A neural video in the making. Dropping it stops it; what it can go on from stays.
pub struct Fitting {
    wish: FitWish,
    output: PathBuf,
    report: Arc<FitReport>,
    result: Receiver<anyhow::Result<FitMade>>,
    cancel: Cancel,
    thread: Option<JoinHandle<()>>,
}

impl Fitting {
    /// Begins to make it at `output`; `repaint` is called when it is done.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        make: MakeFit,
        wish: FitWish,
        output: PathBuf,
        repaint: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, result) = mpsc::channel();
        let (cancel, report) = (Cancel::new(), Arc::<FitReport>::default());
        let (stop, theirs) = (cancel.clone(), report.clone());
        let (wanted, path) = (wish.clone(), output.clone());
        let thread = std::thread::Builder::new()
            .name("fit".to_owned())
            .spawn(move || {
                let made = make(&wanted, &path, &theirs, &stop);
                // Nobody listens any more when it was stopped.
                if sender.send(made).is_ok() {
                    repaint();
                }
            })?;
        Ok(Self {
            wish,
            output,
            report,
            result,
            cancel,
            thread: Some(thread),
        })
    }

    /// What it is made of.
    pub fn wish(&self) -> &FitWish {
        &self.wish
    }

    /// Where it will be.
    pub fn output(&self) -> &Path {
        &self.output
    }

    /// How far it is.
    pub fn news(&self) -> FitNews {
        self.report.lock().news
    }

    /// PSNR in dB over steps.
    pub fn curve(&self) -> Vec<[f64; 2]> {
        self.report.lock().curve.points.clone()
    }

    /// The picture that came last; the next one will come soon.
    pub fn picture(&self) -> Option<Arc<PictureFrame>> {
        self.report.wants_picture.store(true, Ordering::Relaxed);
        self.report.lock().picture.clone()
    }

    /// What has become of it, once that is known.
    pub fn result(&self) -> Option<anyhow::Result<FitMade>> {
        self.result.try_recv().ok()
    }
}

impl Drop for Fitting {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            log::error!("the thread of a fit ended by a panic");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn wish() -> FitWish {
        FitWish {
            video: "video.mp4".into(),
            network: FitNetwork::Lite,
            bits: None,
        }
    }

    fn until<T>(what: impl Fn() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = what() {
                return found;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "it never comes");
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_is_reported_is_seen_and_pictures_come_when_they_are_wanted() {
        let make: MakeFit = |_, path, report, cancel| {
            let mut shown = 0;
            for step in 1.. {
                if cancel.is_cancelled() {
                    break;
                }
                report.note(FitNews {
                    step,
                    steps: step + 100,
                    psnr: Some(20.0),
                    seconds: step as f64 * 0.5,
                });
                if report.wants_picture() {
                    shown += 1;
                    report.show(PictureFrame {
                        width: 1,
                        height: 1,
                        rgba: vec![shown, 0, 0, 255],
                    });
                }
                if shown == 2 {
                    break;
                }
            }
            assert_eq!(path, Path::new("out.zoe"));
            Ok(FitMade {
                bytes: 7,
                psnr: 20.0,
            })
        };
        let fitting = Fitting::start(make, wish(), "out.zoe".into(), || ()).expect("starts");
        let first = until(|| fitting.picture());
        assert_eq!(first.rgba[0], 1);
        let made = until(|| {
            fitting.picture();
            fitting.result()
        });
        assert_eq!(made.expect("is made").bytes, 7);
        let left = fitting.news().seconds_left().expect("is known");
        assert!((left - 50.0).abs() < 1e-6, "{left}");
        assert!(!fitting.curve().is_empty());
    }

    #[test]
    fn dropping_it_stops_it() {
        static STOPPED: AtomicBool = AtomicBool::new(false);
        let make: MakeFit = |_, _, _, cancel| {
            while !cancel.is_cancelled() {
                std::thread::yield_now();
            }
            STOPPED.store(true, Ordering::Relaxed);
            cancel.check()?;
            unreachable!("it was cancelled")
        };
        drop(Fitting::start(make, wish(), "out.zoe".into(), || ()).expect("starts"));
        assert!(STOPPED.load(Ordering::Relaxed));
    }

    #[test]
    fn a_long_curve_stays_short_and_in_order() {
        let mut curve = Curve::default();
        for step in 0..10_000 {
            curve.push([f64::from(step), 30.0]);
        }
        assert!((CURVE_POINTS / 2..=CURVE_POINTS).contains(&curve.points.len()));
        assert!(curve.points.is_sorted_by(|a, b| a[0] < b[0]));
        assert_eq!(curve.points[0][0], 0.0);
        assert!(curve.points.last().is_some_and(|last| last[0] > 9_900.0));
    }
}
