//! What is kept, in memory and on disk.

use zoetrope_codecs::Cancel;
use zoetrope_codecs::source::Source;
use zoetrope_http::{Network, NetworkOptions};
use zoetrope_shaped::{Fault, Headers, Shape};

use crate::{PATH, check, content, network, open, serve, wait_until, wish};

#[test]
fn what_was_read_is_at_hand_and_not_asked_for_again() {
    let bytes = content(600_000);
    let server = serve(&bytes, Shape::default());
    let network = network(1.0);
    let source = open(&network, &server, PATH).expect("opens");
    assert!(!source.is_at_hand(300_000..400_000));
    check(&source, &bytes, 0..600_000);
    assert!(source.is_at_hand(0..600_000));
    let asked = server.requests().len();
    check(&source, &bytes, 100..599_999);
    assert_eq!(server.requests().len(), asked);
    // Opened again, the same version needs its first answer only.
    drop(source);
    let source = open(&network, &server, PATH).expect("opens");
    assert!(source.is_at_hand(300_000..600_000));
    check(&source, &bytes, 0..600_000);
    assert_eq!(server.requests().len(), asked + 1);
}

#[test]
fn a_clip_larger_than_the_memory_for_it_plays() {
    let bytes = content(3_000_000);
    let server = serve(&bytes, Shape::default());
    let network = Network::new(NetworkOptions {
        memory_bytes: 300_000,
        uses_proxy: false,
        ..NetworkOptions::default()
    });
    let source = open(&network, &server, PATH).expect("opens");
    wish(&source, 0..3_000_000);
    check(&source, &bytes, 0..3_000_000);
    check(&source, &bytes, 1_000_000..2_500_000);
    assert!(!source.is_at_hand(0..3_000_000));
}

/// A network that keeps clips in `folder`.
fn keeping(folder: &std::path::Path) -> Network {
    Network::new(NetworkOptions {
        disk_folder: Some(folder.join("network")),
        uses_proxy: false,
        ..NetworkOptions::default()
    })
}

/// Every page in the folder.
fn pages(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir(folder.join("network"))
        .into_iter()
        .flatten();
    let files = folders
        .flatten()
        .flat_map(|f| std::fs::read_dir(f.path()).into_iter().flatten());
    files.flatten().map(|file| file.path()).collect()
}

#[test]
fn the_disk_keeps_a_clip_for_the_next_time() {
    let bytes = content(600_000);
    let folder = tempfile::tempdir().expect("a folder");
    let server = serve(&bytes, Shape::default());
    let network = keeping(folder.path());
    let source = open(&network, &server, PATH).expect("opens");
    check(&source, &bytes, 0..600_000);
    drop((source, network));
    assert_eq!(pages(folder.path()).len(), 3);

    let asked = server.requests().len();
    let network = keeping(folder.path());
    let source = open(&network, &server, PATH).expect("opens");
    assert!(source.is_at_hand(300_000..600_000));
    check(&source, &bytes, 0..600_000);
    assert_eq!(server.requests().len(), asked + 1);
    drop((source, network));

    // Damage is noticed and mended over the network.
    for page in pages(folder.path()) {
        let mut damaged = std::fs::read(&page).expect("a page");
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        std::fs::write(&page, damaged).expect("writes");
    }
    let network = keeping(folder.path());
    let source = open(&network, &server, PATH).expect("opens");
    check(&source, &bytes, 0..600_000);
    drop((source, network));

    // Another version finds nothing of the old one.
    server.break_path(PATH, Fault::Changed, 0, u32::MAX);
    let changed: Vec<u8> = bytes.iter().map(|byte| byte ^ 0xff).collect();
    let network = keeping(folder.path());
    let source = open(&network, &server, PATH).expect("opens");
    check(&source, &changed, 0..600_000);
}

#[test]
fn what_cannot_be_told_apart_or_must_not_be_kept_stays_off_the_disk() {
    let bytes = content(600_000);
    for headers in [
        Headers {
            etag: false,
            modified: false,
            ..Headers::default()
        },
        Headers {
            cache_control: Some("private, No-Store".to_owned()),
            ..Headers::default()
        },
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let server = serve(&bytes, Shape::default());
        server.set_headers(headers);
        let network = keeping(folder.path());
        let source = open(&network, &server, PATH).expect("opens");
        check(&source, &bytes, 0..600_000);
        drop((source, network));
        assert!(pages(folder.path()).is_empty());
    }
}

#[test]
fn a_dropped_source_leaves_nothing_under_way() {
    let bytes = content(8_000_000);
    let server = serve(
        &bytes,
        Shape {
            bits_per_second: 20e6,
            ..Shape::default()
        },
    );
    let network = network(1.0);
    let source = open(&network, &server, PATH).expect("opens");
    wish(&source, 0..8_000_000);
    assert_eq!(
        source.read(0..10, &Cancel::new()).expect("reads"),
        bytes[..10]
    );
    drop(source);
    let mut last = 0;
    wait_until("silence", || {
        std::thread::sleep(std::time::Duration::from_millis(100));
        let now = server.sent_bytes();
        std::mem::replace(&mut last, now) == now
    });
    assert!(last < 8_000_000, "all of it was loaded for nobody");
}
