//! Small pictures for the time bar: those that a clip carries, or, for a clip that carries none, drawn
//! from frames that happen to be decoded.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use egui::{ColorImage, Context, TextureHandle, TextureOptions};
use zoetrope_codecs::FrameContent;
use zoetrope_codecs::clip::Thumbnails as Carried;
use zoetrope_player::Playback;
use zoetrope_render::{Background, Gpu, Picture, Renderer, Tier, View};

use super::{ZoetropeApp, theme};
use crate::jpeg_file;
use crate::workers::Workers;

/// Pixels of a picture that is drawn: twice what the time bar shows of it.
const SIZE: [u32; 2] = [320, 180];
/// Pictures that are kept.
const KEPT: usize = 64;
/// A picture stands for what is so many seconds from it.
const NEAR_S: f64 = 0.5;

/// The pictures of a clip.
#[derive(Default)]
pub struct Thumbnails {
    /// Those that were needed so far, by frame; none for a frame whose picture is damaged.
    ready: BTreeMap<usize, Option<TextureHandle>>,
    shown: Option<TextureHandle>,
    painter: Option<Painter>,
}

/// A frame to be drawn.
struct Job {
    index: usize,
    frame: FrameContent,
    view: View,
}

/// Draws on a thread of its own, one picture at a time.
struct Painter {
    /// None while it is being dropped.
    jobs: Option<Sender<Job>>,
    done: Receiver<(usize, Option<Picture>)>,
    /// The frame that is being drawn.
    drawing: Option<usize>,
    thread: Option<JoinHandle<()>>,
}

impl Painter {
    fn start(gpu: Gpu, workers: Workers, ctx: Context) -> Option<Self> {
        let (jobs, orders) = mpsc::channel::<Job>();
        let (sender, done) = mpsc::channel();
        let started = std::thread::Builder::new()
            .name("thumbnails".to_owned())
            .spawn(move || {
                workers.enlist();
                let mut renderer = None;
                for job in orders {
                    let drawn = workers.run(|| draw(&gpu, &mut renderer, &job));
                    let drawn = drawn
                        .inspect_err(|error| log::debug!("no picture for the time bar: {error}"));
                    if sender.send((job.index, drawn.ok())).is_err() {
                        return;
                    }
                    ctx.request_repaint();
                }
            });
        match started {
            Ok(thread) => Some(Self {
                jobs: Some(jobs),
                done,
                drawing: None,
                thread: Some(thread),
            }),
            Err(error) => {
                log::warn!("no pictures for the time bar: {error}");
                None
            }
        }
    }
}

impl Drop for Painter {
    fn drop(&mut self) {
        // The device must not go away under it.
        self.jobs = None;
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            log::error!("drawing pictures for the time bar ended by a panic");
        }
    }
}

fn draw(
    gpu: &Gpu,
    renderer: &mut Option<Renderer>,
    job: &Job,
) -> Result<Picture, zoetrope_render::Error> {
    let renderer = match renderer {
        Some(renderer) => renderer,
        None => renderer.insert(Renderer::new(gpu, None)?),
    };
    renderer.render(gpu, &job.frame, &job.view, &mut |_| ())?;
    renderer.read_picture(gpu)
}

impl Thumbnails {
    /// Forgets everything about the last clip.
    pub fn clear(&mut self) {
        self.ready.clear();
        self.shown = None;
        if let Some(painter) = &mut self.painter {
            painter.drawing = None;
        }
    }

    /// The picture that is wanted, if it is there.
    pub fn shown(&self) -> Option<&TextureHandle> {
        self.shown.as_ref()
    }

    /// Takes the picture of the clip's own that is nearest to `frame`.
    fn take_carried(&mut self, ctx: &Context, carried: &Carried, frame: usize) {
        let after = carried.frames.partition_point(|start| *start <= frame);
        let index = after.saturating_sub(1);
        let Some(jpeg) = carried.jpegs.get(index) else {
            return;
        };
        self.shown = self
            .ready
            .entry(index)
            .or_insert_with(|| match jpeg_file::decode(jpeg) {
                Ok(picture) => Some(texture(ctx, index, &picture)),
                Err(error) => {
                    log::warn!("picture {index} for the time bar is left out: {error:#}");
                    None
                }
            })
            .clone();
        self.forget_surplus(index);
    }

    /// Takes what has been drawn.
    fn receive(&mut self, ctx: &Context) {
        let Some(painter) = &mut self.painter else {
            return;
        };
        while let Ok((index, picture)) = painter.done.try_recv() {
            // What was drawn of a clip before is of no use.
            if painter
                .drawing
                .take_if(|drawing| *drawing == index)
                .is_some()
            {
                let texture = picture.map(|picture| texture(ctx, index, &picture));
                self.ready.insert(index, texture);
            }
        }
    }

    fn forget_surplus(&mut self, index: usize) {
        while self.ready.len() > KEPT {
            let farthest = self.ready.keys().copied();
            let Some(farthest) = farthest.max_by_key(|other| other.abs_diff(index)) else {
                return;
            };
            self.ready.remove(&farthest);
        }
    }

    /// Whether a picture is on its way.
    fn is_drawing(&self) -> bool {
        let painter = self.painter.as_ref();
        painter.is_some_and(|painter| painter.drawing.is_some())
    }
}

fn texture(ctx: &Context, index: usize, picture: &Picture) -> TextureHandle {
    let size = [picture.width as usize, picture.height as usize];
    let image = ColorImage::from_rgba_premultiplied(size, &picture.rgba);
    let name = format!("thumbnail {index}");
    ctx.load_texture(name, image, TextureOptions::LINEAR)
}

impl ZoetropeApp {
    /// Sees to it that the picture for where the pointer is on the time bar will be there.
    pub(super) fn want_thumbnail(&mut self, ctx: &Context) {
        self.thumbnails.receive(ctx);
        let had = self.thumbnails.shown.take();
        let Some(wanted) = self.bar.time_bar.wanted_picture() else {
            return;
        };
        let Some(clip) = self
            .session
            .clip()
            .filter(|clip| clip.state.frame_count > 1)
        else {
            return;
        };
        if let Some(carried) = clip.state.thumbnails.clone() {
            self.thumbnails.take_carried(ctx, &carried, wanted);
        } else if let Some((index, frame)) = clip.player.decoded_near(wanted) {
            let near = (NEAR_S * clip.state.frame_rate).ceil() as usize;
            if index.abs_diff(wanted) <= near {
                self.draw_thumbnail(ctx, index, frame, near);
            }
        }
        if self.thumbnails.shown != had {
            ctx.request_repaint();
        }
    }

    /// Takes the picture of a frame, or one that is as good, and has it drawn when there is none.
    fn draw_thumbnail(&mut self, ctx: &Context, index: usize, frame: FrameContent, near: usize) {
        let ready = &self.thumbnails.ready;
        let around = ready.range(index.saturating_sub(near)..=index + near);
        let nearest = around.min_by_key(|(other, _)| other.abs_diff(index));
        self.thumbnails.shown = nearest.and_then(|(_, texture)| texture.clone());
        // A few pictures a second are enough to tell one moment from another.
        let is_enough = nearest.is_some_and(|(other, _)| other.abs_diff(index) <= near / 4);
        if is_enough || self.thumbnails.is_drawing() || !self.may_draw_thumbnails() {
            return;
        }
        let Some((_, view)) = self.viewport.shown() else {
            return;
        };
        let background = theme::palette_of(ctx).background.to_array();
        let background = [0, 1, 2].map(|index| f32::from(background[index]) / 255.0);
        let view = View {
            width: SIZE[0],
            height: SIZE[1],
            background: Background::Opaque(background),
            ..view
        };
        if self.thumbnails.painter.is_none() {
            let (gpu, workers) = (self.viewport.gpu(), self.viewport.workers());
            self.thumbnails.painter = Painter::start(gpu.clone(), workers.clone(), ctx.clone());
        }
        if let Some(painter) = &mut self.thumbnails.painter
            && let Some(jobs) = &painter.jobs
            && jobs.send(Job { index, frame, view }).is_ok()
        {
            painter.drawing = Some(index);
        }
        self.thumbnails.forget_surplus(index);
    }

    /// Drawing must not take from the picture that plays: without a graphics processor it would.
    fn may_draw_thumbnails(&self) -> bool {
        let state = self.player_state();
        let plays =
            state.is_some_and(|state| state.playback == Playback::Playing && !state.scrubbing);
        !plays || self.viewport.gpu().capabilities.tier != Tier::Cpu
    }
}
