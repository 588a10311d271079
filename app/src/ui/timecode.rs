//! Times as people read and write them.

use zoetrope_player::{Command, PlayerState};

/// "1:02.50", with as many parts as `duration` needs, in seconds.
pub fn clock_text(time: f64, duration: f64) -> String {
    let hundredths = (time.max(0.0) * 100.0).round() as u64;
    let (seconds, rest) = (hundredths / 100, hundredths % 100);
    let (minutes, second) = (seconds / 60, seconds % 60);
    if duration < 3600.0 {
        format!("{minutes}:{second:02}.{rest:02}")
    } else {
        let (hours, minute) = (minutes / 60, minutes % 60);
        format!("{hours}:{minute:02}:{second:02}.{rest:02}")
    }
}

/// What a person means who types into the time display: a time ("1:02.5", "62.5"), a frame as it is
/// shown, counted from 1 ("f30"), a part ("50%"), or a distance ("+5", "-0:10"). `None` when it is
/// none of these, or not in the clip.
pub fn parse(text: &str, state: &PlayerState) -> Option<Command> {
    let text = text.trim();
    if let Some(frame) = text.strip_prefix(['f', 'F', '#']) {
        let frame: usize = frame.trim().parse().ok()?;
        let index = frame.checked_sub(1)?;
        return (index < state.frame_count).then_some(Command::SeekFrame(index));
    }
    if let Some(percent) = text.strip_suffix('%') {
        let percent = number(percent)?;
        return (percent <= 100.0).then_some(Command::GoPercent(percent));
    }
    if let Some(distance) = text.strip_prefix('+') {
        return seconds(distance).map(Command::SeekBy);
    }
    if let Some(distance) = text.strip_prefix(['-', '−']) {
        return seconds(distance).map(|distance| Command::SeekBy(-distance));
    }
    // What is shown is rounded, at the end upwards.
    let time = seconds(text)?;
    (time <= state.duration + 0.005).then_some(Command::Seek(time))
}

/// "1:02:03.5" as seconds.
fn seconds(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let parts = text.trim().split(':').count();
    if parts > 3 {
        return None;
    }
    for part in text.trim().split(':') {
        total = 60.0 * total + number(part)?;
    }
    Some(total)
}

/// A number that is not negative, with a decimal point or comma.
fn number(text: &str) -> Option<f64> {
    let text = text.trim().replace(',', ".");
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use zoetrope_player::{LoopMode, Playback, Quality};

    #[test]
    fn times_are_read_like_a_clock() {
        for (time, duration, text) in [
            (0.0, 4.0, "0:00.00"),
            (1.0 / 30.0, 4.0, "0:00.03"),
            (59.999, 100.0, "1:00.00"),
            (62.5, 100.0, "1:02.50"),
            (62.5, 4000.0, "0:01:02.50"),
            (3723.0, 4000.0, "1:02:03.00"),
            (-1.0, 4.0, "0:00.00"),
        ] {
            assert_eq!(clock_text(time, duration), text);
        }
    }

    #[test]
    fn what_people_type_is_understood() {
        let state = PlayerState {
            picture: None,
            frame: 0,
            frame_count: 2000,
            frame_rate: 25.0,
            time: 0.0,
            duration: 80.0,
            playback: Playback::Paused,
            buffering: false,
            waiting: None,
            progress: None,
            scrubbing: false,
            speed: 1.0,
            loop_mode: LoopMode::Off,
            ab: (None, None),
            buffered: Arc::from([]),
            decoded: Arc::from([]),
            quality: Quality::Auto,
            layers: 1,
            levels: 1,
            network: None,
            thumbnails: None,
            notices: Vec::new(),
            decode_ms: None,
            memory_bytes: 0,
            memory_limit_bytes: 0,
            next_wakeup: None,
        };
        for (text, command) in [
            ("1:02.5", Some(Command::Seek(62.5))),
            (" 12,25 ", Some(Command::Seek(12.25))),
            ("0:00:07", Some(Command::Seek(7.0))),
            ("80.004", Some(Command::Seek(80.004))),
            ("f30", Some(Command::SeekFrame(29))),
            ("#2000", Some(Command::SeekFrame(1999))),
            ("50%", Some(Command::GoPercent(50.0))),
            ("+5", Some(Command::SeekBy(5.0))),
            ("-0:10", Some(Command::SeekBy(-10.0))),
            ("f0", None),
            ("f2001", None),
            ("81", None),
            ("101%", None),
            ("", None),
            (":", None),
            ("1:2:3:4", None),
            ("nan", None),
            ("1e3", None),
            ("1.2.3", None),
            ("--5", None),
        ] {
            assert_eq!(parse(text, &state), command, "{text}");
        }
    }
}
