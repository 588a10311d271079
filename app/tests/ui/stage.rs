//! The application under test.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use eframe::egui_wgpu::RenderState;
use egui::{Key, Modifiers, Vec2, ViewportId};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use zoetrope_app::film::MakeFilm;
use zoetrope_app::fitting::{FitMade, FitNews, MakeFit};
use zoetrope_app::platform::{Pick, PickAnswer, PickRequest};
use zoetrope_app::settings::ThemeChoice;
use zoetrope_app::text::{Text, text_of};
use zoetrope_app::{
    AppOptions, Arrivals, ClipTarget, DemoClip, LostDevice, MemoryStorage, OpenClip, OpenOptions,
    Platform, Storage, ZoetropeApp, open_clip_with,
};
use zoetrope_codecs::PictureFrame;
use zoetrope_player::{Command, LoopMode, PlayerState};
use zoetrope_render::Camera;

use crate::hands::Asked;
use crate::lint;
use crate::scripted::{self, FRAMES};

const DEADLINE: Duration = Duration::from_secs(30);
/// Seconds that pass in one step of the harness.
pub const STEP_S: f64 = 1.0 / 60.0;

/// A platform whose dialogs answer at once.
#[derive(Default)]
pub struct ScriptedPlatform {
    pub answer: Option<PathBuf>,
    pub asked: Mutex<Vec<Pick>>,
    /// Folders that were shown.
    pub shown: Mutex<Vec<PathBuf>>,
}

impl Platform for ScriptedPlatform {
    fn pick(&self, request: PickRequest, answer: PickAnswer) {
        self.asked.lock().expect("unpoisoned").push(request.what);
        answer(self.answer.clone());
    }

    /// Nobody else on the network is served by a test.
    fn network_address(&self) -> Option<IpAddr> {
        Some(Ipv4Addr::LOCALHOST.into())
    }

    /// Writes down what was asked for in place of a video.
    fn film_maker(&self) -> Option<MakeFilm> {
        Some(|clip, film, path, progress, cancel| {
            progress.expect(2);
            progress.set(1);
            cancel.check()?;
            fs::write(path, format!("{} {film:?}", clip.name()))?;
            Ok(())
        })
    }

    /// Reports a fit of 1000 steps up to the 400th. One of 8 bits is complete then, and what it makes is a model that is at
    /// hand; one of 6 bits goes on until it is stopped.
    fn fit_maker(&self) -> Option<MakeFit> {
        Some(|wish, path, report, cancel| {
            for step in 1..=400 {
                report.note(FitNews {
                    step,
                    steps: 1000,
                    psnr: Some(32.0 - 14.0 * (-(step as f64) / 120.0).exp()),
                    seconds: 0.2 * step as f64,
                });
            }
            let model = neural_data().join("tiny.safetensors");
            while wish.bits == Some(6) {
                if report.wants_picture() {
                    report.show(png_picture(&neural_data().join("00.png"))?);
                }
                cancel.check()?;
                std::thread::sleep(Duration::from_millis(1));
            }
            let bytes = fs::copy(model, path)?;
            Ok(FitMade { bytes, psnr: 31.5 })
        })
    }

    fn show_folder(&self, folder: &Path) -> bool {
        self.shown.lock().expect("unpoisoned").push(folder.into());
        true
    }
}

/// Where a small neural video and its pictures lie.
pub fn neural_data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../codecs/tests/data/neural")
}

fn png_picture(path: &Path) -> anyhow::Result<PictureFrame> {
    let picture = image::open(path)?.to_rgba8();
    let (width, height) = picture.dimensions();
    Ok(PictureFrame {
        width,
        height,
        rgba: picture.into_raw(),
    })
}

/// What a stage is built of.
pub struct Setup {
    /// In points.
    pub size: Vec2,
    pub scale: f32,
    pub clip: Option<ClipTarget>,
    /// What dialogs answer.
    pub answer: Option<PathBuf>,
    pub patience: Duration,
    /// What was kept from the last time.
    pub storage: Arc<dyn Storage>,
    pub demos: Vec<DemoClip>,
    /// Changes clips that were opened from real files.
    pub wrap: Arc<dyn Fn(OpenClip) -> OpenClip + Send + Sync>,
}

impl Default for Setup {
    /// A window of 1280 × 720 points with the scripted clip, which waits for every picture.
    fn default() -> Self {
        Self {
            size: Vec2::new(1280.0, 720.0),
            scale: 1.0,
            clip: Some("ring".into()),
            answer: None,
            patience: Duration::MAX,
            storage: storage_with("{}"),
            demos: Vec::new(),
            wrap: Arc::new(|clip| clip),
        }
    }
}

impl Setup {
    /// With these settings, as they stand in their file.
    pub fn with_settings(settings: &str) -> Self {
        Self {
            storage: storage_with(settings),
            ..Self::default()
        }
    }

    /// The clips that are built in.
    pub fn demos() -> Vec<DemoClip> {
        let biker = DemoClip {
            name: "Biker".to_owned(),
            bytes: include_bytes!("../../../assets/demo/biker.zip"),
            sheet: include_bytes!("../../../assets/demo/biker.png"),
            sheet_pictures: 28,
        };
        std::iter::once(biker).chain(Self::demo()).collect()
    }

    /// A small built-in clip.
    pub fn demo() -> Vec<DemoClip> {
        vec![DemoClip {
            name: "Wave".to_owned(),
            bytes: include_bytes!("../../../assets/demo/wave.zip"),
            sheet: include_bytes!("../../../assets/demo/wave.png"),
            sheet_pictures: 28,
        }]
    }
}

/// A storage with these settings. Where they say nothing else, there are no hints, and pictures are
/// the same on a busy machine: drawn with all pixels however long it takes.
pub fn storage_with(settings: &str) -> Arc<dyn Storage> {
    let mut settings: serde_json::Map<_, _> = serde_json::from_str(settings).expect("settings");
    let scale = settings.entry("render_scale");
    scale.or_insert_with(|| "100".into());
    settings.entry("hints").or_insert_with(|| false.into());
    let storage = MemoryStorage::default();
    let document = serde_json::Value::Object(settings).to_string();
    storage
        .write("settings.json", document.as_bytes())
        .expect("memory");
    Arc::new(storage)
}

/// Windows in which a panel is looked at: of a laptop and of a phone, in both themes and languages,
/// each with a name for its picture.
pub fn looks(panel: &str) -> [(String, Setup); 4] {
    let (laptop, phone) = (Vec2::new(1280.0, 720.0), Vec2::new(390.0, 844.0));
    let light_german = r#"{"theme":"light","language":"de"}"#;
    [
        ("dark", laptop, "{}"),
        ("light-de", laptop, light_german),
        ("phone", phone, "{}"),
        ("phone-de", phone, light_german),
    ]
    .map(|(look, size, settings)| {
        let setup = Setup {
            size,
            storage: storage_with(settings),
            ..Setup::default()
        };
        (format!("{panel}-{look}"), setup)
    })
}

pub struct Stage {
    pub harness: Harness<'static, ZoetropeApp>,
    pub platform: Arc<ScriptedPlatform>,
    /// Held by the test while "slow" must not open.
    pub gate: Arc<Mutex<()>>,
    pub lost: Arc<OnceLock<LostDevice>>,
    /// What comes from outside of the window.
    pub arrivals: Arc<Arrivals>,
    pub render_state: RenderState,
    /// Labels of the controls that were used.
    pub used: BTreeSet<String>,
    pub asked: Asked,
    /// A folder that goes with the window.
    pub folder: Option<tempfile::TempDir>,
}

impl Stage {
    /// A window of 1280 × 720 points with the scripted clip.
    pub fn new(scale: f32) -> Self {
        Self::build(Setup {
            scale,
            ..Setup::default()
        })
    }

    pub fn build(setup: Setup) -> Self {
        let setup_size = setup.size;
        let platform = Arc::new(ScriptedPlatform {
            answer: setup.answer,
            ..ScriptedPlatform::default()
        });
        let gate = Arc::new(Mutex::new(()));
        let lost = Arc::new(OnceLock::new());
        let (for_app, for_opener, for_loss) = (platform.clone(), gate.clone(), lost.clone());
        let arrivals = Arc::new(Arrivals::default());
        let for_arrivals = arrivals.clone();
        let (sender, render_state) = std::sync::mpsc::channel();
        let harness = Harness::builder()
            .with_size(setup.size)
            .with_pixels_per_point(setup.scale)
            .with_step_dt(STEP_S as f32)
            .with_render_cursor(false)
            // The picture makes room for a panel in a tenth of a second.
            .with_max_steps(16)
            .wgpu()
            .build_eframe(move |cc| {
                let render_state = cc.wgpu_render_state.as_ref().expect("a graphics device");
                sender.send(render_state.clone()).expect("the test listens");
                let options = AppOptions {
                    clip: setup.clip,
                    arrivals: for_arrivals,
                    platform: for_app,
                    demos: setup.demos,
                    storage: setup.storage,
                    opener: Box::new(move |_| {
                        Arc::new(move |target: &ClipTarget, import, cancel| match target {
                            ClipTarget::Path(path) if !path.is_absolute() || !path.exists() => {
                                open(target, &for_opener)
                            }
                            _ => {
                                let options = OpenOptions {
                                    import: import.clone(),
                                    ..OpenOptions::default()
                                };
                                let clip = open_clip_with(target, &options, cancel)?;
                                Ok((setup.wrap)(clip))
                            }
                        })
                    }),
                    patience: setup.patience,
                    lost: for_loss,
                    watch: None,
                };
                ZoetropeApp::new(cc, options).expect("a graphics device")
            });
        // The harness has its own idea of the theme.
        harness
            .ctx
            .set_theme(match harness.state().settings().theme {
                ThemeChoice::Light => egui::Theme::Light,
                ThemeChoice::Dark | ThemeChoice::System => egui::Theme::Dark,
            });
        let mut stage = Self {
            harness,
            platform,
            gate,
            lost,
            arrivals,
            render_state: render_state.recv().expect("a graphics device"),
            used: BTreeSet::new(),
            asked: Asked::default(),
            folder: None,
        };
        stage.harness.ctx.add_plugin(stage.asked.clone());
        stage.set_size(setup_size);
        stage
    }

    /// Gives the window a size, in points of controls of normal size.
    pub fn set_size(&mut self, size: Vec2) {
        // Larger controls leave fewer of their points; how large they get depends on the window.
        for _ in 0..2 {
            let zoom = self.harness.ctx.zoom_factor();
            self.harness.set_size(size / zoom);
            self.harness.step();
        }
    }

    /// With the clip on its first frame, paused, everything decoded.
    pub fn ready(scale: f32) -> Self {
        let mut stage = Self::new(scale);
        stage.make_ready();
        stage
    }

    pub fn make_ready(&mut self) {
        self.until("a picture", |app| app.player_state().is_some());
        assert_eq!(self.state().loop_mode, LoopMode::All);
        self.apply("loop off");
        self.apply("pause");
        self.apply("go-start");
        self.until("everything decoded", |app| {
            app.player_state().is_some_and(|state| {
                let decoded: usize = state.decoded.iter().map(ExactSizeIterator::len).sum();
                decoded == state.frame_count
                    && state.picture.as_ref().is_some_and(|shown| shown.exact)
            })
        });
        // A poster is made, and where the window is gets written down.
        self.until("the poster", |app| !app.is_making_posters());
        self.pass(0.6);
        self.harness.run();
    }

    /// Steps until the application is as wanted.
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&ZoetropeApp) -> bool) {
        let started = Instant::now();
        loop {
            self.harness.step();
            if done(self.harness.state()) {
                return;
            }
            assert!(started.elapsed() < DEADLINE, "never came: {what}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Steps until something with this label is there.
    pub fn until_shown(&mut self, label: &str) {
        let started = Instant::now();
        while !self.has(label) {
            assert!(started.elapsed() < DEADLINE, "never came: {label}");
            std::thread::sleep(Duration::from_millis(1));
            self.harness.step();
        }
    }

    pub fn apply(&mut self, command: &str) {
        let command: Command = command.parse().expect("a command");
        self.harness.state_mut().apply(command);
        self.harness.step();
    }

    pub fn open(&mut self, name: &str) {
        self.harness.state_mut().open(name.into());
        self.harness.step();
    }

    /// Lets `seconds` pass.
    pub fn pass(&mut self, seconds: f64) {
        self.harness.run_steps((seconds / STEP_S).round() as usize);
    }

    /// A whole drag with the left button, as a slow window sees it.
    pub fn drag_in_one_frame(&mut self, from: egui::Pos2, to: egui::Pos2) {
        let button = |pos, pressed| egui::Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        let events = &mut self.harness.input_mut().events;
        events.push(egui::Event::PointerMoved(from));
        events.push(button(from, true));
        events.push(egui::Event::PointerMoved(to));
        events.push(button(to, false));
        self.harness.run();
    }

    pub fn key(&mut self, key: Key) {
        self.key_with(Modifiers::NONE, key);
    }

    pub fn key_with(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.step();
    }

    /// Types into whatever has the keyboard.
    pub fn type_text(&mut self, text: &str) {
        let events = &mut self.harness.input_mut().events;
        events.push(egui::Event::Text(text.to_owned()));
        self.harness.run();
    }

    /// The dialog of that title, if it is open.
    pub fn has_dialog(&self, title: &str) -> bool {
        let dialog = self
            .harness
            .query_by_role_and_label(egui::Role::Dialog, title);
        dialog.is_some()
    }

    /// What the window says, in its language.
    pub fn text(&self) -> &'static Text {
        text_of(&self.harness.ctx)
    }

    pub fn has(&self, label: &str) -> bool {
        self.harness.query_by_label(label).is_some()
    }

    /// The camera, with its target in the middle of the picture.
    pub fn camera(&self) -> Camera {
        let rig = self.harness.state().rig().expect("a camera");
        rig.camera()
    }

    pub fn state(&self) -> &PlayerState {
        self.harness.state().player_state().expect("an open clip")
    }

    /// When the window wants to be painted next; `Duration::MAX` for never.
    pub fn repaint_delay(&self) -> Duration {
        self.harness.output().viewport_output[&ViewportId::ROOT].repaint_delay
    }

    /// Draws the window, on what the system's window is cleared with.
    pub fn picture(&mut self) -> image::RgbaImage {
        let picture = self.harness.render().expect("a picture of the window");
        self.on_clear_color(picture)
    }

    /// Draws the window without its text.
    pub fn without_text(&self) -> image::RgbaImage {
        self.on_clear_color(lint::without_text(&self.harness, &self.render_state))
    }

    fn on_clear_color(&self, mut picture: image::RgbaImage) -> image::RgbaImage {
        let visuals = &self.harness.ctx.global_style().visuals;
        let clear = eframe::App::clear_color(self.harness.state(), visuals);
        for pixel in picture.pixels_mut().filter(|pixel| pixel[3] < 255) {
            let rest = 1.0 - f32::from(pixel[3]) / 255.0;
            for channel in 0..4 {
                let behind = clear[channel] * 255.0 * rest;
                pixel[channel] = (f32::from(pixel[channel]) + behind).round() as u8;
            }
        }
        picture
    }

    /// Draws the window; saved for people to look at when `UI_SCREENSHOTS` names a folder.
    pub fn render(&mut self, name: &str) -> image::RgbaImage {
        let image = self.picture();
        if let Ok(folder) = std::env::var("UI_SCREENSHOTS") {
            let path = PathBuf::from(folder).join(format!("{name}.png"));
            image.save(path).expect("the folder of screenshots exists");
        }
        image
    }
}

fn open(target: &ClipTarget, gate: &Mutex<()>) -> anyhow::Result<OpenClip> {
    let name = target.name();
    match name.as_str() {
        "ring" | "other" => Ok(scripted::clip(&name, &[])),
        "slow" => {
            drop(gate.lock());
            Ok(scripted::clip(&name, &[]))
        }
        "holed" => Ok(scripted::clip(&name, &[2])),
        "hopeless" => Ok(scripted::clip(&name, &(0..FRAMES).collect::<Vec<_>>())),
        "layered" => Ok(scripted::scripted(
            &name,
            scripted::Script {
                layers: 3,
                thumbnails: true,
                ..scripted::Script::default()
            },
        )),
        "partly" => Ok(scripted::scripted(
            &name,
            scripted::Script {
                layers: 3,
                thumbnails: true,
                at_hand: Some(4),
                ..scripted::Script::default()
            },
        )),
        "panics" => panic!("scripted panic while opening"),
        _ => anyhow::bail!("cannot read {name}: there is no such file or folder"),
    }
}
