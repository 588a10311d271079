//! Pictures of every state at every size, for people to look at: `cargo xtask sheet` writes them to
//! `docs/`.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use egui::{Color32, RichText, Vec2, vec2};
use egui_kittest::Harness;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ImageEncoder as _, RgbaImage};

use crate::stage::{Setup, Stage};
use crate::states::STATES;

/// A window that people have.
struct Window {
    name: &'static str,
    /// In points.
    size: Vec2,
    /// Pixels a point.
    scale: f32,
    /// Pictures in a row of its sheet, and how wide each is, in pixels.
    columns: usize,
    width: u32,
}

const WINDOWS: [Window; 4] = [
    Window {
        name: "1280x720",
        size: vec2(1280.0, 720.0),
        scale: 1.0,
        columns: 4,
        width: 420,
    },
    Window {
        name: "1920x1080@2x",
        size: vec2(1920.0, 1080.0),
        scale: 2.0,
        columns: 4,
        width: 420,
    },
    Window {
        name: "390x844@3x",
        size: vec2(390.0, 844.0),
        scale: 3.0,
        columns: 8,
        width: 210,
    },
    Window {
        name: "844x390@3x",
        size: vec2(844.0, 390.0),
        scale: 3.0,
        columns: 4,
        width: 420,
    },
];
/// The states that are shown; the others differ from them in little.
const SHOWN: [&str; 11] = [
    "playing",
    "scrubbing",
    "errors",
    "palette",
    "help",
    "settings",
    "keys",
    "more",
    "inspector",
    "camera",
    "log",
];
/// How wide the picture at the top of the README is, in pixels.
const HERO_WIDTH: u32 = 1280;
/// Around pictures and captions, in pixels.
const GAP: f32 = 12.0;

/// A picture with its caption.
struct Cell {
    caption: String,
    picture: RgbaImage,
}

#[test]
#[ignore = "writes pictures for people: cargo xtask sheet"]
fn contact_sheets() {
    let folder = std::env::var_os("CONTACT_SHEETS").expect("the folder to write to");
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    for window in &WINDOWS {
        let mut cells = Vec::new();
        for theme in ["dark", "light"] {
            cells.extend(pictures(window, theme, &folder));
        }
        let sheet = lay_out(window, &cells);
        let path = folder.join(format!("contact-sheet-{}.png", window.name));
        save(&sheet, &path);
    }
}

/// Every state in a window, scaled down for its sheet. The hero comes from the first window.
fn pictures(window: &Window, theme: &str, folder: &Path) -> Vec<Cell> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/demo/biker.zip");
    let mut cells = Vec::new();
    let mut add = |stage: &mut Stage, name: &str| {
        let picture = stage.picture();
        if name == "playing" && theme == "dark" && window.name == WINDOWS[1].name {
            save(&scaled(&picture, HERO_WIDTH), &folder.join("hero.png"));
        }
        cells.push(Cell {
            caption: format!("{name}, {theme}"),
            picture: scaled(&picture, window.width),
        });
    };
    let settings = format!(r#"{{"theme": "{theme}", "start_with": "start-page", "hints": false}}"#);
    let setup = |clip| Setup {
        size: window.size,
        scale: window.scale,
        clip,
        demos: Setup::demos(),
        ..Setup::with_settings(&settings)
    };
    let mut start = Stage::build(setup(None));
    start.harness.run_ok();
    add(&mut start, "start");
    drop(start);
    let mut stage = Stage::build(setup(Some(demo.into())));
    stage.make_ready();
    for state in STATES.iter().filter(|state| SHOWN.contains(&state.name)) {
        stage.apply("go-percent 45");
        state.enter(&mut stage);
        stage.until("the picture", |app| !app.is_drawing());
        add(&mut stage, state.name);
        state.leave(&mut stage);
    }
    cells
}

/// A smaller picture: each pixel is the mean of those that it stands for.
fn scaled(picture: &RgbaImage, width: u32) -> RgbaImage {
    let height = picture.height() * width / picture.width();
    let ends = |index: u32, of: u32, all: u32| (index * all / of, ((index + 1) * all / of).max(1));
    RgbaImage::from_fn(width, height, |x, y| {
        let (left, right) = ends(x, width, picture.width());
        let (top, bottom) = ends(y, height, picture.height());
        let mut sums = [0_u32; 4];
        for row in top..bottom {
            for column in left..right {
                let pixel = picture.get_pixel(column, row).0;
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += u32::from(value);
                }
            }
        }
        let count = ((right - left) * (bottom - top)).max(1);
        image::Rgba(sums.map(|sum| ((sum + count / 2) / count) as u8))
    })
}

/// All pictures with their captions on one sheet.
fn lay_out(window: &Window, cells: &[Cell]) -> RgbaImage {
    let picture = cells[0].picture.dimensions();
    let picture = vec2(picture.0 as f32, picture.1 as f32);
    let cell = picture + vec2(GAP, GAP + 20.0);
    let rows = cells.len().div_ceil(window.columns);
    let size = vec2(window.columns as f32 * cell.x, rows as f32 * cell.y) + Vec2::splat(GAP);
    let mut textures = Vec::new();
    let mut harness = Harness::builder()
        .with_size(size)
        .with_render_cursor(false)
        .wgpu()
        .build_ui(|ui| {
            if textures.is_empty() {
                textures.extend(cells.iter().map(|cell| {
                    let (width, height) = cell.picture.dimensions();
                    let size = [width as usize, height as usize];
                    let image = egui::ColorImage::from_rgba_unmultiplied(size, &cell.picture);
                    ui.ctx()
                        .load_texture(&cell.caption, image, egui::TextureOptions::NEAREST)
                }));
            }
            let background = Color32::from_gray(48);
            ui.painter()
                .rect_filled(ui.ctx().content_rect(), 0.0, background);
            for (index, (shown, texture)) in cells.iter().zip(&textures).enumerate() {
                let (row, column) = (index / window.columns, index % window.columns);
                let at = egui::pos2(column as f32 * cell.x, row as f32 * cell.y) + Vec2::splat(GAP);
                let rect = egui::Rect::from_min_size(at, picture);
                egui::Image::from_texture(texture).paint_at(ui, rect);
                let caption = RichText::new(&shown.caption).color(Color32::from_gray(220));
                let below = egui::Rect::from_min_size(rect.left_bottom(), vec2(picture.x, 20.0));
                ui.put(below, egui::Label::new(caption));
            }
        });
    harness.run();
    harness.render().expect("a sheet")
}

/// Saves a picture as small as a PNG without loss gets.
fn save(picture: &RgbaImage, path: &Path) {
    let (width, height) = picture.dimensions();
    let rgb: Vec<u8> = picture
        .pixels()
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    let file = BufWriter::new(File::create(path).expect("the file can be made"));
    PngEncoder::new_with_quality(file, CompressionType::Best, FilterType::Adaptive)
        .write_image(&rgb, width, height, image::ExtendedColorType::Rgb8)
        .expect("the picture can be written");
}
