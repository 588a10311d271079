//! A machine made of a temporary folder, for tests.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use crate::machine::Machine;

/// Held by the one fake machine of this process. A script cannot be started while any process has
/// it open for writing, and a process that another thread starts just then inherits that for a
/// moment.
static ONLY_ONE: Mutex<()> = Mutex::new(());

/// A Linux machine that has only what a test puts on it. Its `PATH` is one folder.
pub struct FakeMachine {
    /// The machine; its root is a temporary folder.
    pub machine: Machine,
    _folder: TempDir,
    _only_one: MutexGuard<'static, ()>,
}

impl FakeMachine {
    /// An empty machine.
    pub fn new() -> Self {
        let only_one = ONLY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = TempDir::new().expect("a temporary folder");
        let root = folder.path().to_path_buf();
        let variable = |name: &str, path: &str| (OsString::from(name), root.join(path).into());
        let machine = Machine {
            checkout: root.join("checkout"),
            system: "linux",
            variables: [variable("PATH", "bin"), variable("HOME", "home")].into(),
            root,
        };
        Self {
            machine,
            _folder: folder,
            _only_one: only_one,
        }
    }

    /// Sets a variable of the environment.
    pub fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.machine
            .variables
            .insert(name.into(), value.as_ref().into());
    }

    /// Puts an empty file at a path from the root.
    pub fn file(&self, path: &str) {
        self.write(path, "");
    }

    /// Puts a file with this content at a path from the root.
    pub fn write(&self, path: &str, content: &str) {
        let path = self.machine.root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("create a folder");
        fs::write(path, content).expect("write a file");
    }

    /// What a file holds; nothing when it is not there.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.machine.root.join(path)).unwrap_or_default()
    }

    /// Takes a file away.
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.machine.root.join(path)).expect("remove a file");
    }

    /// Allows a file to be started.
    pub fn make_executable(&self, path: &str) {
        fs::set_permissions(
            self.machine.root.join(path),
            fs::Permissions::from_mode(0o755),
        )
        .expect("set permissions");
    }

    /// Puts a shell script on the `PATH`. `$ROOT` in it is the machine's root.
    pub fn script(&self, name: &str, body: &str) {
        let path = format!("bin/{name}");
        let root = self.machine.root.display();
        self.write(&path, &format!("#!/bin/sh\nROOT='{root}'\n{body}\n"));
        self.make_executable(&path);
    }
}
