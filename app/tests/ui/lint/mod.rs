//! Finds what no window may show: text that is cut, controls that lie over each other, are too
//! small, not quite in line or outside, and text that cannot be read on what is behind it.

mod background;
mod scene;
mod tests;

use std::fmt;

use egui::{Color32, Rect, Role};
use egui_kittest::Harness;
use image::RgbaImage;

pub use background::without_text;
pub use scene::{Control, Scene, TextRow};

/// Lengths up to this are rounding.
const ROUNDING: f32 = 0.75;
/// Centres in one row may differ by so little, or else by so much, in points.
const ALIGNED: f32 = 0.51;
const APART: f32 = 2.0;
/// Controls farther from each other than this are in no row.
const ROW_GAP: f32 = 160.0;
/// Smallest side of a target for the pointer, and for a finger.
const TARGET: f32 = 24.0;
const TARGET_PHONE: f32 = 36.0;
/// Windows narrower or lower than this are phones.
const PHONE: f32 = 500.0;
/// Contrast that text needs, and that large text and icons need (WCAG 2.2, 1.4.3 and 1.4.11).
const CONTRAST: f32 = 4.5;
const CONTRAST_LARGE: f32 = 3.0;
/// At the edges of what scrolls, text fades over this length, in points.
const FADE: f32 = 28.0;
/// Text of this size is large, in points.
const LARGE: f32 = 18.0;

/// Something that is wrong, in a sentence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Defect {
    pub kind: Kind,
    pub what: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    CutText,
    ElidedText,
    TextBesideControl,
    TextOverText,
    Overlap,
    HalfHidden,
    SmallTarget,
    Outside,
    Misaligned,
    Contrast,
}

impl fmt::Debug for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.what)
    }
}

/// What is wrong with the places of things in the last frame. Text that is the person's own, like
/// names of files, `may_elide`; the rest must be there to its end.
pub fn layout<State>(
    harness: &Harness<'_, State>,
    may_elide: impl Fn(&str) -> bool,
) -> Vec<Defect> {
    let scene = Scene::of(harness);
    let mut defects = Vec::new();
    cut_text(&scene, &may_elide, &mut defects);
    text_beside_controls(&scene, &mut defects);
    text_over_text(&scene, &mut defects);
    overlaps(&scene, &mut defects);
    sizes_and_places(&scene, &mut defects);
    misaligned(&scene, &mut defects);
    defects.sort();
    defects.dedup();
    defects
}

/// Which text of the last frame cannot be read, given how the window looks without any.
pub fn contrast<State>(harness: &Harness<'_, State>, behind: &RgbaImage) -> Vec<Defect> {
    let scene = Scene::of(harness);
    let mut defects = Vec::new();
    for row in scene.texts.iter().filter(|row| !row.is_covered) {
        let shown = row.ink.intersect(row.clip).intersect(scene.window);
        let middle = row.ink.center();
        let mut controls = scene.controls.iter();
        // What cannot be used now need not be read, and may look so.
        let is_off = controls.any(|control| !control.enabled && control.rect.contains(middle));
        // What scrolls fades out at the edge.
        let scrolls = scene.clips.contains(&row.clip) && row.clip.height() > 2.0 * FADE;
        let room = row.clip.shrink2(egui::vec2(0.0, FADE));
        let is_fading = scrolls && !room.y_range().contains(middle.y);
        if !shown.is_positive() || is_off || is_fading {
            continue;
        }
        let is_large = row.is_icon || row.font_size >= LARGE;
        let needed = if is_large { CONTRAST_LARGE } else { CONTRAST };
        let found = background::contrast(row.color, behind, shown * scene.pixels_per_point);
        if found < needed {
            let what = format!("{} has {found:.2}:1, needs {needed}:1", name_of(row));
            defects.push(Defect {
                kind: Kind::Contrast,
                what,
            });
        }
    }
    defects.sort();
    defects.dedup();
    defects
}

fn name_of(row: &TextRow) -> String {
    let at = row.ink.center();
    format!("{:?} at {:.0},{:.0}", row.text, at.x, at.y)
}

fn label_of(control: &Control) -> String {
    format!("{:?} {:?} {:?}", control.role, control.label, control.rect)
}

/// Whether text can be seen at all; what is transparent is being faded in or out.
fn is_seen(row: &TextRow) -> bool {
    row.color != Color32::TRANSPARENT && row.ink.intersects(row.clip)
}

/// The control that some text belongs to: the smallest that holds all of its width, else the
/// smallest around its middle.
fn control_around<'a>(scene: &'a Scene, row: &TextRow) -> Option<&'a Control> {
    let middle = row.ink.intersect(row.clip).center();
    let controls = scene.controls.iter().filter(|control| !control.is_hidden);
    let around = controls.filter(|control| control.rect.contains(middle));
    around.min_by(|a, b| {
        let key = |control: &Control| (sticks_out(row, control), control.rect.area());
        let ((a_out, a_area), (b_out, b_area)) = (key(a), key(b));
        a_out.cmp(&b_out).then(a_area.total_cmp(&b_area))
    })
}

fn sticks_out(row: &TextRow, control: &Control) -> bool {
    let shown = row.ink.intersect(row.clip);
    shown.left() < control.rect.left() - ROUNDING || shown.right() > control.rect.right() + ROUNDING
}

fn is_text_field(control: &Control) -> bool {
    matches!(
        control.role,
        Role::TextInput | Role::MultilineTextInput | Role::SearchInput | Role::SpinButton
    )
}

fn cut_text(scene: &Scene, may_elide: &impl Fn(&str) -> bool, defects: &mut Vec<Defect>) {
    for row in scene.texts.iter().filter(|row| !row.is_covered) {
        let outside = row.clip.contains_rect(scene.window) && !scene.window.intersects(row.ink);
        if !is_seen(row) && !outside {
            continue;
        }
        if row.is_elided && !may_elide(&row.text) {
            defects.push(Defect {
                kind: Kind::ElidedText,
                what: name_of(row),
            });
        }
        let shown = row.ink.intersect(row.clip).intersect(scene.window);
        let is_cut_across =
            row.ink.left() < shown.left() - ROUNDING || row.ink.right() > shown.right() + ROUNDING;
        let height = row.ink.height();
        let is_cut_at = |ink: f32, shown: f32| {
            (ink - shown).abs() > ROUNDING && !scene.is_edge_of_scrolling(shown, height)
        };
        let is_cut = is_cut_across
            || is_cut_at(row.ink.top(), shown.top())
            || is_cut_at(row.ink.bottom(), shown.bottom());
        // What is typed into a field scrolls in it.
        let is_typed = control_around(scene, row).is_some_and(is_text_field);
        if is_cut && !is_typed {
            let what = format!("{}: ink {:?}, shown {shown:?}", name_of(row), row.ink);
            defects.push(Defect {
                kind: Kind::CutText,
                what,
            });
        }
    }
}

fn text_beside_controls(scene: &Scene, defects: &mut Vec<Defect>) {
    for row in scene.texts.iter().filter(|row| is_seen(row)) {
        let Some(control) = control_around(scene, row) else {
            continue;
        };
        let is_button = matches!(
            control.role,
            Role::Button | Role::MenuItem | Role::Tab | Role::ListBoxOption | Role::ComboBox
        );
        if is_button && sticks_out(row, control) && !row.is_covered && !floats(scene, row, control)
        {
            let what = format!("{} sticks out of {}", name_of(row), label_of(control));
            defects.push(Defect {
                kind: Kind::TextBesideControl,
                what,
            });
        }
    }
}

/// Whether the text lies on a surface of its own that covers a part of the control: a hint.
fn floats(scene: &Scene, row: &TextRow, control: &Control) -> bool {
    scene.fills.iter().any(|(order, rect)| {
        *order < row.order
            && rect.contains_rect(row.ink)
            && !rect.contains_rect(control.rect.shrink(1.0))
            && !control.rect.expand(1.0).contains_rect(*rect)
    })
}

fn text_over_text(scene: &Scene, defects: &mut Vec<Defect>) {
    let seen = |row: &&TextRow| is_seen(row) && !row.is_covered;
    let texts: Vec<&TextRow> = scene.texts.iter().filter(seen).collect();
    for (index, upper) in texts.iter().enumerate() {
        for lower in &texts[..index] {
            let both = upper
                .ink
                .intersect(lower.ink)
                .intersect(upper.clip)
                .intersect(lower.clip);
            if both.width() < 1.0 || both.height() < 1.0 || lower.order == upper.order {
                continue;
            }
            let mut between = scene.fills.iter();
            let is_hidden = between.any(|(order, rect)| {
                (lower.order..upper.order).contains(order) && rect.contains_rect(both)
            });
            if !is_hidden {
                let what = format!("{} over {}", name_of(upper), name_of(lower));
                defects.push(Defect {
                    kind: Kind::TextOverText,
                    what,
                });
            }
        }
    }
}

fn overlaps(scene: &Scene, defects: &mut Vec<Defect>) {
    let controls = scene.usable();
    for control in controls.iter().filter(|control| control.is_half_hidden) {
        defects.push(Defect {
            kind: Kind::HalfHidden,
            what: label_of(control),
        });
    }
    for (index, one) in controls.iter().enumerate() {
        for other in &controls[..index] {
            let is_over_all = |control: &Control| scene::is_transient(control.layer);
            if one.layer != other.layer && (is_over_all(one) || is_over_all(other)) {
                continue;
            }
            // A handle of a slider lies on it.
            let is_part = one.role == Role::Slider
                && other.role == Role::Slider
                && one.rect.y_range().contains(other.rect.center().y);
            let both = one.visible.intersect(other.visible);
            if is_part {
                continue;
            }
            if both.width() > ROUNDING && both.height() > ROUNDING {
                let what = format!("{} and {}", label_of(one), label_of(other));
                defects.push(Defect {
                    kind: Kind::Overlap,
                    what,
                });
            }
        }
    }
}

fn sizes_and_places(scene: &Scene, defects: &mut Vec<Defect>) {
    let is_phone = scene.window.width() < PHONE || scene.window.height() < PHONE;
    let smallest = if is_phone { TARGET_PHONE } else { TARGET };
    for control in &scene.controls {
        // Scrolled away.
        if !control.visible.is_positive() && !control.rect.intersects(scene.window) {
            let mut clips = scene.clips.iter();
            if clips.any(|clip| clip.x_range().contains(control.rect.center().x)) {
                continue;
            }
        }
        let side = control.rect.width().min(control.rect.height());
        if side < smallest - 0.1 {
            let what = format!("{} is {side:.1} small", label_of(control));
            defects.push(Defect {
                kind: Kind::SmallTarget,
                what,
            });
        }
        let height = control.rect.height();
        let is_cut_at = |whole: f32, shown: f32| {
            (whole - shown).abs() > ROUNDING && !scene.is_edge_of_scrolling(shown, height.min(40.0))
        };
        let (whole, shown) = (control.rect, control.visible);
        let is_cut = shown.is_positive()
            && (whole.left() < shown.left() - ROUNDING
                || whole.right() > shown.right() + ROUNDING
                || is_cut_at(whole.top(), shown.top())
                || is_cut_at(whole.bottom(), shown.bottom()));
        if is_cut || !shown.is_positive() && !inside_of_scrolling(scene, whole) {
            let what = format!("{} of which {shown:?} is shown", label_of(control));
            defects.push(Defect {
                kind: Kind::Outside,
                what,
            });
        }
    }
}

/// Whether something lies above or below what a panel shows now.
fn inside_of_scrolling(scene: &Scene, rect: Rect) -> bool {
    let mut clips = scene.clips.iter();
    clips.any(|clip| {
        clip.height() > 2.0 * rect.height().min(40.0)
            && clip.x_range().contains(rect.left() + ROUNDING)
            && clip.x_range().contains(rect.right() - ROUNDING)
    })
}

fn misaligned(scene: &Scene, defects: &mut Vec<Defect>) {
    let controls = scene.usable();
    for (index, one) in controls.iter().enumerate() {
        for other in &controls[..index] {
            let off = (one.rect.center().y - other.rect.center().y).abs();
            let gap =
                (one.rect.left() - other.rect.right()).max(other.rect.left() - one.rect.right());
            let is_row = one.layer == other.layer && (-ROUNDING..ROW_GAP).contains(&gap);
            if is_row && off > ALIGNED && off < APART {
                let what = format!("{} and {} by {off:.2}", label_of(one), label_of(other));
                defects.push(Defect {
                    kind: Kind::Misaligned,
                    what,
                });
            }
        }
    }
}
