//! What the tests of the built binary share.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use zoetrope_codecs::{Cancel, PlaneVideoEncoder as _, PlaneVideoSettings};
use zoetrope_ffmpeg::H264PlaneEncoder;
use zoetrope_render::Picture;

/// Runs the built binary to its end.
pub fn zoetrope(arguments: &[impl AsRef<OsStr>]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zoetrope"))
        .args(arguments)
        .output()
        .expect("the binary starts")
}

/// The output is that of a failure: exit code 1, nothing on standard output, one line on standard
/// error that holds all of `words`.
pub fn assert_one_sentence(output: &Output, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(output.stdout.is_empty());
    let text = text.trim();
    assert!(text.starts_with("zoetrope: "), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}

/// Starts the built binary, which is to write `out`, alone in its folder, and interrupts it in the
/// middle: it ends as who is interrupted does, and leaves nothing behind.
pub fn assert_interrupt_leaves_nothing(arguments: &[impl AsRef<OsStr>], out: &Path) {
    let folder = out.parent().expect("a folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_zoetrope"))
        .args(arguments)
        .spawn()
        .expect("it starts");
    // What it has half written shows that it is in the middle, however busy the machine.
    let entries = || fs::read_dir(folder).expect("readable").count();
    let start = Instant::now();
    while entries() == 0 && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(!out.exists(), "it must not be complete");
    let id = Pid::from_raw(child.id().try_into().expect("a small number"));
    kill(id, Signal::SIGINT).expect("it is still running");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(entries(), 0);
}

/// The JSON document that is all of a successful output.
pub fn json(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("one JSON document and nothing else")
}

/// Copies a folder with everything in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("it can be made");
    for entry in fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("it can be copied");
        }
    }
}

/// A plane video of `frames` uniform pictures.
pub fn encode_grey(side: u32, frames: usize) -> Vec<u8> {
    let picture = vec![128u8; (side * side) as usize];
    let settings = PlaneVideoSettings {
        side,
        qp: 0,
        frame_rate: 30.0,
    };
    H264PlaneEncoder::new(&Cancel::new())
        .expect("FFmpeg has libx264")
        .encode(&vec![&picture[..]; frames], &settings)
        .expect("it encodes")
}

/// Reads an 8-bit grey or RGB PNG.
pub fn read_png(path: &Path) -> Picture {
    let file = std::io::BufReader::new(fs::File::open(path).expect("it is there"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut samples = vec![0; reader.output_buffer_size().expect("a small picture")];
    let info = reader.next_frame(&mut samples).expect("a whole PNG");
    let rgba = match info.color_type {
        png::ColorType::Grayscale => samples.iter().flat_map(|&g| [g, g, g, 255]).collect(),
        png::ColorType::Rgb => samples
            .chunks_exact(3)
            .flat_map(|p| [p[0], p[1], p[2], 255])
            .collect(),
        other => panic!("unexpected colour type {other:?}"),
    };
    Picture {
        width: info.width,
        height: info.height,
        rgba,
    }
}
