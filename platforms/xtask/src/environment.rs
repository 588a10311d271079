//! The environment in which cargo, the app and the tests run.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::machine::Machine;
use crate::packages::SOFTWARE_DRIVER;
use crate::probe::vulkan_drivers;

/// Variables by which Vulkan's loader is told its drivers: the name of today, and that of loaders
/// before 1.3.207.
const VULKAN_DRIVERS: [&str; 2] = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

/// Folder for what can be made again: build outputs, and the runtime folder of programs.
///
/// # Errors
/// When the user has no home.
pub fn cache(machine: &Machine) -> Result<PathBuf> {
    let home = || {
        machine
            .home()
            .ok_or("HOME is not set; set it, or set CARGO_TARGET_DIR and XDG_RUNTIME_DIR")
    };
    let base = match machine.system {
        "macos" => home()?.join("Library/Caches"),
        "windows" => match machine.variable("LOCALAPPDATA") {
            Some(folder) => PathBuf::from(folder),
            None => home()?.join("AppData/Local"),
        },
        _ => match machine.variable("XDG_CACHE_HOME") {
            Some(folder) => PathBuf::from(folder),
            None => home()?.join(".cache"),
        },
    };
    Ok(base.join("zoetrope"))
}

/// Where cargo builds: what the user chose, else one folder for all checkouts, because the
/// dependencies of two checkouts are the same.
///
/// # Errors
/// When the user chose nothing and has no home.
pub fn target_folder(machine: &Machine) -> Result<PathBuf> {
    match machine.variable("CARGO_TARGET_DIR") {
        // cargo takes it from the folder it is started in, and so must we.
        Some(folder) => std::path::absolute(folder)
            .map_err(|error| format!("CARGO_TARGET_DIR is no usable path: {error}")),
        None => Ok(cache(machine)?.join("target")),
    }
}

/// Makes sure of a runtime folder, which graphics drivers and Wayland complain without.
///
/// # Errors
/// When it cannot be made.
pub fn runtime_folder(machine: &Machine) -> Result<Option<(&'static str, OsString)>> {
    if !machine.is_linux() || machine.variable("XDG_RUNTIME_DIR").is_some() {
        return Ok(None);
    }
    let folder = cache(machine)?.join("runtime");
    create_private(&folder)
        .map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
    Ok(Some(("XDG_RUNTIME_DIR", folder.into())))
}

#[cfg(unix)]
fn create_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(folder)?;
    // The specification of the variable asks for a folder that nobody else can enter.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn create_private(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

/// Chooses Mesa's software driver, so that a test draws the same on every machine. Who has chosen a
/// driver keeps it.
pub fn software_vulkan(machine: &Machine) -> Vec<(&'static str, OsString)> {
    let chosen = VULKAN_DRIVERS
        .iter()
        .any(|name| machine.variable(name).is_some());
    let Some(driver) = vulkan_drivers(machine, SOFTWARE_DRIVER).into_iter().next() else {
        return Vec::new();
    };
    if chosen {
        return Vec::new();
    }
    VULKAN_DRIVERS
        .iter()
        .map(|name| (*name, driver.clone().into()))
        .collect()
}

/// Whether cargo set this variable for `xtask` alone. Handed on, it could make build scripts run
/// again that watch it.
pub fn is_ours_alone(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || [
            "CARGO_MANIFEST_DIR",
            "CARGO_MANIFEST_PATH",
            "CARGO_BIN_NAME",
            "CARGO_CRATE_NAME",
            "CARGO_PRIMARY_PACKAGE",
            "OUT_DIR",
        ]
        .contains(&name)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{runtime_folder, software_vulkan, target_folder};
    use crate::testing::FakeMachine;

    #[test]
    fn builds_go_to_the_cache_unless_the_user_chose_a_place() {
        let mut fake = FakeMachine::new();
        let home = fake.machine.root.join("home");
        assert_eq!(
            target_folder(&fake.machine),
            Ok(home.join(".cache/zoetrope/target"))
        );
        fake.set("XDG_CACHE_HOME", "/fast");
        assert_eq!(
            target_folder(&fake.machine),
            Ok("/fast/zoetrope/target".into())
        );
        fake.set("CARGO_TARGET_DIR", "/chosen");
        assert_eq!(target_folder(&fake.machine), Ok("/chosen".into()));
    }

    #[test]
    fn the_runtime_folder_is_private_and_made_only_when_there_is_none() {
        let mut fake = FakeMachine::new();
        let (name, folder) = runtime_folder(&fake.machine)
            .expect("can be made")
            .expect("there was none");
        assert_eq!(name, "XDG_RUNTIME_DIR");
        let mode = std::fs::metadata(folder)
            .expect("exists")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);

        fake.set("XDG_RUNTIME_DIR", "/run/user/1000");
        assert_eq!(runtime_folder(&fake.machine), Ok(None));
    }

    #[test]
    fn tests_draw_in_software_unless_the_user_chose_a_driver() {
        let mut fake = FakeMachine::new();
        assert!(software_vulkan(&fake.machine).is_empty());
        let manifest = "usr/share/vulkan/icd.d/lvp_icd.x86_64.json";
        fake.file(manifest);
        let expected = fake.machine.root.join(manifest);
        let variables = software_vulkan(&fake.machine);
        assert_eq!(variables.len(), 2, "one for new loaders, one for old");
        assert!(variables.iter().all(|(_, value)| *value == expected));

        fake.set("VK_ICD_FILENAMES", "/mine.json");
        assert!(software_vulkan(&fake.machine).is_empty());
    }
}
