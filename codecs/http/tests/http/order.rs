//! What is asked for, and in which order.

use zoetrope_codecs::Cancel;
use zoetrope_codecs::source::Source;
use zoetrope_shaped::{Request, Shape};

use crate::{PATH, check, content, network, open, serve, wait_until, wish};

/// Ranges that were asked for, in order.
fn ranges(requests: &[Request]) -> Vec<(u64, u64)> {
    requests
        .iter()
        .filter_map(|request| request.range)
        .collect()
}

#[test]
fn the_first_request_asks_for_256_kib_and_later_ones_for_the_same_version() {
    let bytes = content(600_000);
    let server = serve(&bytes, Shape::default());
    let network = network(1.0);
    let source = open(&network, &server, PATH).expect("opens");
    check(&source, &bytes, 0..600_000);
    let requests = server.requests();
    assert_eq!(requests[0].method, "GET");
    assert_eq!(requests[0].range, Some((0, 262_144)));
    assert_eq!(requests[0].if_range, None);
    assert!(
        requests[1..]
            .iter()
            .all(|request| request.if_range.as_deref() == Some("\"1\""))
    );
}

#[test]
fn neighbours_and_small_gaps_become_one_request_and_large_ones_do_not() {
    let bytes = content(2_000_000);
    let server = serve(&bytes, Shape::default());
    let network = network(1.0);
    let source = open(&network, &server, PATH).expect("opens");
    wait_until("the first answer", || source.is_at_hand(0..262_144));
    let block = 16 << 10;
    // Two neighbours, a gap of one block, a gap of ten.
    source.prefetch(&[
        20 * block..21 * block,
        21 * block..23 * block,
        24 * block..26 * block,
        36 * block..37 * block,
    ]);
    wait_until("what was wished for", || {
        source.is_at_hand(20 * block..26 * block) && source.is_at_hand(36 * block..37 * block)
    });
    // Over two connections, so that either may come first.
    let mut asked = ranges(&server.requests());
    asked.sort_unstable();
    assert_eq!(
        asked[1..],
        [(20 * block, 26 * block), (36 * block, 37 * block)]
    );
}

#[test]
fn who_waits_comes_before_what_is_wished_for() {
    let bytes = content(12_000_000);
    let shape = Shape {
        bits_per_second: 40e6,
        round_trip_s: 0.01,
        ..Shape::default()
    };
    let server = serve(&bytes, shape);
    let network = network(1.0);
    let source = open(&network, &server, PATH).expect("opens");
    wish(&source, 0..10_000_000);
    wait_until("something to be loaded ahead", || {
        source.is_at_hand(0..500_000)
    });
    check(&source, &bytes, 11_000_000..11_100_000);
    // All that was wished for would take 2 s.
    assert!(!source.is_at_hand(0..10_000_000));
    // And it goes on.
    wait_until("more of what was wished for", || {
        source.is_at_hand(0..5_000_000)
    });
}

#[test]
fn wishes_are_loaded_in_their_order_and_forgotten_when_replaced() {
    let bytes = content(12_000_000);
    let shape = Shape {
        bits_per_second: 80e6,
        round_trip_s: 0.01,
        ..Shape::default()
    };
    let server = serve(&bytes, shape);
    let network = network(1.0);
    let source = open(&network, &server, PATH).expect("opens");
    source.prefetch(&[6_000_000..6_500_000, 1_000_000..1_500_000]);
    wait_until("the second wish", || {
        source.is_at_hand(1_000_000..1_500_000)
    });
    assert!(source.is_at_hand(6_000_000..6_500_000));
    wish(&source, 2_000_000..6_000_000);
    wait_until("the third to begin", || {
        source.is_at_hand(2_000_000..2_100_000)
    });
    wish(&source, 8_000_000..8_100_000);
    wait_until("the last", || source.is_at_hand(8_000_000..8_100_000));
    assert!(!source.is_at_hand(2_000_000..6_000_000));
}

#[test]
fn many_read_at_the_same_time() {
    let bytes = content(3_000_000);
    let server = serve(&bytes, Shape::default());
    let network = network(1.0);
    let source = open(&network, &server, PATH).expect("opens");
    std::thread::scope(|scope| {
        for reader in 0..8_usize {
            let (source, bytes) = (&source, &bytes);
            scope.spawn(move || {
                for step in 0..10 {
                    let start = (reader * 7919 + step * 271_828) % 2_900_000;
                    check(source, bytes, start..start + 100_000);
                }
            });
        }
    });
    assert!(source.read(0..1, &Cancel::new()).is_ok());
}
