//! Each rule alone.

use super::*;

fn transfer(started_s: f64, seconds: f64, bits_per_s: f64) -> Transfer {
    Transfer {
        started_s,
        first_byte_s: started_s,
        ended_s: started_s + seconds,
        bytes: (seconds * bits_per_s / 8.0) as u64,
    }
}

fn ladder() -> Ladder {
    Ladder::new(&[5e6, 10e6, 20e6, 40e6], 1.0)
}

fn buffer(ahead_s: f64) -> Buffer {
    Buffer {
        ahead_s,
        goal_s: BUFFER_GOAL_S,
    }
}

#[test]
fn throughput_sees_a_drop_at_once_and_doubts_a_rise() {
    let mut transfers: Vec<_> = (0..20)
        .map(|index| transfer(f64::from(index), 1.0, 20e6))
        .collect();
    let steady = throughput(&transfers).expect("measured").bits_per_s;
    assert!((steady - 20e6).abs() < 1e3, "{steady}");
    transfers.extend((20..24).map(|index| transfer(f64::from(index), 1.0, 4e6)));
    let dropped = throughput(&transfers).expect("measured").bits_per_s;
    assert!((9e6..12e6).contains(&dropped), "{dropped}");
    transfers.truncate(20);
    transfers.extend((20..24).map(|index| transfer(f64::from(index), 1.0, 60e6)));
    let risen = throughput(&transfers).expect("measured").bits_per_s;
    assert!((30e6..34e6).contains(&risen), "{risen}");
}

#[test]
fn transfers_side_by_side_share_the_network() {
    let both = [transfer(0.0, 2.0, 10e6), transfer(1.0, 2.0, 10e6)];
    let measured = throughput(&both).expect("measured");
    assert!((measured.bits_per_s - 40e6 / 3.0).abs() < 1e3);
    // Little tells nothing, and neither does nonsense.
    assert_eq!(throughput(&[transfer(0.0, 0.001, 1e6)]), None);
    let backwards = Transfer {
        ended_s: -5.0,
        bytes: 1 << 20,
        ..transfer(0.0, 1.0, 1e6)
    };
    assert_eq!(throughput(&[backwards]), None);
}

#[test]
fn nothing_known_and_nothing_buffered_is_the_base_layer() {
    let history = History {
        transfers: Some(&[]),
        ..History::default()
    };
    assert_eq!(decide(&history, buffer(0.0), &ladder()).layers, 1);
    let fast = [transfer(0.0, 2.0, 100e6)];
    let history = History {
        transfers: Some(&fast),
        layers: 1,
        since_switch_s: 9.0,
        ..History::default()
    };
    assert_eq!(decide(&history, buffer(0.0), &ladder()).layers, 1);
    // 100 Mbit/s bring a second of 40 in 0.4 s, which is well within one.
    assert_eq!(decide(&history, buffer(1.0), &ladder()).layers, 4);
}

#[test]
fn a_short_buffer_takes_what_the_network_carries() {
    for (link, layers) in [(4e6, 1), (12e6, 2), (21e6, 2), (23e6, 3), (60e6, 4)] {
        let transfers = [transfer(0.0, 8.0, link)];
        let history = History {
            transfers: Some(&transfers),
            layers: 1,
            since_switch_s: 9.0,
            ..History::default()
        };
        let decision = decide(&history, buffer(2.0), &ladder());
        assert_eq!(decision.layers, layers, "{link}");
        assert!(!decision.abandon);
    }
}

#[test]
fn bola_rises_with_the_buffer() {
    let mut last = 0;
    for tenth in 0..70 {
        let layers = bola::layers(buffer(f64::from(tenth) / 10.0), &ladder());
        assert!(layers >= last, "{tenth}");
        last = layers;
    }
    assert_eq!(bola::layers(buffer(1.4), &ladder()), 1);
    assert_eq!(bola::layers(buffer(1.6), &ladder()), 2);
    assert_eq!(last, 4);
    assert_eq!(bola::layers(buffer(1.0), &Ladder::new(&[5e6, 5e6], 1.0)), 2);
}

#[test]
fn quality_is_kept_on_a_long_buffer_though_the_network_carries_less() {
    let transfers = [transfer(0.0, 8.0, 15e6)];
    let history = History {
        transfers: Some(&transfers),
        layers: 4,
        since_switch_s: 9.0,
        ..History::default()
    };
    assert_eq!(decide(&history, buffer(5.9), &ladder()).layers, 4);
    // But it does not rise to what cannot be kept for long.
    let slow = [transfer(0.0, 8.0, 9e6)];
    let low = History {
        transfers: Some(&slow),
        layers: 1,
        ..history
    };
    assert_eq!(decide(&low, buffer(3.2), &ladder()).layers, 1);
    assert_eq!(decide(&low, buffer(5.9), &ladder()).layers, 2);
}

#[test]
fn quality_falls_at_once_and_rises_after_a_while() {
    let transfers = [transfer(0.0, 8.0, 60e6)];
    let history = |layers, since_switch_s| History {
        transfers: Some(&transfers),
        layers,
        since_switch_s,
        ..History::default()
    };
    assert_eq!(decide(&history(2, 1.9), buffer(2.0), &ladder()).layers, 2);
    assert_eq!(decide(&history(2, 2.1), buffer(2.0), &ladder()).layers, 4);
    assert_eq!(decide(&history(4, 0.1), buffer(0.1), &ladder()).layers, 1);
}

#[test]
fn a_read_that_takes_too_long_is_given_up() {
    let transfers = [transfer(0.0, 8.0, 50e6)];
    let history = |elapsed_s, layers| History {
        transfers: Some(&transfers),
        layers: 4,
        fetch: Some(Fetch {
            layers,
            elapsed_s,
            bytes: Some(5_000_000),
        }),
        ..History::default()
    };
    // 40 Mbit at 50 Mbit/s are due after 0.8 s.
    assert!(!decide(&history(0.4, 4), buffer(0.2), &ladder()).abandon);
    assert!(!decide(&history(1.0, 4), buffer(0.2), &ladder()).abandon);
    let decision = decide(&history(2.0, 4), buffer(0.2), &ladder());
    // It carries less than 20 Mbit/s, of which 0.9 are counted on.
    assert_eq!((decision.abandon, decision.layers), (true, 2));
    let decision = decide(&history(9.0, 4), buffer(0.2), &ladder());
    assert_eq!((decision.abandon, decision.layers), (true, 1));
    // Enough is buffered, or there is nothing less to read.
    assert!(!decide(&history(2.0, 4), buffer(5.0), &ladder()).abandon);
    assert!(!decide(&history(9.0, 1), buffer(0.0), &ladder()).abandon);
}

#[test]
fn decoding_and_drawing_set_a_limit_with_and_without_a_network() {
    let decode_s = [Some(0.01), Some(0.02), Some(0.05), None];
    let history = History {
        decode_s: &decode_s,
        frame_s: 1.0 / 30.0,
        ..History::default()
    };
    assert_eq!(decide(&history, buffer(0.0), &ladder()).layers, 2);
    // Nothing is due while nothing plays.
    let still = History {
        frame_s: 0.0,
        ..history
    };
    assert_eq!(decide(&still, buffer(0.0), &ladder()).layers, 4);
    let drawn = History {
        dropped: &[Some(0.0), Some(0.15), Some(0.16)],
        frame_s: 0.0,
        ..history
    };
    assert_eq!(decide(&drawn, buffer(0.0), &ladder()).layers, 2);
    let hopeless = History {
        dropped: &[Some(1.0)],
        ..history
    };
    assert_eq!(decide(&hopeless, buffer(0.0), &ladder()).layers, 1);
    let fast = [transfer(0.0, 8.0, 500e6)];
    let remote = History {
        transfers: Some(&fast),
        ..history
    };
    assert_eq!(decide(&remote, buffer(5.0), &ladder()).layers, 2);
}

#[test]
fn ladders_of_nonsense_are_mended() {
    let ladder = Ladder::new(&[f64::NAN, 5.0, 3.0, f64::INFINITY], f64::NAN);
    assert_eq!(ladder.top(), 4);
    assert!(ladder.rate(1) <= ladder.rate(2) && ladder.rate(2) <= ladder.rate(4));
    assert_eq!(Ladder::new(&[], 1.0).top(), 1);
    assert_eq!(Ladder::new(&[], 1.0).rate(9), 1.0);
}
