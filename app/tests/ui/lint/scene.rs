//! What a window shows, as numbers: its controls, and the text that was painted.

use std::collections::HashMap;

use egui::accesskit::Action;
use egui::epaint::{ClippedShape, Shape, TextShape};
use egui::{Color32, Context, LayerId, Order, Rect, Role, accessibility};
use egui_kittest::kittest::NodeT as _;
use egui_kittest::{Harness, Node};

/// Something that answers to the hand.
#[derive(Clone, Debug)]
pub struct Control {
    pub label: String,
    pub role: Role,
    pub rect: Rect,
    /// What of `rect` is neither scrolled away nor cut.
    pub visible: Rect,
    pub layer: LayerId,
    pub enabled: bool,
    /// Whether a modal layer or a surface hides it, so that it cannot be used now.
    pub is_hidden: bool,
    /// Whether a surface that stays hides a part of it.
    pub is_half_hidden: bool,
}

/// One painted row of text.
#[derive(Clone, Debug)]
pub struct TextRow {
    /// The whole text of which it is a row.
    pub text: String,
    /// Around its ink.
    pub ink: Rect,
    /// Where ink is let through.
    pub clip: Rect,
    pub color: Color32,
    /// In points.
    pub font_size: f32,
    /// Whether an ellipsis stands for the rest of it.
    pub is_elided: bool,
    /// Whether it is a sign of an icon font.
    pub is_icon: bool,
    /// Whether it is painted over by something later.
    pub is_covered: bool,
    /// Its place in the order of painting.
    pub order: usize,
}

/// A window at one moment.
pub struct Scene {
    /// In points.
    pub window: Rect,
    pub pixels_per_point: f32,
    pub controls: Vec<Control>,
    pub texts: Vec<TextRow>,
    /// Where something other than the whole window was painted into: panels that scroll, among
    /// others.
    pub clips: Vec<Rect>,
    /// Filled shapes in the order of painting, with their places in it.
    pub fills: Vec<(usize, Rect)>,
}

impl Scene {
    /// Looks at the last frame.
    pub fn of<State>(harness: &Harness<'_, State>) -> Self {
        let ctx = &harness.ctx;
        let window = ctx.content_rect();
        let shapes = flat(&harness.output().shapes);
        let fills: Vec<(usize, Rect)> = shapes
            .iter()
            .enumerate()
            .filter_map(|(order, (clip, shape))| {
                Some((order, fill(shape, window)?.intersect(*clip)))
            })
            .collect();
        let mut texts = Vec::new();
        for (order, (clip, shape)) in shapes.iter().enumerate() {
            if let Shape::Text(text) = shape {
                rows(text, *clip, order, &mut texts);
            }
        }
        for row in &mut texts {
            let middle = row.ink.center();
            let mut later = fills.iter().filter(|(order, _)| *order > row.order);
            row.is_covered = later.any(|(_, rect)| rect.contains(middle));
        }
        let mut clips: Vec<Rect> = shapes.iter().map(|(clip, _)| *clip).collect();
        clips.retain(|clip| clip.is_positive() && !clip.contains_rect(window));
        clips.dedup();
        Self {
            window,
            pixels_per_point: ctx.pixels_per_point(),
            controls: controls(ctx, harness.root(), window),
            texts,
            clips,
            fills,
        }
    }

    /// The controls that can be used with a pointer now.
    pub fn usable(&self) -> Vec<&Control> {
        let controls = self.controls.iter();
        controls
            .filter(|control| control.visible.is_positive() && !control.is_hidden)
            .collect()
    }

    /// Whether a cut at the height `y` is the edge of something that scrolls.
    pub fn is_edge_of_scrolling(&self, y: f32, height: f32) -> bool {
        let is_edge = |clip: &Rect| (clip.top() - y).abs() < 1.0 || (clip.bottom() - y).abs() < 1.0;
        let mut clips = self.clips.iter();
        clips.any(|clip| is_edge(clip) && clip.height() > 2.0 * height)
    }
}

/// The controls that a person can see or reach, in the order of the accessibility tree.
fn controls(ctx: &Context, root: Node<'_>, window: Rect) -> Vec<Control> {
    let widgets: HashMap<_, _> = ctx.viewport(|viewport| {
        let layers = viewport.prev_pass.widgets.layers();
        let all = layers.flat_map(|(_, widgets)| widgets.iter().copied());
        all.map(|widget| (widget.id.accesskit_id(), widget))
            .collect()
    });
    let modal = ctx.memory(egui::Memory::top_modal_layer);
    let surfaces = surfaces(ctx);
    root.children_recursive()
        .filter_map(|node| {
            let access = node.accesskit_node();
            let role = access.role();
            let acts = access.data().supports_action(Action::Click)
                || access.data().supports_action(Action::SetValue);
            let is_control = accessibility::is_input(role) && !access.data().is_read_only();
            // Scroll bars float, thin, and there are other ways to scroll.
            let is_control = is_control && role != Role::ScrollBar;
            if access.is_hidden() || !(is_control || acts && is_named(role)) {
                return None;
            }
            access.raw_bounds()?;
            let rect = node.rect();
            let widget = widgets.get(&access.locate().0);
            let layer = widget.map_or_else(LayerId::background, |widget| widget.layer_id);
            let visible = widget.map_or(rect, |widget| widget.interact_rect.intersect(window));
            let above = surfaces.iter().rev();
            let above: Vec<_> = above.take_while(|(other, _)| *other != layer).collect();
            let hides = |(_, surface): &&(LayerId, Rect)| surface.contains_rect(visible);
            let is_hidden = modal.is_some()
                && !ctx.memory(|memory| memory.allows_interaction(layer))
                || visible.is_positive() && above.iter().any(hides);
            let halves = |(other, surface): &&(LayerId, Rect)| {
                let both = surface.intersect(visible);
                !is_transient(*other) && both.width() > 1.0 && both.height() > 1.0
            };
            let is_half_hidden = !is_hidden && above.iter().any(halves);
            Some(Control {
                label: access.label().unwrap_or_default(),
                role,
                rect,
                visible,
                layer,
                enabled: !access.data().is_disabled(),
                is_hidden,
                is_half_hidden,
            })
        })
        .collect()
}

/// The surfaces that float over the window, back to front; the window itself is the first.
fn surfaces(ctx: &Context) -> Vec<(LayerId, Rect)> {
    ctx.memory(|memory| {
        let visible = memory.areas().visible_layer_ids();
        let layers = memory.layer_ids().filter(|layer| visible.contains(layer));
        let mut surfaces = vec![(LayerId::background(), Rect::NOTHING)];
        for layer in layers.filter(|layer| *layer != LayerId::background()) {
            let rect = memory.area_rect(layer.id).unwrap_or(Rect::NOTHING);
            surfaces.push((layer, rect));
        }
        surfaces
    })
}

/// Whether what has this role is an object of its own for people, and not the picture, a surface or
/// a message that only takes presses so that they go nowhere else.
fn is_named(role: Role) -> bool {
    !matches!(
        role,
        Role::Canvas
            | Role::Alert
            | Role::Unknown
            | Role::GenericContainer
            | Role::Pane
            | Role::Dialog
            | Role::Window
            | Role::Label
            | Role::TextRun
            | Role::Image
            | Role::Group
            | Role::ScrollBar
            | Role::Status
    )
}

/// Whether the layer is one that comes and goes over everything: a menu, a hint.
pub fn is_transient(layer: LayerId) -> bool {
    matches!(layer.order, Order::Foreground | Order::Tooltip)
}

/// Shapes without nesting, each with its clip rectangle.
fn flat(shapes: &[ClippedShape]) -> Vec<(Rect, Shape)> {
    fn add(clip: Rect, shape: &Shape, into: &mut Vec<(Rect, Shape)>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| add(clip, shape, into)),
            Shape::Noop => {}
            shape => into.push((clip, shape.clone())),
        }
    }
    let mut all = Vec::new();
    for clipped in shapes {
        add(clipped.clip_rect, &clipped.shape, &mut all);
    }
    all
}

/// The place of a shape that hides, or at least veils, what was painted before it.
fn fill(shape: &Shape, window: Rect) -> Option<Rect> {
    const HIDES: u8 = 100;
    // Behind what wants all attention the rest of the window is dimmed.
    const DIMS: u8 = 30;
    match shape {
        // A blurred one is a shadow.
        Shape::Rect(rect) if rect.blur_width == 0.0 => {
            let is_all = rect.rect.contains_rect(window);
            let least = if is_all { DIMS } else { HIDES };
            (rect.fill.a() >= least).then_some(rect.rect)
        }
        _ => None,
    }
}

fn rows(shape: &TextShape, clip: Rect, order: usize, into: &mut Vec<TextRow>) {
    let galley = &shape.galley;
    let font_size = galley
        .job
        .sections
        .iter()
        .map(|section| section.format.font_id.size)
        .fold(0.0, f32::max);
    for row in &galley.rows {
        let visuals = &row.row.visuals;
        let ink = visuals.mesh_bounds;
        if !ink.is_positive() {
            continue;
        }
        let ink = ink.translate(shape.pos.to_vec2() + row.pos.to_vec2());
        let vertex = visuals.mesh.vertices.get(visuals.glyph_vertex_range.start);
        let own = vertex.map_or(Color32::PLACEHOLDER, |vertex| vertex.color);
        let own = if own == Color32::PLACEHOLDER {
            shape.fallback_color
        } else {
            own
        };
        let color = shape.override_text_color.unwrap_or(own);
        let text = galley.job.text.clone();
        into.push(TextRow {
            is_icon: !text.is_empty() && text.chars().all(is_private),
            text,
            ink,
            clip,
            color: color.gamma_multiply(shape.opacity_factor),
            font_size,
            is_elided: galley.elided,
            is_covered: false,
            order,
        });
    }
}

/// Whether a character is of the area in which icon fonts put their signs.
fn is_private(character: char) -> bool {
    ('\u{e000}'..='\u{f8ff}').contains(&character)
}
