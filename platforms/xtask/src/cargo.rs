//! Starts cargo in the checkout.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use crate::machine::Machine;
use crate::{Result, environment};

/// File in the target folder that names the checkout it was last used for.
const STAMP: &str = "zoetrope-checkout";

/// cargo, with the environment that everything of this project is built and tested in.
pub struct Cargo<'a> {
    machine: &'a Machine,
    target_folder: PathBuf,
    variables: Vec<(&'static str, OsString)>,
}

impl<'a> Cargo<'a> {
    /// cargo for building what draws on the machine's own GPU.
    ///
    /// # Errors
    /// When a folder of the environment cannot be made.
    pub fn new(machine: &'a Machine) -> Result<Self> {
        let target_folder = environment::target_folder(machine)?;
        let mut variables = vec![("CARGO_TARGET_DIR", target_folder.clone().into())];
        variables.extend(environment::runtime_folder(machine)?);
        let cargo = Self {
            machine,
            target_folder,
            variables,
        };
        cargo.claim()?;
        Ok(cargo)
    }

    /// Makes the target folder this checkout's. To cargo the crates of two checkouts are the same,
    /// and it compares only dates: built for another checkout since, ours would pass for fresh. What
    /// both share, the dependencies, stays.
    fn claim(&self) -> Result {
        let stamp = self.target_folder.join(STAMP);
        let ours = self.machine.checkout.to_string_lossy();
        if std::fs::read_to_string(&stamp).is_ok_and(|owner| owner == ours) {
            return Ok(());
        }
        if self.target_folder.is_dir() {
            self.run(&["clean", "--quiet", "--workspace"])?;
        }
        std::fs::create_dir_all(&self.target_folder)
            .and_then(|()| std::fs::write(&stamp, ours.as_bytes()))
            .map_err(|error| format!("cannot write {}: {error}", stamp.display()))
    }

    /// cargo for tests: they draw with the software driver.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn for_tests(machine: &'a Machine) -> Result<Self> {
        let mut cargo = Self::new(machine)?;
        cargo
            .variables
            .extend(environment::software_vulkan(machine));
        Ok(cargo)
    }

    /// Sets a variable for everything started from here.
    pub fn set(&mut self, name: &'static str, value: impl Into<OsString>) {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
    }

    /// Where a built program lies.
    pub fn built(&self, profile_folder: &str, program: &str) -> PathBuf {
        self.target_folder
            .join(profile_folder)
            .join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
    }

    /// Runs cargo and shows what it prints.
    ///
    /// # Errors
    /// When it fails; cargo has then said why.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result {
        let words: Vec<String> = arguments
            .iter()
            .map(|word| word.as_ref().to_string_lossy().into_owned())
            .collect();
        let shown = format!("cargo {}", words.join(" "));
        eprintln!("xtask: {shown}");
        let status = self
            .command()?
            .args(arguments)
            .current_dir(&self.machine.checkout)
            .status()
            .map_err(|error| format!("cannot start {shown}: {error}"))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("`{shown}` failed ({status})"))
        }
    }

    /// cargo through mold where there is one: it then links everything, and unlike a linker named
    /// in cargo's configuration it can come and go without anything being built again.
    fn command(&self) -> Result<Command> {
        // Set by the cargo that started us, so that the same toolchain goes on.
        let cargo = self
            .machine
            .variable("CARGO")
            .map_or_else(|| OsString::from("cargo"), OsStr::to_owned);
        let mut command = match self.machine.program("mold") {
            Some(mold) if self.machine.is_linux() => {
                let mut command = Command::new(mold);
                command.arg("-run").arg(cargo);
                command
            }
            _ => Command::new(cargo),
        };
        self.surround(&mut command);
        Ok(command)
    }

    /// Gives a command the environment.
    pub fn surround(&self, command: &mut Command) {
        command.env_clear();
        for (name, value) in &self.machine.variables {
            if !name.to_str().is_some_and(environment::is_ours_alone) {
                command.env(name, value);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::Cargo;
    use crate::testing::FakeMachine;

    #[test]
    fn cargo_gets_the_shared_target_folder_and_none_of_our_own_variables() {
        let mut fake = FakeMachine::new();
        fake.file("checkout/Cargo.toml");
        fake.script(
            "cargo",
            "echo \"$* $CARGO_TARGET_DIR [$CARGO_PKG_NAME]\" > \"$ROOT/log\"",
        );
        let cargo = fake.machine.root.join("bin/cargo");
        fake.set("CARGO", cargo);
        fake.set("CARGO_PKG_NAME", "xtask");
        Cargo::new(&fake.machine)
            .and_then(|cargo| cargo.run(&["build"]))
            .expect("the script ends well");
        let target = fake.machine.root.join("home/.cache/zoetrope/target");
        assert_eq!(fake.read("log"), format!("build {} []\n", target.display()));
    }

    #[test]
    fn cargo_goes_through_mold_where_there_is_one() {
        let mut fake = FakeMachine::new();
        fake.file("checkout/Cargo.toml");
        fake.set("CARGO", "the-cargo");
        fake.script("mold", "echo \"$*\" > \"$ROOT/log\"");
        Cargo::new(&fake.machine)
            .and_then(|cargo| cargo.run(&["build"]))
            .expect("the script ends well");
        assert_eq!(fake.read("log"), "-run the-cargo build\n");
    }

    #[test]
    fn another_checkout_drops_what_is_built_of_ours_but_once() {
        let mut fake = FakeMachine::new();
        fake.file("checkout/Cargo.toml");
        fake.script("cargo", "echo \"$*\" >> \"$ROOT/log\"");
        let cargo = fake.machine.root.join("bin/cargo");
        fake.set("CARGO", cargo);
        let build = |fake: &FakeMachine| {
            Cargo::new(&fake.machine)
                .and_then(|cargo| cargo.run(&["build"]))
                .expect("the script ends well");
        };
        build(&fake);
        build(&fake);
        assert_eq!(fake.read("log"), "build\nbuild\n");
        fake.machine.checkout = fake.machine.root.join("other");
        fake.file("other/Cargo.toml");
        build(&fake);
        build(&fake);
        assert_eq!(
            fake.read("log"),
            "build\nbuild\nclean --quiet --workspace\nbuild\nbuild\n"
        );
    }

    #[test]
    fn a_failure_names_the_command() {
        let mut fake = FakeMachine::new();
        fake.file("checkout/Cargo.toml");
        fake.script("cargo", "exit 101");
        let cargo = fake.machine.root.join("bin/cargo");
        fake.set("CARGO", cargo);
        let message = Cargo::new(&fake.machine)
            .and_then(|cargo| cargo.run(&["build", "--workspace"]))
            .expect_err("the script fails");
        assert!(
            message.contains("`cargo build --workspace` failed"),
            "{message}"
        );
    }
}
