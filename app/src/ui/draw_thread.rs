//! The renderer on a thread of its own, so that no scene is too large for the interface to answer.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use glam::{Vec2, Vec3};
use zoetrope_codecs::FrameContent;
use zoetrope_render::{
    Error, FlatRenderer, Gpu, RenderStats, Renderer, Stage, Tier, View, pick_depth,
};

use crate::workers::Workers;

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
    /// That of the flat picture beside it, if one was asked for.
    pub beside: Option<wgpu::TextureView>,
    /// What it took.
    pub stats: RenderStats,
    /// How long it took.
    pub times: StageTimes,
}

/// What is to be done.
enum Job {
    /// Draw a picture, and a flat one for beside it.
    Draw(FrameContent, View, Option<FrameContent>),
    /// Find the point of the world that a picture shows at a pixel.
    Pick(FrameContent, View, Vec2),
}

/// Draws one picture at a time. Who wants another one meanwhile asks again when it is done: so
/// the newest wish wins.
pub struct DrawThread {
    jobs: Option<Sender<Job>>,
    pictures: Receiver<Result<Drawn, Error>>,
    picks: Receiver<Option<Vec3>>,
    /// Set while nobody waits for the picture, who must be woken then.
    wake: Arc<AtomicBool>,
    busy: bool,
    thread: Option<JoinHandle<()>>,
}

/// The thread's ends of the channels.
struct Answers {
    pictures: Sender<Result<Drawn, Error>>,
    picks: Sender<Option<Vec3>>,
}

impl DrawThread {
    /// Starts the thread, whose loops run on `workers`; `repaint` wakes the interface from it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(
        gpu: Gpu,
        mut renderer: Renderer,
        workers: Workers,
        repaint: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, wanted) = mpsc::channel::<Job>();
        let (picture_sender, pictures) = mpsc::channel();
        let (pick_sender, picks) = mpsc::channel();
        let answers = Answers {
            pictures: picture_sender,
            picks: pick_sender,
        };
        let wake = Arc::new(AtomicBool::new(false));
        let is_left_alone = wake.clone();
        let thread = std::thread::Builder::new()
            .name("draw".to_owned())
            .spawn(move || {
                workers.enlist();
                let mut beside_renderer = None;
                for job in wanted {
                    let (told, must_wake) = match job {
                        Job::Draw(frame, view, beside) => {
                            let drawn = workers.run(|| {
                                let mut drawn = draw(&gpu, &mut renderer, &frame, &view)?;
                                if let Some(beside) = beside {
                                    let kept = &mut beside_renderer;
                                    drawn.beside = draw_beside(&gpu, kept, &beside, &view)?;
                                }
                                Ok(drawn)
                            });
                            let told = answers.pictures.send(drawn).is_ok();
                            (told, is_left_alone.swap(false, Ordering::SeqCst))
                        }
                        Job::Pick(frame, view, pixel) => {
                            let point = workers.run(|| pick(&frame, &view, pixel));
                            (answers.picks.send(point).is_ok(), true)
                        }
                    };
                    if !told {
                        return;
                    }
                    if must_wake {
                        repaint();
                    }
                }
            })?;
        Ok(Self {
            jobs: Some(jobs),
            pictures,
            picks,
            wake,
            busy: false,
            thread: Some(thread),
        })
    }

    /// Whether a picture is being drawn.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// Starts drawing, with a flat picture for beside it; only when it is not busy.
    pub fn start(&mut self, frame: FrameContent, view: View, beside: Option<FrameContent>) {
        debug_assert!(!self.busy, "one picture at a time");
        if let Some(jobs) = &self.jobs {
            self.busy = jobs.send(Job::Draw(frame, view, beside)).is_ok();
        }
    }

    /// Starts looking for what `frame` shows at `pixel` of `view`; `repaint` is called when
    /// [`Self::picked`] has the answer.
    pub fn pick(&self, frame: FrameContent, view: View, pixel: Vec2) {
        if let Some(jobs) = &self.jobs
            && jobs.send(Job::Pick(frame, view, pixel)).is_err()
        {
            log::error!("the drawing thread is gone");
        }
    }

    /// The newest answer since the last call: a point in world space, or nothing at that place.
    pub fn picked(&self) -> Option<Option<Vec3>> {
        self.picks.try_iter().last()
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
        let mut result = self.pictures.recv_timeout(patience);
        if matches!(result, Err(RecvTimeoutError::Timeout)) {
            self.wake.store(true, Ordering::SeqCst);
            // It may have come before the thread could see that it has to wake anybody.
            result = self.pictures.recv_timeout(Duration::ZERO);
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

fn draw(
    gpu: &Gpu,
    renderer: &mut Renderer,
    frame: &FrameContent,
    view: &View,
) -> Result<Drawn, Error> {
    // A GPU's stages are done when the device is; what others gave it before is not counted.
    let on_device = renderer.tier() == Tier::Gpu;
    if on_device {
        gpu.wait()?;
    }
    let mut times = StageTimes::default();
    let mut last = Instant::now();
    let mut lost = Ok(());
    let stats = renderer.render(gpu, frame, view, &mut |stage| {
        if on_device && lost.is_ok() {
            lost = gpu.wait();
        }
        let ms = last.elapsed().as_secs_f64() * 1e3;
        last = Instant::now();
        match stage {
            Stage::Upload => times.upload_ms += ms,
            Stage::Project => times.project_ms += ms,
            Stage::Sort => times.sort_ms += ms,
            Stage::Draw => times.draw_ms += ms,
        }
    })?;
    lost?;
    Ok(Drawn {
        target: renderer.target().cloned(),
        beside: None,
        stats,
        times,
    })
}

/// Draws a flat picture into a texture of its own, with a renderer that is made the first time.
fn draw_beside(
    gpu: &Gpu,
    renderer: &mut Option<FlatRenderer>,
    picture: &FrameContent,
    view: &View,
) -> Result<Option<wgpu::TextureView>, Error> {
    let renderer = match renderer {
        Some(renderer) => renderer,
        None => renderer.insert(FlatRenderer::new(gpu)?),
    };
    renderer.render(gpu, picture, view, &mut |_| ())?;
    Ok(renderer.target().cloned())
}

fn pick(frame: &FrameContent, view: &View, pixel: Vec2) -> Option<Vec3> {
    match pick_depth(frame.splats()?, view, pixel) {
        Ok(depth) => depth.map(|depth| view.world_from_pixel(pixel, depth)),
        // What cannot be drawn was told when it was drawn.
        Err(error) => {
            log::debug!("nothing can be picked: {error}");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use zoetrope_codecs::{SplatCloud, SplatFrame};
    use zoetrope_render::{Background, Camera, Filter};

    use super::*;
    use crate::platform::NullPlatform;

    const LIMIT: Duration = Duration::from_secs(30);

    /// A thread, and how often it has woken the interface.
    fn thread() -> (DrawThread, Arc<AtomicUsize>) {
        let gpu = pollster::block_on(Gpu::headless()).expect("these tests need a Vulkan device");
        let renderer = Renderer::new(&gpu, None).expect("a renderer");
        let workers = Workers::new("test", Arc::new(NullPlatform)).expect("threads");
        let woken = Arc::new(AtomicUsize::new(0));
        let count = woken.clone();
        let repaint = move || {
            count.fetch_add(1, Ordering::SeqCst);
        };
        let thread = DrawThread::spawn(gpu, renderer, workers, repaint).expect("a thread");
        (thread, woken)
    }

    /// A ball at the origin, seen from 4 in front of it.
    fn ball() -> (FrameContent, View) {
        let mut cloud = SplatCloud::with_capacity(1, 0);
        let upright = [1.0, 0.0, 0.0, 0.0];
        cloud.push([0.0; 3], upright, [0.2; 3], 0.95, [0.0; 3], &[]);
        let view = View {
            camera: Camera {
                position: Vec3::new(0.0, 0.0, -4.0),
                target: Vec3::ZERO,
                up: Vec3::NEG_Y,
                fov_y: 1.0,
            },
            width: 64,
            height: 48,
            background: Background::Transparent,
            filter: Filter::Classic,
            sh_degree: 0,
        };
        (SplatFrame::Cloud(cloud).into(), view)
    }

    fn wait_for_pick(thread: &DrawThread) -> Option<Vec3> {
        let started = Instant::now();
        loop {
            if let Some(picked) = thread.picked() {
                return picked;
            }
            assert!(started.elapsed() < LIMIT, "no answer");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_pick_finds_a_point_of_the_world() {
        let (thread, woken) = thread();
        let (frame, view) = ball();
        thread.pick(frame.clone(), view, Vec2::new(32.0, 24.0));
        let point = wait_for_pick(&thread).expect("the ball");
        assert!(point.length() < 1e-4, "{point}");
        thread.pick(frame, view, Vec2::new(1.0, 1.0));
        assert_eq!(wait_for_pick(&thread), None);
        // The answer comes before the call that tells of it.
        let started = Instant::now();
        while woken.load(Ordering::SeqCst) < 2 {
            assert!(started.elapsed() < LIMIT);
            std::thread::yield_now();
        }
    }

    #[test]
    fn picks_and_pictures_are_both_served_and_the_newest_pick_counts() {
        let (mut thread, _) = thread();
        let (frame, view) = ball();
        thread.pick(frame.clone(), view, Vec2::new(1.0, 1.0));
        thread.start(frame.clone(), view, None);
        thread.pick(frame, view, Vec2::new(32.0, 24.0));
        let drawn = thread.finish(LIMIT).expect("in time").expect("a picture");
        assert!(drawn.target.is_some() && !thread.is_busy());
        assert_eq!(drawn.stats.drawn, Some(1));
        let started = Instant::now();
        let mut newest = None;
        while newest.is_none() {
            newest = wait_for_pick(&thread);
            assert!(started.elapsed() < LIMIT);
        }
        assert!(newest.is_some_and(|point| point.length() < 1e-4));
    }
}
