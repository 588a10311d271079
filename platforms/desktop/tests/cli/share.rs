//! `zoetrope share`, as another machine would see it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::clip::wave_frames;
use crate::support::{assert_one_sentence, json, zoetrope};

/// The running command. It is ended when the test ends, however it ends.
struct Sharing {
    child: Child,
    page: String,
    link: String,
}

impl Sharing {
    fn start(clip: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zoetrope"))
            .args(["share", clip, "--bind", "127.0.0.1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let output = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines();
        let mut line = || lines.next().expect("a line").expect("text");
        let (page, link) = (line(), line());
        Self { child, page, link }
    }

    /// The body of what is at a path below the page.
    fn get(&self, path: &str) -> Vec<u8> {
        let rest = self.page.strip_prefix("http://").expect("an address");
        let (host, name) = rest.split_once('/').expect("a path");
        let mut stream = TcpStream::connect(host).expect("it listens");
        let timeout = Some(Duration::from_secs(20));
        stream.set_read_timeout(timeout).expect("a timeout");
        let request = format!("GET /{name}{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        answer.split_off(end.expect("a head") + 4)
    }
}

impl Drop for Sharing {
    fn drop(&mut self) {
        // It has ended already when the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A V3 folder of the wave.
fn v3_wave(folder: &Path) -> PathBuf {
    let clip = folder.join("wave");
    let (frames, out) = (wave_frames(), clip.to_string_lossy());
    let packed = zoetrope(&[
        "pack",
        &frames,
        "-o",
        &out,
        "--format",
        "v3",
        "--group",
        "2",
        "--no-psnr",
    ]);
    assert!(packed.status.success(), "{packed:?}");
    clip
}

#[test]
fn a_folder_is_served_until_ctrl_c() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clip = v3_wave(folder.path());
    let mut sharing = Sharing::start(&clip.to_string_lossy());
    let name = "wave";
    let url = format!("{}{name}/", sharing.page);
    assert_eq!(sharing.link, format!("zoetrope://open?src={url}"));
    let page = String::from_utf8(sharing.get("")).expect("text");
    assert!(page.contains("Open in Zoetrope"), "{page}");
    for file in ["group_info.json", "group0/0.mp4", "group2/19.mp4"] {
        let expected = std::fs::read(clip.join(file)).expect("a file");
        assert_eq!(sharing.get(&format!("{name}/{file}")), expected, "{file}");
    }
    let started = Instant::now();
    let process = Pid::from_raw(sharing.child.id().cast_signed());
    kill(process, Signal::SIGINT).expect("it runs");
    let status = sharing.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    // It takes 100 ms where the machine is not busy.
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn another_start_opens_what_is_served() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sharing = Sharing::start(&v3_wave(folder.path()).to_string_lossy());
    let info = json(&zoetrope(&["info", &sharing.link, "--json"]));
    assert_eq!((&info["kind"], &info["frames"]), (&"V3".into(), &6.into()));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wave/wave_0001.sog");
    let sharing = Sharing::start(file);
    let info = json(&zoetrope(&["info", &sharing.link, "--json"]));
    assert_eq!(
        (&info["frames"], &info["gaussians"]["max"]),
        (&1.into(), &4225.into())
    );
}

#[test]
fn a_file_is_served_alone() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wave/wave_0001.sog");
    let sharing = Sharing::start(file);
    assert!(sharing.link.ends_with("/wave_0001.sog"));
    assert_eq!(
        sharing.get("wave_0001.sog"),
        std::fs::read(file).expect("a file")
    );
    assert_eq!(sharing.get("wave_0002.sog"), b"There is nothing here.");
}

#[test]
fn what_cannot_be_shared_is_one_sentence() {
    let frames = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wave");
    let bind = ["--bind", "127.0.0.1"];
    let output = zoetrope(&[["share", frames].as_slice(), &bind].concat());
    assert_one_sentence(&output, &["folder of frames", "zoetrope pack"]);
    let output = zoetrope(&[["share", "no such clip"].as_slice(), &bind].concat());
    assert_one_sentence(&output, &["no such clip"]);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wave/wave_0001.sog");
    // An address for documentation, which is nobody's.
    let output = zoetrope(&["share", file, "--bind", "192.0.2.1"]);
    assert_one_sentence(&output, &["192.0.2.1", "another address or port"]);
    let output = zoetrope(&["share", file, "--bind", "here"]);
    assert_eq!(output.status.code(), Some(2));
}
