//! The machine as `xtask` sees it: its files, its environment, its programs. Tests hand in another.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Result, pattern};

/// A machine, and the checkout that is worked on.
pub struct Machine {
    /// Where absolute paths start: `/`, or a folder that plays it in tests.
    pub root: PathBuf,
    /// Top of the checkout.
    pub checkout: PathBuf,
    /// The operating system, as [`std::env::consts::OS`] names it.
    pub system: &'static str,
    /// The environment.
    pub variables: BTreeMap<OsString, OsString>,
}

impl Machine {
    /// The one this process runs on.
    ///
    /// # Errors
    /// When the checkout cannot be told.
    pub fn here() -> Result<Self> {
        // Asked at run time first: with a target folder shared between checkouts, the program may
        // have been compiled in another one.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let checkout = manifest
            .ancestors()
            .nth(2)
            .filter(|top| top.join("Cargo.toml").is_file())
            .ok_or("cannot find the checkout; start this as `cargo xtask`")?;
        Ok(Self {
            root: PathBuf::from("/"),
            checkout: checkout.to_path_buf(),
            system: std::env::consts::OS,
            variables: std::env::vars_os().collect(),
        })
    }

    /// A variable of the environment; `None` when it is empty, too.
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether it is a Linux system.
    pub fn is_linux(&self) -> bool {
        self.system == "linux"
    }

    /// Where a program lies, if it is on the `PATH` or among cargo's own.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let on_path = self
            .variable("PATH")
            .map(|path| std::env::split_paths(path).collect::<Vec<_>>())
            .unwrap_or_default();
        on_path
            .into_iter()
            .chain(self.cargo_programs())
            .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
            .find(|file| is_executable(file))
    }

    fn cargo_programs(&self) -> Option<PathBuf> {
        let home = self.variable("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(self.home()?.join(".cargo")));
        Some(home?.join("bin"))
    }

    /// The user's home folder.
    pub fn home(&self) -> Option<PathBuf> {
        self.variable("HOME")
            .or_else(|| self.variable("USERPROFILE"))
            .map(PathBuf::from)
    }

    /// Files that match a pattern such as `usr/lib*/libclang*.so`, taken from [`Self::root`].
    pub fn files(&self, glob: &str) -> Vec<PathBuf> {
        pattern::files(&self.root, glob)
    }

    /// A command with this machine's environment; `None` when there is no such program.
    pub fn command(&self, name: &str) -> Option<Command> {
        let mut command = Command::new(self.program(name)?);
        command.env_clear().envs(&self.variables);
        Some(command)
    }

    /// Whether a program exists and ends well, with its output thrown away.
    pub fn succeeds(&self, name: &str, arguments: &[&str]) -> bool {
        self.command(name).is_some_and(|mut command| {
            command
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        })
    }

    /// What a program prints, when it ends well.
    pub fn output(&self, name: &str, arguments: &[&str]) -> Option<String> {
        let output = self
            .command(name)?
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

#[cfg(all(test, unix))]
mod tests {
    use crate::testing::FakeMachine;

    #[test]
    fn a_program_is_found_on_the_path_and_among_cargos_own() {
        let fake = FakeMachine::new();
        assert!(fake.machine.program("tool").is_none());
        fake.script("tool", "exit 0");
        assert!(fake.machine.succeeds("tool", &[]));
        fake.file("home/.cargo/bin/cargo-other");
        assert!(
            fake.machine.program("cargo-other").is_none(),
            "a file that cannot be executed is no program"
        );
        fake.make_executable("home/.cargo/bin/cargo-other");
        assert!(fake.machine.program("cargo-other").is_some());
    }

    #[test]
    fn a_program_that_fails_gives_no_output() {
        let fake = FakeMachine::new();
        fake.script("says", "echo ' words '; exit 0");
        fake.script("fails", "echo words; exit 3");
        assert_eq!(fake.machine.output("says", &[]).as_deref(), Some("words"));
        assert_eq!(fake.machine.output("fails", &[]), None);
        assert_eq!(fake.machine.output("absent", &[]), None);
    }
}
