//! Frames to pixels with wgpu. No windows, no files, no clock.
//!
//! [`SplatRenderer`] draws a [`zoetrope_codecs::SplatFrame`] as a [`View`] sees it into a texture
//! of its own. It has two ways to do so ([`Tier`]): on a GPU the stages are shaders in
//! `render/shaders`, on software Vulkan they are the native loops of [`cpu`], which are at the same
//! time the twins that the shaders are tested against. [`cpu::reference`] is the yardstick of both.
//!
//! [`FlatRenderer`] fits a flat picture into the view, and [`Renderer`] draws whatever a clip shows.
//! [`neural::NeuralRenderer`] evaluates the network of a neural video into a texture of its own, by shaders
//! everywhere; [`cpu::neural`] is its yardstick.

mod camera;
pub mod cpu;
mod error;
mod flat;
mod gpu;
pub mod neural;
mod picture;
mod read_back;
mod renderer;
mod resources;
mod shader;
mod splat;
mod target;
mod unroll;

pub use camera::{Background, Camera, Filter, View};
pub use cpu::pick::pick_depth;
pub use error::{Error, Result};
pub use flat::FlatRenderer;
pub use gpu::{Capabilities, Gpu, Tier};
pub use picture::Picture;
pub use renderer::Renderer;
pub use splat::{RenderStats, SplatRenderer, Stage};
