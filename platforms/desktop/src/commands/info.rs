//! `zoetrope info`: what is in a clip.

use std::path::Path;

use serde::Serialize;
use zoetrope_app::network::network;
use zoetrope_app::open::is_web_link;
use zoetrope_codecs::container::v3::SidecarCamera;
use zoetrope_codecs::{Bounds, Cancel, ClipInfo, FrameReader};

use crate::cli::InfoArgs;
use crate::open::open;
use crate::output;

/// The facts, as `--json` prints them. Times in seconds, lengths in world units.
#[derive(Debug, Serialize)]
struct Report {
    title: String,
    kind: &'static str,
    codec: String,
    engine: String,
    hardware: bool,
    duration: f64,
    frame_rate: f64,
    frame_rate_known: bool,
    frames: usize,
    groups: usize,
    gaussians: Option<Counts>,
    sh_degree: u8,
    bounds: Option<Box3>,
    up: &'static str,
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
    let mut reader = open(&args.clip, cancel)?;
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
    let mut warnings = info.warnings.clone();
    let mut gaussians = info.gaussians.map(|counts| Counts {
        min: counts.min,
        mean: counts.mean,
        max: counts.max,
    });
    let mut bounds = info.bounds;
    let mut sh_degree = info.sh_degree;
    // A container without counts or bounds is asked for its first frame, which stands for all.
    if gaussians.is_none() || bounds.is_none() {
        match reader.frame(0, cancel) {
            Ok(frame) => {
                if frame.dropped() > 0 {
                    warnings.push(format!(
                        "{} of its Gaussians have broken numbers and are not shown.",
                        frame.dropped()
                    ));
                }
                bounds = bounds.or_else(|| Some(frame.bounds()));
                sh_degree = sh_degree.max(frame.sh_degree());
                gaussians.get_or_insert_with(|| {
                    if info.frame_count > 1 {
                        warnings.push("Gaussians and bounds are those of the first frame.".into());
                    }
                    Counts {
                        min: frame.count(),
                        mean: frame.count() as f64,
                        max: frame.count(),
                    }
                });
            }
            Err(error) => warnings.push(format!("{error:#}.")),
        }
    }
    let duration = info.duration();
    Report {
        title: info.title,
        kind: info.kind.name(),
        codec: info.codec,
        engine: engine.name,
        hardware: engine.hardware,
        duration,
        frame_rate: info.frame_rate,
        frame_rate_known: info.frame_rate_known,
        frames: info.frame_count,
        groups,
        gaussians,
        sh_degree,
        bounds: bounds
            .filter(|bounds| !bounds.is_empty())
            .map(|Bounds { min, max }| Box3 { min, max }),
        up: info.up.name(),
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

fn text(report: &Report) -> String {
    let mut lines = vec![
        report.title.clone(),
        row("kind", &format!("{}, {}", report.kind, report.codec)),
        row(
            "decoded by",
            &format!(
                "{} ({})",
                report.engine,
                if report.hardware {
                    "hardware"
                } else {
                    "software"
                }
            ),
        ),
        row(
            "duration",
            &format!(
                "{:.3} s, {} at {} a second{}",
                report.duration,
                output::count(report.frames as u64, "frame"),
                report.frame_rate,
                if report.frame_rate_known {
                    ""
                } else {
                    " (assumed)"
                }
            ),
        ),
        row("groups", &report.groups.to_string()),
    ];
    if let Some(Counts { min, mean, max }) = &report.gaussians {
        lines.push(row(
            "gaussians",
            &if min == max {
                format!("{min} in each frame")
            } else {
                format!("{min} to {max}, {mean:.0} on average")
            },
        ));
    }
    lines.push(row("SH degree", &report.sh_degree.to_string()));
    if let Some(Box3 { min, max }) = &report.bounds {
        lines.push(row("bounds", &format!("{} to {}", point(min), point(max))));
    }
    lines.push(row("up", report.up));
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
    if let (Some(bytes), Some(per_frame), Some(bit_rate)) =
        (report.bytes, report.bytes_per_frame, report.bit_rate)
    {
        lines.push(row(
            "size",
            &format!(
                "{:.2} MB, {:.1} kB a frame, {:.1} Mbit/s",
                bytes as f64 * 1e-6,
                per_frame * 1e-3,
                bit_rate * 1e-6
            ),
        ));
    }
    let mut bit_rate = 0.0;
    for Layer {
        name,
        bit_rate: own,
        ..
    } in &report.layers
    {
        bit_rate += own;
        lines.push(row(
            "layer",
            &format!("{name}, {:.1} Mbit/s up to it", bit_rate * 1e-6),
        ));
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

fn row(name: &str, value: &str) -> String {
    format!("  {name:<12}{value}")
}

fn point(p: &[f32; 3]) -> String {
    format!("({:.3}, {:.3}, {:.3})", p[0], p[1], p[2])
}
