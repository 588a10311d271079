//! What only a desktop can do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use etcetera::BaseStrategy as _;
use zoetrope_app::Platform;
use zoetrope_app::platform::{Pick, PickAnswer, pick_with_dialog};

/// Linux, Windows and macOS.
pub struct Desktop;

impl Platform for Desktop {
    fn pick(&self, what: Pick, title: &str, answer: PickAnswer) {
        pick_with_dialog(what, title, answer);
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
}

/// The folder of settings and the like; `None` when there is no home.
pub fn config_folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("zoetrope"))
}
