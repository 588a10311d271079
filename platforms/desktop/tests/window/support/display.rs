//! An X display of the test's own: no window of the tests ever shows up, and no pointer moves, on
//! the screen of the person who runs them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{Picture, wait_for};

/// Larger than the window, so that the pointer can be parked beside it.
const SCREEN: &str = "1400x800x24";
/// Where the pointer shows up in no picture of the window.
const PARKED: (usize, usize) = (1390, 790);

/// Places windows in the upper left corner without a frame: a point of the window is the same
/// point of the screen. Alt+F4 asks a window to close.
const WINDOW_MANAGER_SETTINGS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <theme><keepBorder>no</keepBorder></theme>
  <desktops><number>1</number></desktops>
  <focus><focusNew>yes</focusNew></focus>
  <keyboard>
    <keybind key="A-F4"><action name="Close"/></keybind>
  </keyboard>
  <applications>
    <application class="*">
      <decor>no</decor>
      <focus>yes</focus>
      <position force="yes"><x>0</x><y>0</y></position>
    </application>
  </applications>
</openbox_config>
"#;

/// A running X server and window manager; both end with it.
pub struct Display {
    server: Child,
    window_manager: Option<Child>,
    name: String,
    folder: TempDir,
}

impl Display {
    /// Starts Xvfb on a free display number, and openbox on it.
    ///
    /// # Panics
    /// When one of them is not installed or does not start.
    pub fn start() -> Self {
        let mut display = Self::bare();
        let settings = display.folder.path().join("openbox.xml");
        fs::write(&settings, WINDOW_MANAGER_SETTINGS).expect("write openbox's settings");
        let window_manager = Command::new("openbox")
            .arg("--config-file")
            .arg(&settings)
            .env("DISPLAY", &display.name)
            .env_remove("WAYLAND_DISPLAY")
            .stderr(Stdio::null())
            .spawn()
            .expect("openbox is needed for the window tests; `cargo xtask setup` installs it");
        display.window_manager = Some(window_manager);
        display
    }

    /// Starts Xvfb alone, in which windows do as they are told.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub fn bare() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        // -fbdir keeps the screen in a file, so that looking at it takes no other program.
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", SCREEN])
            .args(["-nolisten", "tcp", "-noreset", "-fbdir"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is needed for the window tests; `cargo xtask setup` installs it");
        let mut number = String::new();
        let output = server.stdout.take().expect("Xvfb's output is a pipe");
        BufReader::new(output)
            .read_line(&mut number)
            .expect("Xvfb says its display number");
        let name = format!(":{}", number.trim());
        assert!(name.len() > 1, "Xvfb ended without opening a display");

        let display = Self {
            server,
            window_manager: None,
            name,
            folder,
        };
        display.park_pointer();
        display
    }

    /// Its name, for the variable `DISPLAY`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A folder that lives as long as the display.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_path_buf()
    }

    /// What the screen shows now.
    ///
    /// # Panics
    /// When the screen cannot be read.
    pub fn picture(&self) -> Picture {
        let file = self.folder.path().join("Xvfb_screen0");
        let read = || Picture::from_xwd(&fs::read(&file).ok()?);
        wait_for(Duration::from_secs(5), read)
            .unwrap_or_else(|| panic!("cannot read Xvfb's screen from {}", file.display()))
    }

    /// Runs xdotool. `None` when it ends badly, as when there is no such window.
    ///
    /// # Panics
    /// When it is not installed.
    pub fn xdotool(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new("xdotool")
            .args(arguments)
            .env("DISPLAY", &self.name)
            .output()
            .expect("xdotool is needed for the window tests; `cargo xtask setup` installs it");
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Moves the pointer beside the window.
    pub fn park_pointer(&self) {
        self.move_pointer(PARKED);
    }

    /// Moves the pointer to a point of the screen.
    ///
    /// # Panics
    /// When the display is gone.
    pub fn move_pointer(&self, (x, y): (usize, usize)) {
        // Not with --sync: that waits 15 seconds for a pointer that is there already.
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string()])
            .expect("the pointer moves");
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let window_manager = self.window_manager.as_mut();
        for child in window_manager.into_iter().chain([&mut self.server]) {
            // Both may be gone already, and then there is nothing left to do.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
