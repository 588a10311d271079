//! The built binary in a window.

use std::fs;
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use super::{Area, Display, Picture, wait_for};

/// Time in which a window must be there: the first start on a machine compiles shaders.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Time in which the window must have answered to what was done to it.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// Time in which it must be gone when it was asked to close.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);
/// A picture that stays the same for so long stands still.
const STILL: Duration = Duration::from_millis(600);
/// A press that is shorter may be over before the window has seen where it is.
const A_MOMENT: Duration = Duration::from_millis(150);
/// Steps of a drag from end to end.
const DRAG_STEPS: usize = 12;

/// The running app. It is ended when the test ends, however it ends.
pub struct App<'a> {
    display: &'a Display,
    child: Child,
    log: PathBuf,
    screenshots: PathBuf,
}

impl<'a> App<'a> {
    /// Starts the binary, without anything kept from an earlier start, and waits for its window.
    /// Screenshots go to a folder of this name.
    ///
    /// # Panics
    /// When no window opens.
    pub fn start(display: &'a Display, name: &str, arguments: &[&str]) -> Self {
        let home = display.folder().join("home");
        Self::start_at(display, name, arguments, &home)
    }

    /// Starts the binary with what is kept below `home`, and waits for its window.
    ///
    /// # Panics
    /// When no window opens.
    pub fn start_at(display: &'a Display, name: &str, arguments: &[&str], home: &Path) -> Self {
        let mut app = Self::spawn(display, name, arguments, home);
        app.wait_for_window();
        app
    }

    /// Starts the binary and waits for nothing.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn(display: &'a Display, name: &str, arguments: &[&str], home: &Path) -> Self {
        let screenshots = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&screenshots).expect("make the folder of screenshots");
        let runtime = home.join("runtime");
        fs::create_dir_all(&runtime).expect("make the runtime folder");
        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).expect("make it private");
        let log = home.join("log");
        let output = File::create(&log).expect("create the log");
        // Settings and session of the person who runs the tests stay out of it. The cache does not:
        // it holds compiled shaders.
        let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
            || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".cache"),
            PathBuf::from,
        );
        let child = Command::new(env!("CARGO_BIN_EXE_zoetrope"))
            .args(arguments)
            .current_dir(home)
            .env("DISPLAY", display.name())
            .env("HOME", home)
            .env("XDG_CACHE_HOME", cache)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_STATE_HOME", home.join("state"))
            .env("XDG_RUNTIME_DIR", runtime)
            .env("LC_ALL", "C.UTF-8")
            .env_remove("XDG_PICTURES_DIR")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdout(output.try_clone().expect("share the log"))
            .stderr(output)
            .spawn()
            .expect("start the built binary");
        Self {
            display,
            child,
            log,
            screenshots,
        }
    }

    /// Waits for the window, and gives its number.
    ///
    /// # Panics
    /// When none opens.
    pub fn wait_for_window(&mut self) -> String {
        let process = self.child.id().to_string();
        self.wait(
            "a window whose title starts with \"Zoetrope\"",
            START_LIMIT,
            |app| {
                let found = ["search", "--onlyvisible", "--all"];
                let ours = ["--pid", &process, "--name", "^Zoetrope"];
                let ids = app.display.xdotool(&[found.as_slice(), &ours].concat())?;
                ids.lines().next().map(str::to_owned)
            },
        )
    }

    /// Waits until `probe` has an answer.
    ///
    /// # Panics
    /// When it has none in time, or the app ends; with the app's log, and a screenshot saved.
    pub fn wait<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut probe: impl FnMut(&Self) -> Option<T>,
    ) -> T {
        let answer = wait_for(limit, || {
            if let Some(status) = self.child.try_wait().expect("ask for the app") {
                self.fail(&format!("the app ended ({status}) before {what}"));
            }
            probe(self)
        });
        answer.unwrap_or_else(|| self.fail(&format!("{what} did not come in {limit:?}")))
    }

    /// Waits until an area of the window shows something, and returns it.
    pub fn wait_for_content(&mut self, area: Area) -> Picture {
        const ENOUGH: f64 = 0.01;
        self.wait("a picture", ANSWER_LIMIT, |app| {
            let picture = app.picture(area);
            (picture.content() > ENOUGH).then_some(picture)
        })
    }

    /// Waits until an area looks different than before, and returns how it looks then.
    pub fn wait_for_change(&mut self, what: &str, area: Area, before: &Picture) -> Picture {
        const ENOUGH: f64 = 0.002;
        self.wait(what, ANSWER_LIMIT, |app| {
            let picture = app.picture(area);
            (picture.difference(before) > ENOUGH).then_some(picture)
        })
    }

    /// Waits until an area is not at all as before, and returns how it is then.
    pub fn wait_for_any_change(&mut self, what: &str, area: Area, before: &Picture) -> Picture {
        self.wait(what, ANSWER_LIMIT, |app| {
            let picture = app.picture(area);
            (picture.difference(before) > 0.0).then_some(picture)
        })
    }

    /// Waits until something is so.
    pub fn wait_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        self.wait(what, ANSWER_LIMIT, |app| is_so(app).then_some(()));
    }

    /// Waits until an area has stood still for a while, and returns how it looks.
    pub fn wait_for_stillness(&mut self, what: &str, area: Area) -> Picture {
        let mut last = self.picture(area);
        let mut since = Instant::now();
        self.wait(what, ANSWER_LIMIT, |app| {
            let picture = app.picture(area);
            if picture != last {
                last = picture;
                since = Instant::now();
            }
            (since.elapsed() >= STILL).then(|| last.clone())
        })
    }

    /// Waits until the process has done nothing for a second.
    pub fn wait_for_rest(&mut self) {
        const A_WHILE: Duration = Duration::from_secs(1);
        let (mut cpu, mut since) = (self.cpu_seconds(), Instant::now());
        self.wait("rest", ANSWER_LIMIT, |app| {
            let now = app.cpu_seconds();
            // A tick is what a single repaint may take.
            if now > cpu + 0.015 {
                (cpu, since) = (now, Instant::now());
            }
            (since.elapsed() >= A_WHILE).then_some(())
        });
    }

    /// What an area of the window shows now.
    pub fn picture(&self, area: Area) -> Picture {
        self.display.picture().crop(area)
    }

    /// Clicks with the left button, as a hand does: it goes there, presses, and lets go once the
    /// window can have seen it. The pointer goes away again.
    pub fn click(&mut self, at: (usize, usize)) {
        self.display.move_pointer(at);
        self.wait_for_frames();
        self.button("mousedown");
        self.wait_for_frames();
        self.button("mouseup");
        self.wait_for_frames();
        self.display.park_pointer();
    }

    /// Lets the window draw what it has been told.
    fn wait_for_frames(&mut self) {
        let before = Instant::now();
        self.wait("a moment", ANSWER_LIMIT, |_| {
            (before.elapsed() >= A_MOMENT).then_some(())
        });
    }

    /// Types a text.
    pub fn type_text(&self, text: &str) {
        self.display
            .xdotool(&["type", "--delay", "20", text])
            .unwrap_or_else(|| self.fail("xdotool cannot type"));
    }

    /// Presses and releases a key, named as X names it.
    pub fn press(&self, key: &str) {
        self.display
            .xdotool(&["key", "--clearmodifiers", key])
            .unwrap_or_else(|| self.fail(&format!("xdotool cannot press {key}")));
    }

    /// Drags with the left button, and lets go when an area, which must stand still otherwise, has
    /// changed and come to rest. Returns how the area looks then.
    ///
    /// A window that draws slowly may see a quick press, way and release all within one frame, and
    /// takes them for a click. A hand follows what it sees: it moves to and fro until the picture
    /// moves along, then goes to the end, and lets go.
    pub fn drag(
        &mut self,
        what: &str,
        from: (usize, usize),
        to: (usize, usize),
        area: Area,
    ) -> Picture {
        const ENOUGH: f64 = 0.002;
        let before = self.picture(area);
        let between = |from: usize, to: usize, step: usize| {
            (from * (DRAG_STEPS - step) + to * step) / DRAG_STEPS
        };
        self.display.move_pointer(from);
        self.button("mousedown");
        let mut steps = 0;
        self.wait(what, ANSWER_LIMIT, |app| {
            steps += 1;
            let step = DRAG_STEPS - DRAG_STEPS.abs_diff(steps % (2 * DRAG_STEPS));
            let point = (between(from.0, to.0, step), between(from.1, to.1, step));
            app.display.move_pointer(point);
            let arrived = steps >= DRAG_STEPS;
            (arrived && app.picture(area).difference(&before) > ENOUGH).then_some(())
        });
        self.display.move_pointer(to);
        self.wait_for_stillness(what, area);
        self.button("mouseup");
        self.display.park_pointer();
        self.wait_for_stillness(what, area)
    }

    fn button(&self, action: &str) {
        const LEFT: &str = "1";
        self.display
            .xdotool(&[action, LEFT])
            .unwrap_or_else(|| self.fail("xdotool cannot use the mouse button"));
    }

    /// CPU seconds of the process so far, all threads.
    ///
    /// # Panics
    /// When the process is gone.
    pub fn cpu_seconds(&self) -> f64 {
        /// Linux counts for programs in hundredths of a second, on every machine.
        const TICKS_PER_SECOND: f64 = 100.0;
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .unwrap_or_else(|error| self.fail(&format!("the app's CPU time: {error}")));
        // The name, in brackets, may hold anything; user and system time are fields 14 and 15.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks: f64 = ticks.filter_map(|field| field.parse::<f64>().ok()).sum();
        ticks / TICKS_PER_SECOND
    }

    /// Saves what the screen shows, for people to look at.
    pub fn screenshot(&self, name: &str) {
        let path = self.screenshots.join(format!("{name}.png"));
        self.display.picture().save(&path);
    }

    /// Gives the window another size, and waits until it has it.
    ///
    /// # Panics
    /// When it does not take it.
    pub fn resize(&mut self, window: &str, width: usize, height: usize) {
        let size = [width, height].map(|side| side.to_string());
        let asked = self
            .display
            .xdotool(&["windowsize", window, &size[0], &size[1]]);
        assert!(asked.is_some(), "the window cannot be resized");
        self.wait_for_size(window, (width, height));
    }

    /// Waits until the window has a size.
    pub fn wait_for_size(&mut self, window: &str, (width, height): (usize, usize)) {
        let wanted = [format!("WIDTH={width}"), format!("HEIGHT={height}")];
        self.wait("the new size", ANSWER_LIMIT, |app| {
            let geometry = app
                .display
                .xdotool(&["getwindowgeometry", "--shell", window])?;
            let has = |line: &String| geometry.lines().any(|other| other == line);
            wanted.iter().all(has).then_some(())
        });
    }

    /// Raises the window above others and gives it the keyboard.
    ///
    /// # Panics
    /// When it does not get it.
    pub fn bring_to_front(&mut self, window: &str) {
        for action in ["windowraise", "windowfocus"] {
            let done = self.display.xdotool(&[action, window]);
            assert!(done.is_some(), "xdotool {action} failed");
        }
        self.wait("the keyboard", ANSWER_LIMIT, |app| {
            let focused = app.display.xdotool(&["getwindowfocus", "-f"])?;
            (focused == window).then_some(())
        });
    }

    /// Presses the keys that quit in the window, and waits for the process to end.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn quit(mut self, window: &str) -> ExitStatus {
        self.bring_to_front(window);
        self.press("ctrl+q");
        self.wait_for_end()
    }

    /// Asks the window to close, as its close button would, and waits for the process to end.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn close(self) -> ExitStatus {
        self.press("alt+F4");
        self.wait_for_end()
    }

    /// Waits until the window has a title that starts so.
    pub fn wait_for_title(&mut self, window: &str, start: &str) {
        self.wait(&format!("the title {start:?}"), ANSWER_LIMIT, |app| {
            let title = app.display.xdotool(&["getwindowname", window])?;
            title.trim().starts_with(start).then_some(())
        });
    }

    /// Waits for the process to end.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn wait_for_end(mut self) -> ExitStatus {
        let end = wait_for(CLOSE_LIMIT, || {
            self.child.try_wait().expect("ask for the app")
        });
        end.unwrap_or_else(|| self.fail("the app did not end when its window was closed"))
    }

    /// Ends the test with all there is to know.
    pub fn fail(&self, message: &str) -> ! {
        self.screenshot("failure");
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        panic!(
            "{message}\nscreenshot: {}\nthe app's log:\n{log}",
            self.screenshots.join("failure.png").display()
        );
    }
}

impl Drop for App<'_> {
    fn drop(&mut self) {
        // It has ended already when the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
