//! Pictures of the clip as PNG files.
//!
//! A screenshot is drawn and written on a thread of its own, by a renderer of its own: the window's
//! picture goes on meanwhile, and the memory is free again afterwards.

use std::fs;
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use zoetrope_codecs::FrameContent;
use zoetrope_render::{Background, Gpu, Picture, Renderer, View};

use crate::workers::Workers;

/// Longest side of a screenshot in pixels.
pub const SIDE_MAX_PX: u32 = 8192;
/// Most pixels of a screenshot: drawing takes about 30 bytes of memory for each.
pub const PIXELS_MAX: u64 = 8192 * 4320;
/// Longest title in a file's name, in bytes: most file systems end at 255 for the whole name.
const TITLE_MAX_BYTES: usize = 120;
/// Files of one name that are looked at before giving up.
const SAME_NAME_MAX: u32 = 10_000;

/// What a screenshot is to show, and where it goes.
#[derive(Clone, Debug)]
pub struct Shot {
    /// The frame.
    pub frame: FrameContent,
    /// From where, and how large.
    pub view: View,
    /// What lies behind a picture without background: pixels of the view's size or any other.
    pub backdrop: Option<Arc<Picture>>,
    /// Title of the clip.
    pub title: String,
    /// Time in the clip, seconds.
    pub time_s: f64,
    /// A link to what it shows, for others; written into the file.
    pub link: Option<String>,
    /// Folder that it goes to.
    pub folder: PathBuf,
}

/// Why there is no screenshot.
#[derive(Debug, thiserror::Error)]
pub enum ShotError {
    /// More pixels than are drawn at once.
    #[error("{width} x {height} pixels are too many")]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Longest side that would do.
        side_max: u32,
    },
    /// It cannot be drawn.
    #[error(transparent)]
    Draw(#[from] zoetrope_render::Error),
    /// The system does not take the file.
    #[error("it cannot be written into {}: {error}", folder.display())]
    Write {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl Shot {
    /// Draws and writes it; where it is then.
    ///
    /// # Errors
    /// [`ShotError`]; nothing is left behind.
    pub fn take(&self, gpu: &Gpu, workers: &Workers) -> Result<PathBuf, ShotError> {
        self.check(gpu)?;
        let picture = workers.run(|| self.draw(gpu))?;
        let write_error = |error| ShotError::Write {
            folder: self.folder.clone(),
            error,
        };
        let notes = match &self.link {
            Some(link) => vec![("Description", self.title.as_str()), ("Source", link)],
            None => Vec::new(),
        };
        let bytes = encode(picture, &notes).map_err(write_error)?;
        let stem = file_stem(&self.title, self.time_s);
        write_new(&self.folder, &stem, &bytes).map_err(write_error)
    }

    fn check(&self, gpu: &Gpu) -> Result<(), ShotError> {
        let View { width, height, .. } = self.view;
        let device_max = gpu.capabilities.limits.max_texture_dimension_2d;
        let side_max = SIDE_MAX_PX.min(device_max);
        let pixels = u64::from(width) * u64::from(height);
        if width.max(height) > side_max || pixels > PIXELS_MAX {
            return Err(ShotError::TooLarge {
                width,
                height,
                side_max,
            });
        }
        Ok(())
    }

    fn draw(&self, gpu: &Gpu) -> Result<Picture, zoetrope_render::Error> {
        let mut picture = draw(gpu, &self.frame, &self.view)?;
        match (&self.backdrop, self.view.background) {
            (Some(backdrop), Background::Transparent) => lay_over(&mut picture, backdrop),
            (None, Background::Transparent) => unmultiply(&mut picture),
            (_, Background::Opaque(_)) => {}
        }
        Ok(picture)
    }
}

/// Draws a picture apart from the window's.
///
/// # Errors
/// When the device does not.
pub fn draw(
    gpu: &Gpu,
    frame: &FrameContent,
    view: &View,
) -> Result<Picture, zoetrope_render::Error> {
    let mut renderer = Renderer::new(gpu, None)?;
    renderer.render(gpu, frame, view, &mut |_| ())?;
    renderer.read_picture(gpu)
}

/// Premultiplied colours to straight ones, as PNG has them.
fn unmultiply(picture: &mut Picture) {
    for pixel in picture.rgba.chunks_exact_mut(4) {
        let alpha = u16::from(pixel[3]);
        if alpha == 0 {
            pixel.fill(0);
            continue;
        }
        for channel in &mut pixel[..3] {
            // Brighter than white is more than its alpha.
            *channel = ((u16::from(*channel) * 255 + alpha / 2) / alpha).min(255) as u8;
        }
    }
}

/// Lays a premultiplied picture over a backdrop that covers it all, its middle in the middle.
fn lay_over(picture: &mut Picture, backdrop: &Picture) {
    let (width, height) = (picture.width as f32, picture.height as f32);
    let (back_width, back_height) = (backdrop.width as f32, backdrop.height as f32);
    if backdrop.rgba.len() < 4 || back_width * back_height < 1.0 {
        return;
    }
    // Pixels of the backdrop for each of the picture.
    let scale = (back_width / width).min(back_height / height);
    let at = |place: u32, size: f32, back_size: f32| {
        scale * (place as f32 + 0.5 - 0.5 * size) + 0.5 * back_size - 0.5
    };
    let rows = picture.rgba.chunks_exact_mut(4 * picture.width as usize);
    for (y, row) in (0..).zip(rows) {
        let back_y = at(y, height, back_height);
        for (x, pixel) in (0..).zip(row.chunks_exact_mut(4)) {
            let behind = bilinear(backdrop, at(x, width, back_width), back_y);
            let through = 1.0 - f32::from(pixel[3]) / 255.0;
            for (channel, behind) in pixel.iter_mut().zip(behind) {
                *channel = (f32::from(*channel) + through * behind).round().min(255.0) as u8;
            }
            pixel[3] = 255;
        }
    }
}

/// Red, green, blue between four pixels, 0 to 255; places outside are those of the edge.
fn bilinear(picture: &Picture, x: f32, y: f32) -> [f32; 3] {
    let (x, y) = (
        x.clamp(0.0, picture.width as f32 - 1.0),
        y.clamp(0.0, picture.height as f32 - 1.0),
    );
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = (
        (left + 1).min(picture.width as usize - 1),
        (top + 1).min(picture.height as usize - 1),
    );
    let (part_x, part_y) = (x.fract(), y.fract());
    let value = |x: usize, y: usize, channel: usize| {
        let index = 4 * (y * picture.width as usize + x) + channel;
        picture.rgba.get(index).copied().map_or(0.0, f32::from)
    };
    std::array::from_fn(|channel| {
        let row = |y| {
            let (a, b) = (value(left, y, channel), value(right, y, channel));
            a + part_x * (b - a)
        };
        row(top) + part_y * (row(bottom) - row(top))
    })
}

/// An 8-bit PNG, without alpha where there is none. `notes` are keywords with their texts, which
/// programs that manage pictures show.
///
/// # Errors
/// When the picture has no pixels.
pub fn encode(picture: Picture, notes: &[(&str, &str)]) -> io::Result<Vec<u8>> {
    let is_opaque = picture.rgba.chunks_exact(4).all(|pixel| pixel[3] == 255);
    let (color, samples) = if is_opaque {
        (png::ColorType::Rgb, picture.rgb())
    } else {
        (png::ColorType::Rgba, picture.rgba)
    };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width, picture.height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    for (keyword, text) in notes {
        encoder
            .add_itxt_chunk((*keyword).to_owned(), (*text).to_owned())
            .map_err(io::Error::other)?;
    }
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer
        .write_image_data(&samples)
        .map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(bytes)
}

/// Writes `STEM.png`, or `STEM-2.png` and so on where that is taken, into `folder`, which is made
/// when it is missing. The file is written beside its name first, so that nobody sees half of it.
fn write_new(folder: &Path, stem: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let part = folder.join(format!(".{stem}.{}.part", std::process::id()));
    let written = fs::File::create(&part)
        .and_then(|file| {
            let mut file = BufWriter::new(file);
            file.write_all(bytes)?;
            file.into_inner()?.sync_all()
        })
        .and_then(|()| give_free_name(&part, folder, stem));
    // It has a name of its own by now, or is of no use.
    let removed = fs::remove_file(&part);
    if let (Err(error), Ok(_)) = (removed, &written)
        && error.kind() != ErrorKind::NotFound
    {
        log::warn!("{} cannot be removed: {error}", part.display());
    }
    written
}

/// Gives the file at `part` the first of its names that is free. Whoever else wants that name at the
/// same time gets another.
fn give_free_name(part: &Path, folder: &Path, stem: &str) -> io::Result<PathBuf> {
    for number in 1..=SAME_NAME_MAX {
        let name = match number {
            1 => format!("{stem}.png"),
            _ => format!("{stem}-{number}.png"),
        };
        let path = folder.join(name);
        // A second name for the whole file: unlike renaming, this never replaces anything.
        let named = match fs::hard_link(part, &path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            // Some file systems of memory cards have no second names.
            Err(_) => fs::File::create_new(&path).and_then(|_| fs::rename(part, &path)),
            Ok(()) => Ok(()),
        };
        match named {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// "TITLE 0m12.48s", a name that every file system takes.
fn file_stem(title: &str, time_s: f64) -> String {
    let hundredths = (time_s.clamp(0.0, 1e9) * 100.0).round() as u64;
    let (seconds, rest) = (hundredths / 100, hundredths % 100);
    let (minutes, second) = (seconds / 60, seconds % 60);
    format!("{} {minutes}m{second:02}.{rest:02}s", safe_title(title))
}

/// A title without what Windows, macOS or Linux do not take in a file's name.
fn safe_title(title: &str) -> String {
    let mut safe = String::new();
    for letter in title.chars() {
        let letter = match letter {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
            letter if letter.is_control() => ' ',
            letter => letter,
        };
        if safe.len() + letter.len_utf8() > TITLE_MAX_BYTES {
            break;
        }
        safe.push(letter);
    }
    // A dot at the start hides a file.
    let safe = safe.trim_matches([' ', '.', '-']);
    if safe.is_empty() {
        return "Zoetrope".to_owned();
    }
    // Windows keeps these for devices, whatever comes after a dot.
    let first = safe.split('.').next().unwrap_or_default().trim();
    let is_device = |name: &&str| first.eq_ignore_ascii_case(name);
    let numbered = |prefix: &str| {
        let rest = first
            .get(..3)
            .filter(|start| start.eq_ignore_ascii_case(prefix));
        rest.is_some() && first[3..].len() == 1 && first[3..].bytes().all(|b| b.is_ascii_digit())
    };
    if ["con", "prn", "aux", "nul"].iter().any(is_device) || numbered("com") || numbered("lpt") {
        return format!("_{safe}");
    }
    safe.to_owned()
}

/// Screenshots on their way.
#[derive(Debug)]
pub struct Screenshots {
    sender: Sender<Result<PathBuf, ShotError>>,
    done: Receiver<Result<PathBuf, ShotError>>,
    threads: Vec<JoinHandle<()>>,
    /// Held by the one that is drawn: memory is needed for one at a time.
    turn: Arc<Mutex<()>>,
}

impl Default for Screenshots {
    fn default() -> Self {
        let (sender, done) = mpsc::channel();
        Self {
            sender,
            done,
            threads: Vec::new(),
            turn: Arc::default(),
        }
    }
}

impl Screenshots {
    /// Starts one; `repaint` is called when [`Self::done`] has news of it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        &mut self,
        shot: Shot,
        gpu: Gpu,
        workers: Workers,
        repaint: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        self.threads.retain(|thread| !thread.is_finished());
        let (sender, turn) = (self.sender.clone(), self.turn.clone());
        let thread = std::thread::Builder::new()
            .name("screenshot".to_owned())
            .spawn(move || {
                workers.enlist();
                let turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                let taken = shot.take(&gpu, &workers);
                drop(turn);
                // Nobody listens any more when the window was closed meanwhile.
                if sender.send(taken).is_ok() {
                    repaint();
                }
            })?;
        self.threads.push(thread);
        Ok(())
    }

    /// Whether none is on its way.
    pub fn is_idle(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// The next one that has been written, or why it was not.
    pub fn done(&self) -> Option<Result<PathBuf, ShotError>> {
        self.done.try_recv().ok()
    }
}

impl Drop for Screenshots {
    fn drop(&mut self) {
        // Who closes the window has asked for the file before.
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                log::error!("a screenshot ended by a panic");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use zoetrope_codecs::SplatFrame;
    use zoetrope_codecs::splat::synthetic;
    use zoetrope_render::{Camera, Filter};

    use super::*;
    use crate::platform::NullPlatform;

    fn shot(folder: &Path, background: Background) -> Shot {
        let frame = SplatFrame::Cloud(synthetic::surface(2000, 0, 1));
        let camera = Camera::framing(frame.bounds(), glam::Vec3::NEG_Y, 0.9, 1.5);
        Shot {
            frame: frame.into(),
            view: View {
                camera,
                width: 90,
                height: 60,
                background,
                filter: Filter::Classic,
                sh_degree: 3,
            },
            backdrop: None,
            title: "a/b".to_owned(),
            time_s: 12.484,
            link: None,
            folder: folder.to_owned(),
        }
    }

    fn gpu() -> Gpu {
        pollster::block_on(Gpu::headless()).expect("these tests need a Vulkan device")
    }

    fn workers() -> Workers {
        Workers::new("test", Arc::new(NullPlatform)).expect("threads")
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("readable");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = entries
            .map(|entry| name(entry.expect("readable")))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn names_are_taken_by_every_file_system() {
        for (title, expected) in [
            ("Biker", "Biker"),
            ("a/b\\c:d*e?f\"g<h>i|j", "a-b-c-d-e-f-g-h-i-j"),
            ("..", "Zoetrope"),
            ("", "Zoetrope"),
            (" .hidden. ", "hidden"),
            ("tab\there\u{7f}", "tab here"),
            ("NUL.sog", "_NUL.sog"),
            ("com1", "_com1"),
            ("com10", "com10"),
            ("Größe 日本", "Größe 日本"),
            ("coß", "coß"),
        ] {
            assert_eq!(safe_title(title), expected, "{title:?}");
        }
        let long = "ä".repeat(300);
        assert_eq!(safe_title(&long), "ä".repeat(60));
        for (time_s, expected) in [
            (0.0, "x 0m00.00s"),
            (12.484, "x 0m12.48s"),
            (59.999, "x 1m00.00s"),
            (3723.5, "x 62m03.50s"),
            (-1.0, "x 0m00.00s"),
            (f64::NAN, "x 0m00.00s"),
        ] {
            assert_eq!(file_stem("x", time_s), expected);
        }
    }

    #[test]
    fn files_are_never_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("made/for it");
        for (bytes, expected) in [("1", "x.png"), ("2", "x-2.png"), ("3", "x-3.png")] {
            let path = write_new(&inside, "x", bytes.as_bytes()).expect("written");
            assert_eq!(path, inside.join(expected));
            assert_eq!(fs::read(path).expect("readable"), bytes.as_bytes());
        }
        assert_eq!(names(&inside), ["x-2.png", "x-3.png", "x.png"]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_named_and_nothing_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let blocked = folder.path().join("file");
        fs::write(&blocked, b"").expect("a file");
        let shot = shot(&blocked, Background::Transparent);
        let error = shot.take(&gpu(), &workers()).expect_err("it is a file");
        assert!(matches!(&error, ShotError::Write { folder, .. } if *folder == blocked));
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_is_drawn() {
        let folder = tempfile::tempdir().expect("a folder");
        for (width, height) in [(8193, 100), (100, 8193), (8192, 4321)] {
            let mut shot = shot(folder.path(), Background::Transparent);
            (shot.view.width, shot.view.height) = (width, height);
            let refused = shot.take(&gpu(), &workers());
            assert!(matches!(refused, Err(ShotError::TooLarge { .. })));
        }
        assert_eq!(names(folder.path()).len(), 0);
    }

    #[test]
    fn opaque_and_transparent_pictures_are_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (gpu, workers) = (gpu(), workers());
        let opaque = shot(folder.path(), Background::Opaque([0.2, 0.4, 0.6]));
        let path = opaque.take(&gpu, &workers).expect("a picture");
        assert_eq!(path, folder.path().join("a-b 0m12.48s.png"));
        let image = image::open(&path).expect("a PNG");
        assert_eq!(image.color(), image::ColorType::Rgb8);
        assert_eq!((image.width(), image.height()), (90, 60));
        let opaque = image.to_rgba8();
        assert_eq!(opaque.get_pixel(0, 0).0, [51, 102, 153, 255]);

        let mut transparent = shot(folder.path(), Background::Transparent);
        let path = transparent.take(&gpu, &workers).expect("a picture");
        assert_eq!(path, folder.path().join("a-b 0m12.48s-2.png"));
        let image = image::open(&path).expect("a PNG").to_rgba8();
        assert_eq!(image.get_pixel(0, 0).0, [0; 4]);
        // Straight colours: laid over the same background, it is the opaque picture.
        for (pixel, expected) in image.pixels().zip(opaque.pixels()) {
            let alpha = f32::from(pixel.0[3]) / 255.0;
            for (channel, background) in [51.0, 102.0, 153.0].into_iter().enumerate() {
                let over = alpha * f32::from(pixel.0[channel]) + (1.0 - alpha) * background;
                assert!((over - f32::from(expected.0[channel])).abs() < 2.0);
            }
        }

        transparent.backdrop = Some(Arc::new(Picture {
            width: 2,
            height: 1,
            rgba: [[51, 102, 153, 255], [51, 102, 153, 255]].concat(),
        }));
        let path = transparent.take(&gpu, &workers).expect("a picture");
        let image = image::open(&path).expect("a PNG").to_rgba8();
        for (pixel, expected) in image.pixels().zip(opaque.pixels()) {
            for channel in 0..4 {
                assert!(pixel.0[channel].abs_diff(expected.0[channel]) <= 1);
            }
        }
    }

    #[test]
    fn the_link_stands_in_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (gpu, workers) = (gpu(), workers());
        let notes = |link: Option<&str>| {
            let mut shot = shot(folder.path(), Background::Transparent);
            shot.title = "Tänzerin".to_owned();
            shot.link = link.map(str::to_owned);
            let path = shot.take(&gpu, &workers).expect("a picture");
            let file = io::BufReader::new(fs::File::open(path).expect("it is there"));
            let reader = png::Decoder::new(file).read_info().expect("a PNG");
            let notes = reader.info().utf8_text.iter().map(|note| {
                let text = note.get_text().expect("text");
                (note.keyword.clone(), text)
            });
            notes.collect::<Vec<_>>()
        };
        let link = "zoetrope://open?src=https://example.org/a.zoe&t=1";
        let expected = [("Description", "Tänzerin"), ("Source", link)];
        let expected = expected.map(|(keyword, text)| (keyword.to_owned(), text.to_owned()));
        assert_eq!(notes(Some(link)), expected);
        assert_eq!(notes(None), []);
    }

    #[test]
    fn a_backdrop_covers_all_and_keeps_its_shape() {
        // Left half red, right half green, twice as wide as the picture is.
        let row = [
            [255, 0, 0, 255],
            [255, 0, 0, 255],
            [0, 255, 0, 255],
            [0, 255, 0, 255],
        ];
        let backdrop = Picture {
            width: 4,
            height: 1,
            rgba: row.concat(),
        };
        let mut picture = Picture {
            width: 8,
            height: 4,
            rgba: vec![0; 8 * 4 * 4],
        };
        lay_over(&mut picture, &backdrop);
        let at = |x: usize| &picture.rgba[4 * x..][..4];
        // A row of 4 on 4 rows: only the middle two are seen.
        assert_eq!(at(0), [255, 0, 0, 255]);
        assert_eq!(at(7), [0, 255, 0, 255]);
        let middle: u16 = u16::from(at(3)[0]) + u16::from(at(3)[1]);
        assert!((254..=256).contains(&middle));
        lay_over(
            &mut picture,
            &Picture {
                width: 0,
                height: 0,
                rgba: Vec::new(),
            },
        );
    }

    #[test]
    fn they_come_from_their_own_threads() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut screenshots = Screenshots::default();
        let (sender, woken) = mpsc::channel();
        for _ in 0..2 {
            let sender = sender.clone();
            let shot = shot(folder.path(), Background::Transparent);
            let repaint = move || sender.send(()).expect("the test listens");
            screenshots
                .start(shot, gpu(), workers(), repaint)
                .expect("a thread");
        }
        let mut paths = Vec::new();
        for _ in 0..2 {
            woken
                .recv_timeout(Duration::from_secs(30))
                .expect("it is done");
            paths.push(screenshots.done().expect("news").expect("a picture"));
        }
        assert_ne!(paths[0], paths[1]);
        assert!(screenshots.done().is_none());
        let started = Instant::now();
        while !screenshots.is_idle() {
            assert!(started.elapsed() < Duration::from_secs(10));
            std::thread::yield_now();
        }
    }
}
