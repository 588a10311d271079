//! `zoetrope info`: what is in a clip.

use std::path::Path;

use serde::Serialize;
use zoetrope_app::network::network;
use zoetrope_app::open::is_web_link;
use zoetrope_codecs::clip::GaussianCounts;
use zoetrope_codecs::container::v3::SidecarCamera;
use zoetrope_codecs::{Bounds, Cancel, ClipInfo, ClipKind, FrameReader, SplatFrame, UpAxis};

use crate::cli::InfoArgs;
use crate::open::open_with;
use crate::output;

/// The facts, as `--json` prints them. Times in seconds, lengths in world units.
#[derive(Debug, Serialize)]
struct Report {
    title: String,
    kind: &'static str,
    codec: String,
    /// Version of the frames' format, where it has versions.
    version: Option<String>,
    engine: String,
    hardware: bool,
    duration: f64,
    frame_rate: f64,
    frame_rate_known: bool,
    frames: usize,
    groups: usize,
    /// What the pictures of a flat clip are.
    picture: Option<Pictures>,
    gaussians: Option<Counts>,
    sh_degree: u8,
    bounds: Option<Box3>,
    up: &'static str,
    /// Whether the clip states what is up; else it is a guess by the custom of its format.
    up_known: bool,
    /// The axis along which the model seems to stand on the ground, where that is not `up`.
    up_seems: Option<&'static str>,
    camera: Option<SidecarCamera>,
    bytes: Option<u64>,
    bytes_per_frame: Option<f64>,
    bit_rate: Option<f64>,
    credit: Option<String>,
    licence: Option<String>,
    /// The layers of quality, the lowest first, each without those below it.
    layers: Vec<Layer>,
    warnings: Vec<String>,
    /// How it is served, for a link to a web server.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Vec<ServerCheck>>,
}

#[derive(Debug, Serialize)]
struct ServerCheck {
    name: &'static str,
    fine: bool,
    found: String,
}

#[derive(Debug, Serialize)]
struct Layer {
    name: String,
    bytes: u64,
    bit_rate: f64,
}

#[derive(Debug, Serialize)]
struct Pictures {
    width: u32,
    height: u32,
    /// Bits of the file for each pixel of each picture.
    bits_per_pixel: Option<f64>,
    /// Weights and biases of the network that makes them.
    parameters: Option<u64>,
    /// Multiplications with addition for a picture.
    macs: Option<u64>,
    macs_per_pixel: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Counts {
    min: usize,
    mean: f64,
    max: usize,
}

#[derive(Debug, Serialize)]
struct Box3 {
    min: [f32; 3],
    max: [f32; 3],
}

/// Prints the facts of a clip.
///
/// # Errors
/// When the clip cannot be opened.
pub fn run(args: &InfoArgs, cancel: &Cancel) -> anyhow::Result<()> {
    let options = args.neural.options(None);
    let mut reader = open_with(&args.clip, &options, cancel)?;
    let mut report = report(&mut reader, cancel);
    report.server = server(&args.clip, cancel)?;
    if args.json {
        output::print_json(&report)
    } else {
        output::print(&text(&report))
    }
}

/// How the clip is served, if it comes from a web server.
fn server(clip: &Path, cancel: &Cancel) -> anyhow::Result<Option<Vec<ServerCheck>>> {
    if !is_web_link(clip) {
        return Ok(None);
    }
    let checks = zoetrope_http::inspect(network(), &clip.to_string_lossy(), cancel)?;
    let checks = checks.into_iter().map(|check| ServerCheck {
        name: check.name,
        fine: check.fine,
        found: check.found,
    });
    Ok(Some(checks.collect()))
}

fn report(reader: &mut FrameReader, cancel: &Cancel) -> Report {
    let info: ClipInfo = reader.info().clone();
    let groups = reader.groups().len();
    let engine = reader.engine();
    let looked = look(reader, &info, cancel);
    let mut warnings = info.warnings.clone();
    warnings.extend(looked.notes);
    let version = reader.demuxer().format_version().map(str::to_owned);
    let up_known = reader.demuxer().up_is_stated();
    let duration = info.duration();
    let bits_per_pixel = info.bits_per_pixel();
    Report {
        title: info.title,
        kind: info.kind.name(),
        codec: info.codec,
        version,
        engine: engine.name,
        hardware: engine.hardware,
        duration,
        frame_rate: info.frame_rate,
        frame_rate_known: info.frame_rate_known,
        frames: info.frame_count,
        groups,
        picture: info.picture.map(|picture| Pictures {
            width: picture.size[0],
            height: picture.size[1],
            bits_per_pixel,
            parameters: picture.parameters,
            macs: picture.macs,
            macs_per_pixel: picture.macs_per_pixel(),
        }),
        gaussians: info.gaussians.or(looked.gaussians).map(|counts| Counts {
            min: counts.min,
            mean: counts.mean,
            max: counts.max,
        }),
        sh_degree: info.sh_degree.max(looked.sh_degree),
        bounds: info
            .bounds
            .or(looked.bounds)
            .filter(|bounds| !bounds.is_empty())
            .map(|Bounds { min, max }| Box3 { min, max }),
        up: info.up.name(),
        up_known,
        up_seems: looked
            .stands_along
            .filter(|up| *up != info.up && !up_known)
            .map(UpAxis::name),
        camera: info.camera.map(Into::into),
        bytes: info.size_bytes,
        bytes_per_frame: info
            .size_bytes
            .map(|bytes| bytes as f64 / info.frame_count.max(1) as f64),
        bit_rate: info
            .size_bytes
            .map(|bytes| bytes as f64 * 8.0 / duration.max(f64::MIN_POSITIVE)),
        credit: info.credit,
        licence: info.licence,
        layers: info
            .layers
            .into_iter()
            .map(|layer| Layer {
                name: layer.name,
                bytes: layer.bytes,
                bit_rate: layer.bytes as f64 * 8.0 / duration.max(f64::MIN_POSITIVE),
            })
            .collect(),
        warnings,
        server: None,
    }
}

/// What a look at the first frame tells.
#[derive(Default)]
struct Looked {
    gaussians: Option<GaussianCounts>,
    bounds: Option<Bounds>,
    sh_degree: u8,
    stands_along: Option<UpAxis>,
    notes: Vec<String>,
}

/// Looks at the first frame of splat files, whose Gaussians may be odd, and of any clip that does not
/// tell how many Gaussians it has or where they are.
fn look(reader: &mut FrameReader, info: &ClipInfo, cancel: &Cancel) -> Looked {
    if info.is_flat() {
        return Looked::default();
    }
    let are_files = matches!(info.kind, ClipKind::SplatFile | ClipKind::SplatSequence);
    if !are_files && info.gaussians.is_some() && info.bounds.is_some() {
        return Looked::default();
    }
    let frame = match reader.splats(0, cancel) {
        Ok(frame) => frame,
        Err(error) => {
            return Looked {
                notes: vec![error.to_string()],
                ..Looked::default()
            };
        }
    };
    let mut looked = Looked {
        bounds: Some(frame.bounds()),
        sh_degree: frame.sh_degree(),
        ..Looked::default()
    };
    if let SplatFrame::Cloud(cloud) = &*frame {
        let audit = cloud.audit();
        looked.stands_along = audit.stands_along;
        let of_first = |note: String| match info.frame_count {
            1 => note,
            _ => format!("of the first frame, {note}"),
        };
        looked.notes.extend(audit.notes.into_iter().map(of_first));
    }
    if info.frame_count > 1 && (info.gaussians.is_none() || info.bounds.is_none()) {
        let what = match (info.gaussians, info.bounds) {
            (None, None) => "Gaussians and bounds are",
            (None, Some(_)) => "Gaussians are",
            _ => "bounds are",
        };
        looked
            .notes
            .push(format!("{what} those of the first frame"));
    }
    let count = frame.count();
    looked.gaussians = Some(GaussianCounts {
        min: count,
        mean: count as f64,
        max: count,
    });
    looked
}

fn text(report: &Report) -> String {
    let engine = if report.hardware {
        "hardware"
    } else {
        "software"
    };
    let mut lines = vec![
        report.title.clone(),
        row("kind", &kind(report)),
        row("decoded by", &format!("{} ({engine})", report.engine)),
    ];
    // A still model has no time, and bytes a second would be made up.
    let is_still = report.frames == 1 && !report.frame_rate_known;
    if !is_still {
        lines.push(row("duration", &duration(report)));
        lines.push(row("groups", &report.groups.to_string()));
    }
    if let Some(picture) = &report.picture {
        lines.extend(of_pictures(picture));
    }
    if let Some(Counts { min, mean, max }) = &report.gaussians {
        lines.push(row(
            "gaussians",
            &match (is_still, min == max) {
                (true, _) => max.to_string(),
                (_, true) => format!("{min} in each frame"),
                _ => format!("{min} to {max}, {mean:.0} on average"),
            },
        ));
    }
    if report.picture.is_none() {
        lines.push(row("SH degree", &report.sh_degree.to_string()));
    }
    if let Some(Box3 { min, max }) = &report.bounds {
        lines.push(row("bounds", &format!("{} to {}", point(min), point(max))));
    }
    if report.picture.is_none() {
        lines.push(row("up", &up(report)));
    }
    if let Some(camera) = &report.camera {
        lines.push(row(
            "first view",
            &format!(
                "from {} to {}, {} degrees high",
                point(&camera.position),
                point(&camera.target),
                camera.fov_y_degrees
            ),
        ));
    }
    lines.extend(size(report, is_still).map(|size| row("size", &size)));
    let (mut bytes, mut bit_rate) = (0, 0.0);
    for layer in &report.layers {
        bytes += layer.bytes;
        bit_rate += layer.bit_rate;
        let up_to = match is_still {
            true => file_size(bytes),
            false => format!("{:.1} Mbit/s", bit_rate * 1e-6),
        };
        lines.push(row("layer", &format!("{}, {up_to} up to it", layer.name)));
    }
    for (name, text) in [("credit", &report.credit), ("licence", &report.licence)] {
        lines.extend(text.iter().map(|text| row(name, text)));
    }
    lines.extend(report.warnings.iter().map(|text| row("warning", text)));
    if let Some(checks) = &report.server {
        lines.push("  the server".to_owned());
        lines.extend(checks.iter().map(|check| {
            let verdict = if check.fine { "fine" } else { "to change" };
            row(check.name, &format!("{verdict}: {}", check.found))
        }));
    }
    lines.join("\n")
}

/// "2.000 s, 60 frames at 30 a second"
fn duration(report: &Report) -> String {
    format!(
        "{:.3} s, {} at {} a second{}",
        report.duration,
        output::count(report.frames as u64, "frame"),
        report.frame_rate,
        if report.frame_rate_known {
            ""
        } else {
            " (assumed)"
        }
    )
}

/// "2.41 MB, 40.1 kB a frame, 9.6 Mbit/s", or "1.48 MB, 16.3 bytes a Gaussian" of a still model.
fn size(report: &Report, is_still: bool) -> Option<String> {
    let (bytes, per_frame, bit_rate) = (
        report.bytes?,
        report.bytes_per_frame?,
        report.bit_rate? * 1e-6,
    );
    let size = file_size(bytes);
    if !is_still {
        let per_frame = file_size(per_frame as u64);
        return Some(format!("{size}, {per_frame} a frame, {bit_rate:.1} Mbit/s"));
    }
    Some(match &report.gaussians {
        Some(counts) if counts.max > 0 => {
            let each = bytes as f64 / counts.max as f64;
            format!("{size}, {each:.1} bytes a Gaussian")
        }
        _ => size,
    })
}

/// "1.48 MB", "16.3 kB" or "92 bytes"
fn file_size(bytes: u64) -> String {
    match bytes {
        0..1_000 => output::count(bytes, "byte"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 * 1e-3),
        _ => format!("{:.2} MB", bytes as f64 * 1e-6),
    }
}

/// The rows of a flat clip.
fn of_pictures(picture: &Pictures) -> Vec<String> {
    let [width, height] = [picture.width, picture.height];
    let mut lines = vec![row("picture", &format!("{width} x {height} pixels"))];
    if let Some(bits) = picture.bits_per_pixel {
        lines.push(row("rate", &format!("{bits:.4} bits per pixel")));
    }
    if let (Some(parameters), Some(macs), Some(each)) =
        (picture.parameters, picture.macs, picture.macs_per_pixel)
    {
        lines.push(row(
            "network",
            &format!(
                "{parameters} parameters; {:.2} GMAC for a frame, {:.1} kMAC for each pixel",
                macs as f64 * 1e-9,
                each * 1e-3
            ),
        ));
    }
    lines
}

/// "splat file, SOG, version 2"
fn kind(report: &Report) -> String {
    let version = report.version.as_ref();
    let version = version.map_or_else(String::new, |version| format!(", version {version}"));
    format!("{}, {}{version}", report.kind, report.codec)
}

/// "-y (a guess: the custom of PLY)"
fn up(report: &Report) -> String {
    let Report { up, codec, .. } = report;
    match (report.up_known, report.up_seems) {
        (true, _) => (*up).to_owned(),
        (false, None) => format!("{up} (a guess: the custom of {codec})"),
        (false, Some(seems)) => format!(
            "{up} (a guess: the custom of {codec}; it looks as if it stood on the ground along {seems})"
        ),
    }
}

fn row(name: &str, value: &str) -> String {
    format!("  {name:<12}{value}")
}

fn point(p: &[f32; 3]) -> String {
    format!("({:.3}, {:.3}, {:.3})", p[0], p[1], p[2])
}
