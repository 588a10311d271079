//! The renderer on a thread of its own, so that no scene is too large for the interface to answer.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use zoetrope_codecs::SplatFrame;
use zoetrope_render::{Error, Gpu, RenderStats, SplatRenderer, Stage, View};

/// How long the stages of a picture took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StageTimes {
    /// The frame to the renderer.
    pub upload_ms: f64,
    /// Projection.
    pub project_ms: f64,
    /// Sorting.
    pub sort_ms: f64,
    /// Blending.
    pub draw_ms: f64,
}

impl StageTimes {
    /// All of them.
    pub fn total_ms(&self) -> f64 {
        self.upload_ms + self.project_ms + self.sort_ms + self.draw_ms
    }
}

/// A picture that was drawn.
pub struct Drawn {
    /// The renderer's texture, which holds it until the next one is drawn.
    pub target: Option<wgpu::TextureView>,
    /// What it took.
    pub stats: RenderStats,
    /// How long it took.
    pub times: StageTimes,
}

/// What is to be drawn.
struct Job {
    frame: Arc<SplatFrame>,
    view: View,
}

/// Draws one picture at a time. Who wants another one meanwhile asks again when it is done: so
/// the newest wish wins.
pub struct DrawThread {
    jobs: Option<Sender<Job>>,
    results: Receiver<Result<Drawn, Error>>,
    /// Set while nobody waits for the result, who must be woken then.
    wake: Arc<AtomicBool>,
    busy: bool,
    thread: Option<JoinHandle<()>>,
}

impl DrawThread {
    /// Starts the thread; `repaint` wakes the interface from it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(
        gpu: Gpu,
        mut renderer: SplatRenderer,
        repaint: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, wanted) = mpsc::channel::<Job>();
        let (sender, results) = mpsc::channel();
        let wake = Arc::new(AtomicBool::new(false));
        let is_left_alone = wake.clone();
        let thread = std::thread::Builder::new()
            .name("draw".to_owned())
            .spawn(move || {
                for job in wanted {
                    if sender.send(draw(&gpu, &mut renderer, &job)).is_err() {
                        return;
                    }
                    if is_left_alone.swap(false, Ordering::SeqCst) {
                        repaint();
                    }
                }
            })?;
        Ok(Self {
            jobs: Some(jobs),
            results,
            wake,
            busy: false,
            thread: Some(thread),
        })
    }

    /// Whether a picture is being drawn.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// Starts drawing; only when it is not busy.
    pub fn start(&mut self, frame: Arc<SplatFrame>, view: View) {
        debug_assert!(!self.busy, "one picture at a time");
        if let Some(jobs) = &self.jobs {
            self.busy = jobs.send(Job { frame, view }).is_ok();
        }
    }

    /// The picture that was started, if it is done within `patience`; else `repaint` is called when
    /// it is.
    ///
    /// # Panics
    /// When drawing did: with the same message.
    pub fn finish(&mut self, patience: Duration) -> Option<Result<Drawn, Error>> {
        if !self.busy {
            return None;
        }
        self.wake.store(false, Ordering::SeqCst);
        let mut result = self.results.recv_timeout(patience);
        if matches!(result, Err(RecvTimeoutError::Timeout)) {
            self.wake.store(true, Ordering::SeqCst);
            // It may have come before the thread could see that it has to wake anybody.
            result = self.results.recv_timeout(Duration::ZERO);
        }
        match result {
            Ok(drawn) => {
                self.busy = false;
                Some(drawn)
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
                    resume_unwind(panic);
                }
                None
            }
        }
    }
}

impl Drop for DrawThread {
    fn drop(&mut self) {
        // The device must not go away under it.
        self.jobs = None;
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            log::error!("the drawing thread ended by a panic");
        }
    }
}

fn draw(gpu: &Gpu, renderer: &mut SplatRenderer, job: &Job) -> Result<Drawn, Error> {
    let mut times = StageTimes::default();
    let mut last = Instant::now();
    let stats = renderer.render(gpu, &job.frame, &job.view, &mut |stage| {
        let ms = last.elapsed().as_secs_f64() * 1e3;
        last = Instant::now();
        match stage {
            Stage::Upload => times.upload_ms += ms,
            Stage::Project => times.project_ms += ms,
            Stage::Sort => times.sort_ms += ms,
            Stage::Draw => times.draw_ms += ms,
        }
    })?;
    Ok(Drawn {
        target: renderer.target().cloned(),
        stats,
        times,
    })
}
