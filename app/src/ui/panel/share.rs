//! Sharing: the link to what is seen, the local network, and copies.

use egui::{
    Align, Checkbox, Color32, Frame, Label, Layout, Margin, Rect, RichText, Role, Sense, Ui,
    WidgetInfo, pos2, vec2,
};
use zoetrope_player::share_link::StartView;
use zoetrope_share::{QrCode, Visitors};

use super::super::icons::Icon;
use super::super::theme;
use super::inspector::choose;
use super::rows::{main_button, quiet, wide_button};
use super::settings::controls::switch;
use super::{Frames, Panel, SheetResponse, section, sheet};
use crate::text::{fill, text};

/// Dark modules of a QR code. Readers want dark on light, whatever the theme is.
const QR_DARK: Color32 = Color32::from_rgb(16, 16, 20);
/// Widest a QR code gets, in points.
const QR_SIDE: f32 = 216.0;

/// What a link holds besides the clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkParts {
    /// The frame.
    pub moment: bool,
    /// Where from.
    pub view: bool,
    /// The A–B loop, where there is one.
    pub ab: bool,
    /// The quality, where one was chosen.
    pub quality: bool,
}

impl Default for LinkParts {
    fn default() -> Self {
        Self {
            moment: true,
            view: true,
            ab: true,
            quality: true,
        }
    }
}

/// How a video of the clip is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilmChoice {
    /// How the camera moves.
    pub camera: FilmMove,
    /// Width and height in pixels.
    pub size: [u32; 2],
}

impl Default for FilmChoice {
    fn default() -> Self {
        Self {
            camera: FilmMove::Still,
            size: FILM_SIZES[1].1,
        }
    }
}

/// How the camera of a video moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilmMove {
    /// It rests where it is now.
    Still,
    /// Once around, from where it is now.
    Orbit,
    /// Along the path that is kept of the clip.
    Path,
}

/// Sizes of videos, with the names that people know them by.
const FILM_SIZES: [(&str, [u32; 2]); 3] = [
    ("720p", [1280, 720]),
    ("1080p", [1920, 1080]),
    ("2160p", [3840, 2160]),
];

/// For whom a link works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// For nobody: the clip is built in.
    BuiltIn,
    /// On this computer.
    Here,
    /// On this network, while the clip is shared.
    Network,
    /// Wherever the web reaches.
    Web,
}

/// Whether the clip is shared on the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing<'a> {
    /// It cannot be, and why.
    Never(&'a str),
    /// It is not.
    Off,
    /// It will be in a moment.
    Starting,
    /// It is.
    On {
        /// The address of its page.
        page: &'a str,
        /// Who was there.
        visitors: Visitors,
    },
}

/// What the panel has to know.
pub struct ShareState<'a> {
    /// For whom the link works.
    pub reach: Reach,
    /// The link, if there is one.
    pub link: Option<&'a str>,
    /// What a phone gets from the screen.
    pub qr: Option<&'a QrCode>,
    /// What a link could hold.
    pub there: StartView,
    /// The network.
    pub sharing: Sharing<'a>,
    /// How the camera of a video can move; empty where no videos are made.
    pub film_moves: &'a [FilmMove],
    /// Whether a part can be cut out of the clip without coding anything anew.
    pub can_cut: bool,
    /// How much of a copy is saved, in per cent.
    pub saving: Option<u64>,
}

/// What is asked for with the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareRequest {
    /// The link in the clipboard.
    CopyLink,
    /// The address of the page in the clipboard.
    CopyAddress,
    /// To share on the network, or to stop that.
    Serve(bool),
    /// A copy of the clip.
    SaveCopy,
    /// What lies between A and B as a clip.
    SaveCut,
    /// An ordinary video.
    Film,
    /// The frame that is shown as a splat file.
    SaveFrame,
    /// To stop saving.
    StopSaving,
}

/// Shows the panel; what is chosen goes into `parts`, `film` and `asked`.
pub fn share(
    ui: &Ui,
    frames: Frames,
    state: &ShareState<'_>,
    (parts, film): (&mut LinkParts, &mut FilmChoice),
    asked: &mut Vec<ShareRequest>,
) -> SheetResponse {
    let title = text(ui).share.title;
    sheet(ui, frames, Panel::Share, title, |ui| {
        link(ui, state, parts, asked);
        network(ui, state.sharing, asked);
        save(ui, state, film, asked);
        ui.add_space(theme::GAP_S);
    })
}

fn link(ui: &mut Ui, state: &ShareState<'_>, parts: &mut LinkParts, asked: &mut Vec<ShareRequest>) {
    let texts = &text(ui).share;
    quiet(
        ui,
        match state.reach {
            Reach::BuiltIn => texts.reach_built_in,
            Reach::Here => texts.reach_here,
            Reach::Network => texts.reach_network,
            Reach::Web => texts.reach_web,
        },
    );
    let Some(link) = state.link else {
        return;
    };
    section(ui, texts.section_link);
    let there = &state.there;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(theme::GAP_L, 0.0);
        for (part, label, is_there) in [
            (&mut parts.moment, texts.part_moment, there.time_s.is_some()),
            (&mut parts.view, texts.part_view, there.camera.is_some()),
            (&mut parts.ab, texts.part_ab, there.ab_s.is_some()),
            (
                &mut parts.quality,
                texts.part_quality,
                there.quality.is_some(),
            ),
        ] {
            if is_there {
                ui.add(Checkbox::new(part, label));
            }
        }
    });
    mono(ui, link);
    ui.add_space(theme::GAP_XS);
    if main_button(ui, Icon::Link, texts.copy_link) {
        asked.push(ShareRequest::CopyLink);
    }
    if let Some(code) = state.qr {
        ui.add_space(theme::GAP_S);
        qr_code(ui, code, texts.qr_code);
    }
}

/// A QR code, in whole pixels so that its edges are sharp.
fn qr_code(ui: &mut Ui, code: &QrCode, label: &str) {
    let side = code.side();
    let pixel = 1.0 / ui.ctx().pixels_per_point();
    let room = ui.available_width().min(QR_SIDE);
    let module = (room / side as f32 / pixel).floor().max(1.0) * pixel;
    let size = module * side as f32;
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), size), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label));
    let snapped = |at: f32| (at / pixel).round() * pixel;
    let corner = pos2(snapped(row.center().x - 0.5 * size), snapped(row.top()));
    let painter = ui.painter();
    let paper = Rect::from_min_size(corner, vec2(size, size));
    painter.rect_filled(paper, theme::RADIUS_CONTROL, Color32::WHITE);
    for y in 0..side {
        let mut x = 0;
        while x < side {
            let run = (x..side).take_while(|x| code.is_dark(*x, y)).count();
            if run > 0 {
                let at = corner + module * vec2(x as f32, y as f32);
                let rect = Rect::from_min_size(at, module * vec2(run as f32, 1.0));
                painter.rect_filled(rect, 0.0, QR_DARK);
            }
            x += run.max(1);
        }
    }
}

fn network(ui: &mut Ui, sharing: Sharing<'_>, asked: &mut Vec<ShareRequest>) {
    let texts = &text(ui).share;
    section(ui, texts.section_network);
    if let Sharing::Never(reason) = sharing {
        quiet(ui, reason);
        return;
    }
    let on = sharing != Sharing::Off;
    ui.horizontal(|ui| {
        ui.label(texts.serve);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if switch(ui, texts.serve, on).clicked() {
                asked.push(ShareRequest::Serve(!on));
            }
        });
    });
    let Sharing::On { page, visitors } = sharing else {
        let said = if on {
            texts.starting
        } else {
            texts.serve_explained
        };
        quiet(ui, said);
        return;
    };
    mono(ui, page);
    quiet(
        ui,
        &match visitors.devices {
            0 => texts.nobody_yet.to_owned(),
            1 => texts.one_device.to_owned(),
            devices => fill(texts.devices, &[&devices.to_string()]),
        },
    );
    if wide_button(ui, Icon::Copy, texts.copy_address) {
        asked.push(ShareRequest::CopyAddress);
    }
}

fn save(ui: &mut Ui, state: &ShareState<'_>, film: &mut FilmChoice, asked: &mut Vec<ShareRequest>) {
    let texts = &text(ui).share;
    section(ui, texts.section_save);
    if let Some(percent) = state.saving {
        quiet(ui, &fill(texts.saving, &[&percent.to_string()]));
        if wide_button(ui, Icon::X, texts.stop_saving) {
            asked.push(ShareRequest::StopSaving);
        }
        return;
    }
    if wide_button(ui, Icon::Download, texts.save_copy) {
        asked.push(ShareRequest::SaveCopy);
    }
    if !state.can_cut {
        quiet(ui, texts.no_cut);
    } else if state.there.ab_s.is_none() {
        quiet(ui, texts.cut_needs_ab);
    } else if wide_button(ui, Icon::Scissors, texts.save_cut) {
        asked.push(ShareRequest::SaveCut);
    }
    if wide_button(ui, Icon::Box, texts.save_frame) {
        asked.push(ShareRequest::SaveFrame);
    }
    if !state.film_moves.is_empty() {
        video(ui, state, film, asked);
    }
}

/// How a video is to be, and the button that makes it.
fn video(
    ui: &mut Ui,
    state: &ShareState<'_>,
    film: &mut FilmChoice,
    asked: &mut Vec<ShareRequest>,
) {
    let texts = &text(ui).share;
    section(ui, texts.section_video);
    let remark = if state.there.ab_s.is_some() {
        texts.video_of_ab
    } else {
        texts.video_of_all
    };
    quiet(ui, remark);
    ui.add_space(theme::GAP_XS);
    // A path whose last key was taken away is no choice any more.
    if !state.film_moves.contains(&film.camera) {
        film.camera = FilmMove::Still;
    }
    let moves: Vec<_> = state
        .film_moves
        .iter()
        .map(|choice| {
            let name = match choice {
                FilmMove::Still => texts.film_still,
                FilmMove::Orbit => texts.film_orbit,
                FilmMove::Path => texts.film_path,
            };
            (name.to_owned(), *choice)
        })
        .collect();
    let names = [texts.film_camera, texts.film_camera_choice];
    if let Some(camera) = choose(ui, names, "", &moves, film.camera) {
        film.camera = camera;
    }
    let sizes = FILM_SIZES.map(|(name, size)| (name.to_owned(), size));
    let [width, height] = film.size;
    let names = [texts.film_size, texts.film_size_choice];
    let remark = format!("{width} × {height}");
    if let Some(size) = choose(ui, names, &remark, &sizes, film.size) {
        film.size = size;
    }
    if wide_button(ui, Icon::Film, texts.export) {
        asked.push(ShareRequest::Film);
    }
}

/// A link or an address, every letter of it.
fn mono(ui: &mut Ui, address: &str) {
    let palette = theme::palette(ui);
    let frame = Frame::NONE
        .fill(palette.surface_raised)
        .corner_radius(theme::RADIUS_CONTROL)
        .inner_margin(Margin::symmetric(10, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let font = egui::FontId::new(11.0, egui::FontFamily::Monospace);
        ui.add(Label::new(RichText::new(address).font(font)).wrap());
    });
}
