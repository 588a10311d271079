//! How the window was left, and what was seen already.

use serde_json::{Map, Value, json};
use zoetrope_player::Command;

use crate::storage::Stored;

/// Sides of a window that are believed, in points.
const SIDES: std::ops::RangeInclusive<f64> = 1.0..=16_384.0;
/// Hints that are remembered; there are far fewer.
const HINTS_MAX: usize = 100;
/// Commands of the palette that are remembered.
const USED_MAX: usize = 6;

/// Where a window was, in points of the desktop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowPlace {
    /// Its upper left corner, where the system tells it.
    pub position: Option<[f32; 2]>,
    /// Its inner size.
    pub size: [f32; 2],
    /// Whether it filled the desktop.
    pub maximized: bool,
}

/// How the window was left, and what was seen already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remembered {
    /// Where the window was.
    pub window: Option<WindowPlace>,
    /// Whether it stayed above others.
    pub on_top: bool,
    /// Whether the statistics were shown.
    pub statistics: bool,
    /// First-run hints that were taken away.
    pub hints_seen: Vec<String>,
    /// Commands that were chosen in the palette, newest first.
    pub palette_used: Vec<String>,
}

impl Remembered {
    /// Notes that a command was chosen in the palette.
    pub fn use_in_palette(&mut self, command: Command) {
        let command = command.to_string();
        self.palette_used.retain(|other| *other != command);
        self.palette_used.insert(0, command);
        self.palette_used.truncate(USED_MAX);
    }
}

impl Stored for Remembered {
    const NAME: &'static str = "state.json";

    fn decode(bytes: &[u8]) -> Result<(Self, Vec<String>), String> {
        let file: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let flag = |key: &str| file.get(key).and_then(Value::as_bool).unwrap_or_default();
        let texts = |key: &str, most: usize| {
            let list = file.get(key).and_then(Value::as_array);
            let texts = list.into_iter().flatten().filter_map(Value::as_str);
            texts.take(most).map(str::to_owned).collect()
        };
        // Nobody has written this by hand: what makes no sense is not worth a word.
        let remembered = Self {
            window: file.get("window").and_then(window_of),
            on_top: flag("on_top"),
            statistics: flag("statistics"),
            hints_seen: texts("hints_seen", HINTS_MAX),
            palette_used: texts("palette_used", USED_MAX),
        };
        Ok((remembered, Vec::new()))
    }

    fn encode(&self) -> Vec<u8> {
        let window = self.window.map(|window| {
            json!({
                "position": window.position,
                "size": window.size,
                "maximized": window.maximized,
            })
        });
        let file = json!({
            "window": window,
            "on_top": self.on_top,
            "statistics": self.statistics,
            "hints_seen": self.hints_seen,
            "palette_used": self.palette_used,
        });
        format!("{file:#}\n").into_bytes()
    }
}

fn window_of(value: &Value) -> Option<WindowPlace> {
    let pair = |key: &str| {
        let values = value.get(key)?.as_array()?;
        let [a, b] = values.as_slice() else {
            return None;
        };
        Some([a.as_f64()?, b.as_f64()?])
    };
    let size = pair("size")?;
    if !size.iter().all(|side| SIDES.contains(side)) {
        return None;
    }
    let position = pair("position").filter(|at| at.iter().all(|at| at.abs() <= *SIDES.end()));
    Some(WindowPlace {
        position: position.map(|at| at.map(|value| value as f32)),
        size: size.map(|value| value as f32),
        maximized: value
            .get("maximized")
            .and_then(Value::as_bool)
            .unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_comes_back() {
        let remembered = Remembered {
            window: Some(WindowPlace {
                position: Some([-20.0, 7.5]),
                size: [1280.0, 720.0],
                maximized: true,
            }),
            on_top: true,
            statistics: true,
            hints_seen: vec!["orbit".to_owned()],
            palette_used: vec!["speed 2".to_owned()],
        };
        let (read, _) = Remembered::decode(&remembered.encode()).expect("state");
        assert_eq!(read, remembered);
    }

    #[test]
    fn what_was_used_last_is_first_and_there_once() {
        let mut remembered = Remembered::default();
        for command in [Command::Help, Command::Speed(2.0), Command::Help] {
            remembered.use_in_palette(command);
        }
        assert_eq!(remembered.palette_used, ["help", "speed 2"]);
        for frame in 0..USED_MAX {
            remembered.use_in_palette(Command::SeekFrame(frame));
        }
        assert_eq!(remembered.palette_used.len(), USED_MAX);
        assert_eq!(remembered.palette_used[0], "seek-frame 5");
    }

    #[test]
    fn nonsense_is_left_out() {
        let window = |text: &str| {
            let text = format!("{{\"window\": {text}, \"on_top\": 3, \"hints_seen\": [1, \"a\"]}}");
            let (read, _) = Remembered::decode(text.as_bytes()).expect("state");
            assert_eq!((read.on_top, read.hints_seen.len()), (false, 1));
            read.window
        };
        for bad in [
            "7",
            "{}",
            "{\"size\": [0, 5]}",
            "{\"size\": [1e9, 5]}",
            "{\"size\": [3]}",
            "{\"size\": [-3, 5]}",
        ] {
            assert_eq!(window(bad), None, "{bad}");
        }
        let far = window("{\"size\": [1, 16384], \"position\": [1e7, 0]}").expect("a window");
        assert_eq!(far.position, None);
    }
}
