//! One big splat file: some of it is shown before all of it is read.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use zoetrope_codecs::clip::Detail;
use zoetrope_codecs::source::{MemorySource, Source};
use zoetrope_codecs::splat::{
    self, PREVIEW_GAUSSIANS, SplatFileDecoder, compressed_ply, dot_splat, ply, synthetic,
};
use zoetrope_codecs::{Cancel, Error, GroupPayload, Input, Result, SplatFrame, open};
use zoetrope_player::{Picture, Player, PlayerOptions, PlayerState};

const GAUSSIANS: usize = 700_000;
const DEADLINE: Duration = Duration::from_secs(20);

/// A file on a slow disk: so many bytes come at once, the others once they may.
#[derive(Clone)]
struct SlowFile {
    file: Arc<MemorySource>,
    fast_bytes: u64,
    opened: Arc<AtomicBool>,
    /// Reads that wait, and those that were given up.
    waiting: Arc<AtomicUsize>,
    cancelled: Arc<AtomicUsize>,
    read_bytes: Arc<AtomicUsize>,
}

impl SlowFile {
    fn new(name: &str, bytes: Vec<u8>, fast_bytes: u64) -> Self {
        Self {
            file: Arc::new(MemorySource::new(name, bytes)),
            fast_bytes,
            opened: Arc::default(),
            waiting: Arc::default(),
            cancelled: Arc::default(),
            read_bytes: Arc::default(),
        }
    }

    fn player(&self) -> Player {
        let clip = open(Input::File(Box::new(self.clone())), &Cancel::new()).expect("opens");
        let decoder = Box::new(SplatFileDecoder::new());
        Player::new(clip, decoder, PlayerOptions::default()).expect("a thread")
    }
}

impl Source for SlowFile {
    fn name(&self) -> &str {
        self.file.name()
    }

    fn len(&self) -> u64 {
        self.file.len()
    }

    fn read(&self, range: Range<u64>, cancel: &Cancel) -> Result<Vec<u8>> {
        if range.end > self.fast_bytes {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            while !self.opened.load(Ordering::SeqCst) {
                if cancel.is_cancelled() {
                    self.cancelled.fetch_add(1, Ordering::SeqCst);
                    return Err(Error::Cancelled);
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        let length = (range.end - range.start) as usize;
        self.read_bytes.fetch_add(length, Ordering::SeqCst);
        self.file.read(range, cancel)
    }
}

fn dot_splat_file() -> Vec<u8> {
    let mut bytes = Vec::new();
    let cloud = synthetic::surface(GAUSSIANS, 0, 1);
    dot_splat::write(&cloud, &mut bytes).expect("memory takes everything");
    bytes
}

fn until(player: &mut Player, mut done: impl FnMut(&PlayerState) -> bool) -> PlayerState {
    let started = Instant::now();
    loop {
        let state = player.tick(started.elapsed().as_secs_f64());
        if done(&state) {
            return state;
        }
        assert!(started.elapsed() < DEADLINE, "it never happened");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn gaussians(state: &PlayerState) -> usize {
    match state
        .picture
        .as_ref()
        .and_then(|picture| picture.frame.splats())
        .map(|frame| &**frame)
    {
        Some(SplatFrame::Cloud(cloud)) => cloud.len(),
        _ => 0,
    }
}

#[test]
fn a_coarse_picture_comes_before_the_file_is_read_and_the_whole_after() {
    // What is shown first is at the start, and nothing else comes before it may.
    let fast = 32 * PREVIEW_GAUSSIANS as u64 + (1 << 20);
    let file = SlowFile::new("room.splat", dot_splat_file(), fast);
    let mut player = file.player();
    let state = until(&mut player, |state| state.picture.is_some());
    assert!(state.picture.as_ref().is_some_and(Picture::is_coarse));
    assert_eq!(gaussians(&state), PREVIEW_GAUSSIANS);
    // Then the rest is waited for, and it is told how much of it there is.
    let state = until(&mut player, |state| {
        state.progress.is_some() && file.waiting.load(Ordering::SeqCst) > 0
    });
    assert!(state.waiting.is_some() && state.next_wakeup.is_some());
    assert!(state.progress < Some(1.0));
    assert!(state.picture.as_ref().is_some_and(|picture| !picture.exact));
    file.opened.store(true, Ordering::SeqCst);
    let state = until(&mut player, |state| {
        state.picture.as_ref().is_some_and(|picture| picture.exact)
    });
    assert_eq!(gaussians(&state), GAUSSIANS);
    assert_eq!((state.progress, state.waiting), (None, None));
    assert_eq!(state.next_wakeup, None);
}

#[test]
fn a_file_that_is_left_is_no_longer_read() {
    let file = SlowFile::new("room.splat", dot_splat_file(), 4 << 20);
    let mut player = file.player();
    until(&mut player, |_| file.waiting.load(Ordering::SeqCst) > 0);
    // As when another clip is opened: this waits for the thread, which waits for the disk.
    drop(player);
    assert!(!file.opened.load(Ordering::SeqCst));
    assert!(file.cancelled.load(Ordering::SeqCst) > 0);
    let read = file.read_bytes.load(Ordering::SeqCst);
    assert!(read < file.len() as usize, "{read} bytes were read");
}

#[test]
fn a_preview_reads_little_and_from_all_over_the_file() {
    let cloud = synthetic::surface(GAUSSIANS, 1, 1);
    let mut files = [("a.ply", Vec::new()), ("b.ply", Vec::new())];
    ply::write(&cloud, &mut files[0].1).expect("memory takes everything");
    compressed_ply::write(&cloud, &mut files[1].1).expect("memory takes everything");
    let all = cloud.bounds();
    for (name, bytes) in files {
        let file = SlowFile::new(name, bytes, u64::MAX);
        let source: Arc<dyn Source> = Arc::new(file.clone());
        let some = splat::preview(&source, &Cancel::new())
            .expect("reads")
            .expect("is big");
        assert!(some.len() > PREVIEW_GAUSSIANS * 9 / 10 && some.len() <= PREVIEW_GAUSSIANS);
        assert_eq!((some.sh_degree, some.dropped), (1, 0));
        let read = file.read_bytes.load(Ordering::SeqCst) as u64;
        assert!(
            read < file.len() / 5,
            "{name}: {read} of {} bytes",
            file.len()
        );
        let bounds = some.bounds();
        for axis in 0..3 {
            let extent = bounds.max[axis] - bounds.min[axis];
            assert!(
                extent > 0.9 * (all.max[axis] - all.min[axis]),
                "{name}, axis {axis}"
            );
        }
    }
}

#[test]
fn small_files_and_other_formats_are_read_at_once() {
    let cloud = synthetic::surface(1000, 0, 1);
    let mut bytes = Vec::new();
    ply::write(&cloud, &mut bytes).expect("memory takes everything");
    let file = SlowFile::new("small.ply", bytes, u64::MAX);
    let source: Arc<dyn Source> = Arc::new(file.clone());
    assert_eq!(
        splat::preview(&source, &Cancel::new()).expect("reads"),
        None
    );
    let mut clip = open(Input::File(Box::new(file)), &Cancel::new()).expect("opens");
    assert!(clip.is_at_hand(0, Detail::FULL));
    let packets = clip
        .read_part(0, Detail::Key, &Cancel::new())
        .expect("reads");
    assert!(matches!(
        packets.payload,
        GroupPayload::SplatFile { coarse: false, .. }
    ));
    // Rows of text lie where nobody knows.
    let mut text = b"ply\nformat ascii 1.0\nelement vertex 70000\n".to_vec();
    let columns = [
        "x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
        "rot_0", "rot_1", "rot_2", "rot_3",
    ];
    for column in columns {
        text.extend(format!("property float {column}\n").into_bytes());
    }
    text.extend(b"end_header\n");
    text.extend(b"0.25 0.5 0.75 0.125 0.25 0.5 1.5 -3.25 -3.5 -3.75 1.00000000 0.00000000 0.00000000 0.00000000000000000000000000000000000000000000000000\n".repeat(70_000));
    assert!(text.len() as u64 >= splat::PREVIEWED_BYTES);
    let mut clip = open(
        Input::File(Box::new(MemorySource::new("text.ply", text))),
        &Cancel::new(),
    )
    .expect("opens");
    let packets = clip
        .read_part(0, Detail::Key, &Cancel::new())
        .expect("reads");
    let GroupPayload::SplatFile { cloud, coarse, .. } = packets.payload else {
        panic!("is a splat file");
    };
    assert_eq!((cloud.len(), coarse), (70_000, false));
}
