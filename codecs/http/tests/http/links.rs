//! Links of all kinds: fast and slow, with and without loss, with outages and faults.

use std::thread;

use zoetrope_codecs::Cancel;
use zoetrope_codecs::source::Source;
use zoetrope_shaped::{Fault, Shape, ShapedServer};

use crate::{PATH, check, content, network, open, serve, wish};

/// Half a minute passes in one and a half seconds.
const SPEED: f64 = 20.0;
/// Bytes of the clip: more than the first answer brings.
const LEN: usize = 700_000;

/// Reads a clip as a player does: the beginning, on from there, and a jump.
fn play(server: &ShapedServer, bytes: &[u8]) {
    let network = network(SPEED);
    let source = open(&network, server, PATH).expect("opens");
    assert_eq!(source.len(), LEN as u64);
    source.prefetch(&[0..300_000, 300_000..500_000]);
    check(&source, bytes, 0..40_000);
    check(&source, bytes, 40_000..300_000);
    wish(&source, 600_000..LEN as u64);
    check(&source, bytes, 500_001..LEN - 3);
    check(&source, bytes, 250_000..400_000);
    let transfers = source.transfers().expect("knows");
    assert!(!transfers.is_empty() && transfers.len() <= 64);
    for transfer in transfers {
        assert!(transfer.bytes > 0);
        assert!(transfer.started_s <= transfer.first_byte_s);
        assert!(transfer.first_byte_s <= transfer.ended_s);
    }
}

/// Runs all cases side by side: they mostly wait.
fn all<T: Send>(cases: Vec<T>, run: impl Fn(T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| run(case));
        }
    });
}

/// 1 to 75 Mbit/s x 20, 80 and 200 ms x loss.
fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    for megabits in [1.0, 10.0, 75.0] {
        for round_trip_s in [0.02, 0.08, 0.2] {
            for loss in [0.0, 0.01] {
                shapes.push(Shape {
                    bits_per_second: megabits * 1e6,
                    round_trip_s,
                    loss,
                    speed: SPEED,
                });
            }
        }
    }
    shapes
}

#[test]
fn every_link_brings_the_right_bytes() {
    let bytes = content(LEN);
    all(shapes(), |shape| play(&serve(&bytes, shape), &bytes));
}

#[test]
fn every_link_comes_through_outages_of_5_and_30_seconds() {
    let bytes = content(LEN);
    for seconds in [5.0, 30.0] {
        all(shapes(), |shape| {
            let server = serve(&bytes, shape);
            server.outage_after(350_000, seconds);
            play(&server, &bytes);
            assert!(server.since_outage().is_some(), "there was none");
        });
    }
}

/// Meets each fault on every link, with an outage of 5 or 30 seconds later on.
fn meet(faults: &[Fault]) {
    let bytes = content(LEN);
    for (number, fault) in faults.iter().enumerate() {
        let shapes = shapes().into_iter().enumerate().collect();
        all(shapes, |(index, shape): (usize, Shape)| {
            let server = serve(&bytes, shape);
            // Links on which the fault meets the first answer, and on which it meets the second.
            let after = u32::from(shape.round_trip_s < 0.1);
            server.break_path(PATH, fault.clone(), after, 2);
            // Each link has both lengths, one fault after the other.
            let seconds = if (index + number) % 2 == 0 { 5.0 } else { 30.0 };
            server.outage_after(350_000, seconds);
            play(&server, &bytes);
        });
    }
}

#[test]
fn every_answer_that_breaks_off_is_made_up_for_on_every_link() {
    meet(&[
        Fault::Short(100_000),
        Fault::Stalls(100_000),
        Fault::Silent,
        Fault::Closes,
    ]);
}

#[test]
fn every_refusal_that_passes_passes_on_every_link() {
    meet(&[
        Fault::Status(500, None),
        Fault::Status(503, Some(1)),
        Fault::Drips(200_000.0),
    ]);
}

#[test]
fn after_an_outage_it_goes_on_at_once() {
    let bytes = content(LEN);
    let shape = Shape {
        bits_per_second: 10e6,
        round_trip_s: 0.05,
        loss: 0.0,
        speed: 4.0,
    };
    // Times at which a connection that was there before notices late.
    let cases = vec![3.3, 5.0, 7.0, 13.0];
    all(cases, |seconds| {
        let server = serve(&bytes, shape);
        let network = network(shape.speed);
        let source = open(&network, &server, PATH).expect("opens");
        check(&source, &bytes, 0..200_000);
        server.outage(seconds);
        check(&source, &bytes, 400_000..420_000);
        let late = server.since_outage().expect("is over");
        // 1.5 s are promised; a busy machine may take a little longer.
        assert!(late < 2.5, "{late} s after an outage of {seconds} s");
    });
}

#[test]
fn a_cancelled_read_returns_at_once_even_in_an_outage() {
    let bytes = content(LEN);
    let server = serve(&bytes, Shape::default());
    let network = network(1.0);
    let source = open(&network, &server, PATH).expect("opens");
    check(&source, &bytes, 0..200_000);
    server.outage(5.0);
    let cancel = Cancel::new();
    thread::scope(|scope| {
        let reads = scope.spawn(|| {
            let error = source.read(400_000..500_000, &cancel);
            (error.map(|_| ()), std::time::Instant::now())
        });
        thread::sleep(std::time::Duration::from_millis(50));
        let cancelled = std::time::Instant::now();
        cancel.cancel();
        let (result, ended) = reads.join().expect("ends");
        assert!(matches!(result, Err(zoetrope_codecs::Error::Cancelled)));
        // 100 ms are promised, 20 ms are usual; a busy machine may take longer.
        let took = ended.saturating_duration_since(cancelled);
        assert!(took.as_secs_f64() < 1.0, "{took:?}");
    });
}
