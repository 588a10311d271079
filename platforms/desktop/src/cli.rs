//! What can be typed. Every sub-command, its options and an example of each.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use zoetrope_app::frame_name::FrameName;
use zoetrope_app::{NeuralEngine, OpenOptions};
use zoetrope_codecs::neural::{Activation, ImportOptions, Output, TimeEmbedding};
use zoetrope_codecs::{CameraHint, UpAxis};
use zoetrope_player::share_link::{LinkCamera, LinkQuality};

use crate::args::{self, Colour, Size, Strides};

/// Plays volumetric video. Without a sub-command it opens the window.
#[derive(Debug, Parser)]
#[command(
    name = "zoetrope",
    version,
    about,
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  zoetrope                       the built-in demo clip\n  zoetrope clips/monkey          a V3 folder, a splat file or a folder of frames\n  zoetrope info clips/monkey     what is in it\n\nCLIP is a file, a folder, a quoted glob of frames, an http(s) address or a zoetrope:// link; what it\nholds is found out from its content."
)]
pub struct Cli {
    /// The clip to open; without it the built-in demo clip plays.
    pub clip: Option<PathBuf>,
    /// Who decodes neural video; without it the graphics processor, if it can.
    #[arg(long, value_enum)]
    pub engine: Option<EngineArg>,
    /// Of the clip, if it is neural video.
    #[command(flatten)]
    pub neural: NeuralArgs,
    /// Open a window of its own, even where one is open already.
    #[arg(long)]
    pub new_window: bool,
    /// Write what the start took to a file and close the window again (for `zoetrope bench start`).
    #[arg(long, value_name = "FILE", hide = true)]
    pub measure: Option<PathBuf>,
    /// How long after the first picture the window is closed, in seconds.
    #[arg(
        long,
        value_name = "S",
        hide = true,
        default_value_t = 0,
        requires = "measure"
    )]
    pub measure_seconds: u64,
    /// What to do instead of opening the window.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Log nothing.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Log more; twice for still more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
}

/// The sub-commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tells what is in a clip.
    Info(InfoArgs),
    /// Draws one picture of a clip.
    Render(RenderArgs),
    /// Writes frames of a clip as PNG files.
    Decode(DecodeArgs),
    /// Makes an ordinary video of a clip along a camera path.
    Export(ExportArgs),
    /// Writes frames of a clip in another splat format.
    Convert(ConvertArgs),
    /// Compares two clips as seen from a ring of cameras.
    Compare(CompareArgs),
    /// Prints a link to a moment and a view of a clip.
    Link(LinkArgs),
    /// Serves a clip on the local network.
    Share(ShareArgs),
    /// Makes a clip out of a sequence of splat files.
    Pack(PackArgs),
    /// Makes a neural video out of a video: fits a network to its pictures.
    Fit(FitArgs),
    /// Runs the project's benchmarks.
    Bench(BenchArgs),
}

/// `zoetrope info`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  zoetrope info clips/monkey --json\n  zoetrope info https://example.org/dance.zoe    also how the server serves it"
)]
pub struct InfoArgs {
    /// The clip.
    pub clip: PathBuf,
    /// Print one JSON document and nothing else.
    #[arg(long)]
    pub json: bool,
    /// Of the clip, if it is neural video.
    #[command(flatten)]
    pub neural: NeuralArgs,
}

/// How a picture is taken; shared by the commands that draw.
#[derive(Debug, Args)]
pub struct PictureArgs {
    /// Width and height in pixels.
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = args::size)]
    pub size: Size,
    /// Background colour.
    #[arg(long, value_name = "RRGGBB", default_value = "000000", value_parser = args::colour)]
    pub background: Colour,
    /// Draw with Mip-Splatting's anti-aliasing filter, whatever the clip says.
    #[arg(long)]
    pub mip: bool,
    /// Highest degree of spherical harmonics used.
    #[arg(long, value_name = "0..3", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=3))]
    pub sh_degree: u8,
}

/// `zoetrope render`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  zoetrope render clips/monkey -o monkey.png --time 0.5\n  zoetrope render bunny.ply -o bunny.png --size 1920x1080 --camera 0,-1,-3,0,0,0,50"
)]
pub struct RenderArgs {
    /// The clip.
    pub clip: PathBuf,
    /// The PNG file to write.
    #[arg(short, long, value_name = "OUT.png")]
    pub output: PathBuf,
    /// The moment, in seconds from the start.
    #[arg(long, value_name = "S", conflicts_with = "frame")]
    pub time: Option<f64>,
    /// The frame, counted from 0.
    #[arg(long, value_name = "N")]
    pub frame: Option<usize>,
    /// Camera centre, the point it looks at, and the vertical field of view in degrees.
    #[arg(long, value_name = "PX,PY,PZ,TX,TY,TZ,FOV", value_parser = args::camera, allow_hyphen_values = true)]
    pub camera: Option<CameraHint>,
    /// Draw N x N samples for each pixel.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=8))]
    pub supersample: u32,
    /// Use the exact CPU reference renderer.
    #[arg(long)]
    pub reference: bool,
    /// Size, background and filter.
    #[command(flatten)]
    pub picture: PictureArgs,
    /// Of the clip, if it is neural video.
    #[command(flatten)]
    pub neural: NeuralArgs,
}

/// Which renderer draws, and who decodes neural video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineArg {
    /// The renderer that the window uses; neural video on its device.
    Gpu,
    /// The exact CPU reference renderer; neural video on all cores.
    Cpu,
}

/// What the file of a neural video may not say.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Neural video (HNeRV, NeRV)")]
pub struct NeuralArgs {
    /// How many times larger each block makes the picture ("5,4,4,2,2"; "3x4" for height and width).
    #[arg(long, value_name = "S,S,…", value_parser = args::strides)]
    pub strides: Option<Strides>,
    /// What follows each layer: gelu, relu, leaky, leaky01, relu6, swish, softplus, hardswish, none.
    #[arg(long, value_name = "NAME", value_parser = args::activation)]
    pub activation: Option<Activation>,
    /// How colours come out: tanh, sigmoid, or a number that is added.
    #[arg(long, value_name = "NAME", value_parser = args::output)]
    pub colours: Option<Output>,
    /// Number of frames, of a network that gets the time.
    #[arg(long, value_name = "N")]
    pub frame_count: Option<usize>,
    /// How such a network gets it: "pe_1.25_80".
    #[arg(long, value_name = "pe_B_L", value_parser = args::time_embedding)]
    pub time_embedding: Option<TimeEmbedding>,
    /// Frames a second.
    #[arg(long, value_name = "F", value_parser = args::frame_rate)]
    pub frame_rate: Option<f64>,
}

impl NeuralArgs {
    /// What a clip is opened with.
    pub fn options(&self, engine: Option<EngineArg>) -> OpenOptions {
        OpenOptions {
            import: ImportOptions {
                strides: self.strides.as_ref().map(|strides| strides.0.clone()),
                activation: self.activation,
                output: self.colours,
                frame_rate: self.frame_rate,
                frames: self.frame_count,
                embedding: self.time_embedding,
            },
            neural: match engine {
                None => NeuralEngine::Auto,
                Some(EngineArg::Gpu) => NeuralEngine::Gpu,
                Some(EngineArg::Cpu) => NeuralEngine::Cpu,
            },
            device: None,
        }
    }
}

/// `zoetrope decode`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  zoetrope decode clips/monkey --frames 0..9 -o pictures\n  zoetrope decode clips/monkey --frames 4..4 --planes -o planes"
)]
pub struct DecodeArgs {
    /// The clip.
    pub clip: PathBuf,
    /// First and last frame, counted from 0, both included.
    #[arg(long, value_name = "A..B", value_parser = args::frames)]
    pub frames: Option<RangeInclusive<usize>>,
    /// The folder to write into; it is made.
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Write the decoded planes, a grey picture for each attribute, instead of the view.
    #[arg(long)]
    pub planes: bool,
    /// Which renderer draws, and who decodes neural video; without it the window's renderer, and the
    /// cores.
    #[arg(long, value_enum)]
    pub engine: Option<EngineArg>,
    /// Print frames, times and files as one JSON document.
    #[arg(long)]
    pub json: bool,
    /// Size, background and filter.
    #[command(flatten)]
    pub picture: PictureArgs,
    /// Of the clip, if it is neural video.
    #[command(flatten)]
    pub neural: NeuralArgs,
}

/// `zoetrope export`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  zoetrope export clips/monkey -o monkey.mp4 --path orbit\n  zoetrope export dance.zoe -o dance.mp4 --from 2.5 --to 6 --size 1920x1080 --fps 60"
)]
pub struct ExportArgs {
    /// The clip.
    pub clip: PathBuf,
    /// The MP4 file to write, H.264 with the clip's sound.
    #[arg(short, long, value_name = "OUT.mp4")]
    pub output: PathBuf,
    /// Where to begin, in seconds from the clip's start.
    #[arg(long, value_name = "S")]
    pub from: Option<f64>,
    /// Where to end, in seconds from the clip's start.
    #[arg(long, value_name = "S")]
    pub to: Option<f64>,
    /// How the camera moves: "orbit", once around, or a JSON file of keys; without it along the clip's
    /// own path, or else not at all.
    #[arg(long, value_name = "orbit|FILE.json")]
    pub path: Option<PathBuf>,
    /// Pictures a second; the clip's own without it.
    #[arg(long, value_name = "F", value_parser = args::frame_rate)]
    pub fps: Option<f64>,
    /// Size, background and filter.
    #[command(flatten)]
    pub picture: PictureArgs,
    /// Of the clip, if it is neural video.
    #[command(flatten)]
    pub neural: NeuralArgs,
}

/// `zoetrope convert`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  zoetrope convert bunny.sog -o bunny.ply\n  zoetrope convert dance.zoe -o dance.ply --frame 12\n  zoetrope convert dance.zoe -o 'frames/{frame:04}.ply' --frames 0..99"
)]
pub struct ConvertArgs {
    /// The clip: a splat file, a folder or a quoted glob of frames, or any other clip.
    pub clip: PathBuf,
    /// The file to write, whose end tells the format. With {frame:04} in it, a file for each frame,
    /// numbered from 0 with four digits.
    #[arg(short, long, value_name = "OUT")]
    pub output: FrameName,
    /// The frame, counted from 0.
    #[arg(long, value_name = "N")]
    pub frame: Option<usize>,
    /// First and last frame, counted from 0, both included.
    #[arg(long, value_name = "A..B", value_parser = args::frames, conflicts_with = "frame")]
    pub frames: Option<RangeInclusive<usize>>,
    /// Version of SPZ that is written; most programs read 3.
    #[arg(long, value_name = "3|4", value_parser = clap::value_parser!(u8).range(3..=4))]
    pub spz_version: Option<u8>,
    /// Which axis points up, +y or -y, where that is not what the clip says.
    #[arg(long, value_name = "AXIS", value_parser = args::up_axis, allow_hyphen_values = true)]
    pub up: Option<UpAxis>,
}

/// `zoetrope compare`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  zoetrope compare 'frames/*.sog' clips/monkey --cameras 3 --every 5\n  zoetrope compare bunny.mp4 quant_vid.pth --every 10\n\nFlat pictures (neural video, ordinary videos, folders of pictures) are compared as they are; of\nlarger ones the middle counts."
)]
pub struct CompareArgs {
    /// The clip that is right; a video, or a folder of pictures, where the clip is flat.
    pub a: PathBuf,
    /// The clip that is judged.
    pub b: PathBuf,
    /// Cameras on the ring around Gaussians.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub cameras: u32,
    /// Compare every N-th frame.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub every: u32,
    /// Print one JSON document and nothing else.
    #[arg(long)]
    pub json: bool,
    /// Size, background and filter.
    #[command(flatten)]
    pub picture: PictureArgs,
}

/// `zoetrope link`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  zoetrope link https://example.org/dance.zoe --time 12.48\n  zoetrope link https://example.org/dance.zoe --ab 3,5.5 --web\n\nA clip on this computer gets a link that works on this computer only; \"zoetrope share\" serves it to\nothers."
)]
pub struct LinkArgs {
    /// The clip: a path, an address, or a link, whose view the options change.
    pub clip: PathBuf,
    /// The moment, in seconds from the start.
    #[arg(long, value_name = "S", value_parser = args::seconds)]
    pub time: Option<f64>,
    /// Camera centre, the point it looks at, and the vertical field of view in degrees.
    #[arg(long, value_name = "PX,PY,PZ,TX,TY,TZ,FOV", value_parser = args::link_camera, allow_hyphen_values = true)]
    pub camera: Option<LinkCamera>,
    /// Which axis is up, where that is not the clip's own.
    #[arg(long, value_name = "AXIS", value_parser = args::up_axis, allow_hyphen_values = true)]
    pub up: Option<UpAxis>,
    /// The A-B loop: its first and its last moment, in seconds.
    #[arg(long, value_name = "A,B", value_parser = args::times)]
    pub ab: Option<(f64, f64)>,
    /// The quality: auto, high, low, or a number of layers.
    #[arg(long, value_name = "Q", value_parser = args::link_quality)]
    pub quality: Option<LinkQuality>,
    /// Print the clip's own address with the view behind it instead of a zoetrope:// link.
    #[arg(long)]
    pub web: bool,
}

/// `zoetrope share`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  zoetrope share dance.zoe\n  zoetrope share clips/monkey --bind 192.168.1.5 --port 8080\n\nOnly the clip's own files can be reached, below a name that nobody can guess and that is another one\neach time."
)]
pub struct ShareArgs {
    /// The clip: a file or a V3 folder.
    pub clip: PathBuf,
    /// The address to listen on; without it that of this computer on its network.
    #[arg(long, value_name = "ADDR")]
    pub bind: Option<IpAddr>,
    /// The port; 0 for any that is free.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
}

/// The clip formats that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// One file that streams from any web server, in layers of quality.
    Zoe,
    /// A V3 folder, which V3's own players open too.
    V3,
}

/// The video codecs that a clip can be packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CodecArg {
    /// HEVC Main: smaller.
    Hevc,
    /// H.264 High: decoded by everything.
    H264,
}

/// `zoetrope pack`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  zoetrope pack frames/ -o monkey.zoe --fps 30\n  zoetrope pack clips/v3 -o dance.zoe --ladder --audio dance.m4a\n  zoetrope pack 'frames/*.ply' -o clips/dance --format v3 --up +y"
)]
pub struct PackArgs {
    /// A folder or a quoted glob of splat files (SOG, PLY), a frame each, a clip, or the weights of a neural video.
    pub input: PathBuf,
    /// The file (or, for V3, the folder) to write.
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// Format of the clip.
    #[arg(long, value_enum, default_value_t = FormatArg::Zoe)]
    pub format: FormatArg,
    /// Layers of quality for slow networks and devices: few Gaussians, all of them, their colours
    /// by direction, exact values.
    #[arg(long)]
    pub ladder: bool,
    /// Video codec of the lossy planes.
    #[arg(long, value_enum, default_value_t = CodecArg::Hevc)]
    pub codec: CodecArg,
    /// Frames a second; the input's own where it has one.
    #[arg(long, value_name = "F", value_parser = args::frame_rate)]
    pub fps: Option<f64>,
    /// 0 (smallest) to 100 (best); 50 without it.
    #[arg(long, value_name = "0..100", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub quality: Option<u8>,
    /// Frames of a group; seeking is finer and the clip larger with fewer. 0.8 seconds without it, 20
    /// frames for V3.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub group: Option<u32>,
    /// Which axis points up: +x, -x, +y, -y, +z or -z.
    #[arg(long, value_name = "AXIS", value_parser = args::up_axis, allow_hyphen_values = true)]
    pub up: Option<UpAxis>,
    /// The view that the clip opens with: camera centre, the point it looks at, and the vertical
    /// field of view in degrees; the input's own where it has one.
    #[arg(long, value_name = "PX,PY,PZ,TX,TY,TZ,FOV", value_parser = args::camera, allow_hyphen_values = true)]
    pub camera: Option<CameraHint>,
    /// A camera path that the clip carries, as the window saves it.
    #[arg(long, value_name = "FILE")]
    pub camera_path: Option<PathBuf>,
    /// Sound to go with it: AAC (M4A), MP3, Opus, FLAC or WAV, which is not coded anew; the input's own
    /// without it.
    #[arg(long, value_name = "FILE")]
    pub audio: Option<PathBuf>,
    /// What the clip says of itself.
    #[command(flatten)]
    pub words: WordArgs,
    /// Do not draw pictures for the time bar and a poster.
    #[arg(long)]
    pub no_thumbnails: bool,
    /// Bits of a weight of a neural video, where its file has plain numbers.
    #[arg(long, value_name = "1..8", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub bits: u8,
    /// What is known of a neural video that its file does not say.
    #[command(flatten)]
    pub neural: NeuralArgs,
    /// Start anew instead of going on where the last run was stopped.
    #[arg(long)]
    pub no_resume: bool,
    /// Do not draw pictures at the end to measure the PSNR.
    #[arg(long)]
    pub no_psnr: bool,
    /// Print the report as one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// What a clip that is made says of itself.
#[derive(Debug, Default, Args)]
pub struct WordArgs {
    /// Name of the clip, for people.
    #[arg(long)]
    pub title: Option<String>,
    /// Who made it, for people.
    #[arg(long)]
    pub credit: Option<String>,
    /// Its licence, for people.
    #[arg(long)]
    pub license: Option<String>,
}

/// The networks that can be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NeuralCodecArg {
    /// One network for all frames, and a few numbers for each of them.
    Hnerv,
    /// A small network for every few frames, which begins as the one before: much faster to make.
    Nirvana,
}

/// Rules for widths and kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProfileArg {
    /// At most 5000 multiplications a pixel: phones play it.
    Lite,
    /// The published rule of HNeRV: desktop GPUs play it.
    Hnerv,
}

/// What a network is fitted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProcessorArg {
    /// The graphics processor where a real one does the first step faster, else all cores.
    Auto,
    /// All cores: the same file on every run.
    Cpu,
    /// The graphics processor.
    Gpu,
}

/// `zoetrope fit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  zoetrope fit bunny.mp4 -o bunny.zoe\n  zoetrope fit frames/ -o bunny.zoe --fps 24\n  zoetrope fit 'frames/*.png' -o bunny.zoe --size 400000 --bits 6\n  zoetrope fit bunny.mp4 -o bunny.zoe --codec nirvana --psnr 32\n  zoetrope fit frames/ -o bunny.zoe --resume         goes on where the last run was stopped"
)]
pub struct FitArgs {
    /// The video: a file, or a folder or a quoted pattern of pictures, a frame each.
    pub video: PathBuf,
    /// The file to write.
    #[arg(short, long, value_name = "OUT.zoe")]
    pub output: PathBuf,
    /// What is fitted.
    #[arg(long, value_enum, default_value_t = NeuralCodecArg::Hnerv)]
    pub codec: NeuralCodecArg,
    /// Widths and kernels of the network of hnerv; lite without it.
    #[arg(long, value_enum)]
    pub profile: Option<ProfileArg>,
    /// Bytes that the file of hnerv may take; by the length of the video without it.
    #[arg(long, value_name = "BYTES")]
    pub size: Option<u64>,
    /// Quality that is enough for nirvana, PSNR in dB; what its first frames come to without it.
    #[arg(long, value_name = "DB")]
    pub psnr: Option<f64>,
    /// How often every frame is looked at; by the video without it. Of nirvana the first frames: those that differ little
    /// from the ones before need less.
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// Where random numbers start.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Bits of each number of the network: 8 or 6 for hnerv, 8 without it; 4 to 8 for nirvana, 5 without it.
    #[arg(long, value_name = "N")]
    pub bits: Option<u8>,
    /// Frames a second; the video's own where it has one, else 30.
    #[arg(long, value_name = "F", value_parser = args::frame_rate)]
    pub fps: Option<f64>,
    /// Who fits; nirvana is fitted on all cores.
    #[arg(long, value_enum, default_value_t = ProcessorArg::Auto)]
    pub engine: ProcessorArg,
    /// Go on from the checkpoint that a stopped run left beside the output.
    #[arg(long)]
    pub resume: bool,
    /// What the clip says of itself.
    #[command(flatten)]
    pub words: WordArgs,
    /// Print the report as one JSON document.
    #[arg(long)]
    pub json: bool,
}

impl FitArgs {
    /// What is asked for where nothing but the video and the output is.
    pub fn new(video: PathBuf, output: PathBuf) -> Self {
        Self {
            video,
            output,
            codec: NeuralCodecArg::Hnerv,
            profile: None,
            size: None,
            psnr: None,
            epochs: None,
            seed: 0,
            bits: None,
            fps: None,
            engine: ProcessorArg::Auto,
            resume: false,
            words: WordArgs::default(),
            json: false,
        }
    }
}

/// `zoetrope bench`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  zoetrope bench\n  zoetrope bench splat-100k --json")]
pub struct BenchArgs {
    /// Benchmarks to run; all without it.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Print one JSON document and nothing else.
    #[arg(long)]
    pub json: bool,
    /// Print the names of all benchmarks.
    #[arg(long)]
    pub list: bool,
    /// The folder of the clips that `size` packs.
    #[arg(long, value_name = "DIR", default_value = "../shared/data/splats")]
    pub data: PathBuf,
    /// The folder of the trained networks whose pictures `hnerv` compares: each in a folder of its own, with
    /// `ref`, the pictures of the program that trained it, and `gt`, those of its film.
    #[arg(long, value_name = "DIR", default_value = "../shared/data/neural")]
    pub networks: PathBuf,
    /// The video that `fit` fits networks to: a file, or a folder of pictures.
    #[arg(
        long,
        value_name = "VIDEO",
        default_value = "../shared/data/neural/hnerv_tiny/gt"
    )]
    pub video: PathBuf,
    /// The folder to draw curves into.
    #[arg(long, value_name = "DIR")]
    pub plots: Option<PathBuf>,
    /// Read a splat file and print what memory that took: what `parse` starts.
    #[arg(long, value_name = "FILE", hide = true)]
    pub read: Option<PathBuf>,
}
