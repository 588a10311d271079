//! What only a desktop can do.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use etcetera::BaseStrategy as _;
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};
use zoetrope_app::Platform;
use zoetrope_app::film::MakeFilm;
use zoetrope_app::fitting::MakeFit;
use zoetrope_app::platform::{PickAnswer, PickRequest, pick_with_dialog};

use crate::commands::{export, fit};

/// Priority of threads that nothing waits for, of 0 to 99: on Linux a niceness of 10, which
/// leaves them a tenth of a core that others want too.
const BACKGROUND: u8 = 25;

/// Linux, Windows and macOS.
pub struct Desktop;

impl Platform for Desktop {
    fn pick(&self, request: PickRequest, answer: PickAnswer) {
        pick_with_dialog(request, answer);
    }

    fn locale(&self) -> String {
        sys_locale::get_locale().unwrap_or_default()
    }

    fn pictures_folder(&self) -> Option<PathBuf> {
        let home = etcetera::home_dir().ok()?;
        let pictures = std::env::var_os("XDG_PICTURES_DIR")
            .map(PathBuf::from)
            .filter(|folder| folder.is_absolute())
            .unwrap_or_else(|| home.join("Pictures"));
        Some(if pictures.is_dir() { pictures } else { home })
    }

    fn show_folder(&self, folder: &Path) -> bool {
        let program = if cfg!(target_os = "windows") {
            "explorer"
        } else if cfg!(target_os = "macos") {
            "open"
        } else {
            "xdg-open"
        };
        let started = Command::new(program)
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(mut child) => {
                // It ends soon, and must not stay as a zombie until then.
                let waiting = std::thread::Builder::new()
                    .name("file manager".to_owned())
                    .spawn(move || child.wait());
                if let Err(error) = waiting {
                    log::warn!("cannot wait for {program}: {error}");
                }
                true
            }
            Err(error) => {
                log::warn!("{program} cannot be started: {error}");
                false
            }
        }
    }

    fn network_address(&self) -> Option<IpAddr> {
        zoetrope_share::local_address()
    }

    fn film_maker(&self) -> Option<MakeFilm> {
        Some(export::make_film)
    }

    fn fit_maker(&self) -> Option<MakeFit> {
        Some(fit::make_fit)
    }

    fn lower_thread_priority(&self) {
        let lowered = ThreadPriorityValue::try_from(BACKGROUND)
            .map_err(|error| format!("{error:?}"))
            .and_then(|priority| {
                let priority = ThreadPriority::Crossplatform(priority);
                set_current_thread_priority(priority).map_err(|error| format!("{error:?}"))
            });
        if let Err(error) = lowered {
            log::debug!("the thread keeps its priority: {error}");
        }
    }
}

/// The folder of settings and the like; `None` when there is no home.
pub fn config_folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("zoetrope"))
}

/// The folder of what may be deleted at any time; `None` when there is no home.
pub fn cache_folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.cache_dir().join("zoetrope"))
}

/// A folder of the person's own for what lasts no longer than the session; where the system has none,
/// the one of the cache.
pub fn runtime_folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    let folder = strategy.runtime_dir();
    let folder = folder.unwrap_or_else(|| strategy.cache_dir());
    Some(folder.join("zoetrope"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The niceness of the calling thread.
    #[cfg(target_os = "linux")]
    fn niceness() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").expect("readable");
        // Counted from the end of the name, which may hold anything.
        let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
        let nice = fields.split_whitespace().nth(16).expect("the 19th field");
        nice.parse().expect("a number")
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_can_step_back_and_the_others_stay() {
        let before = niceness();
        let thread = std::thread::spawn(|| {
            Desktop.lower_thread_priority();
            niceness()
        });
        let lowered = thread.join().expect("it ends");
        assert!(lowered >= before + 5 || lowered == 19, "{before} {lowered}");
        assert_eq!(niceness(), before);
    }
}
