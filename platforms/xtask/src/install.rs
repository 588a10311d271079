//! Installs what is missing, or says how.

use std::collections::BTreeSet;
use std::process::Command;

use crate::Result;
use crate::machine::Machine;
use crate::packages::{Purpose, REQUIREMENTS, Requirement};

/// Makes sure that everything a purpose needs is there. Asks no package manager when it is.
///
/// # Errors
/// When something that cannot be done without is missing and may not be installed from here; the
/// message holds the one command to type.
pub fn ensure(machine: &Machine, purposes: &[Purpose]) -> Result {
    let missing = missing(machine, purposes);
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("xtask: this machine lacks");
    for requirement in &missing {
        eprintln!("  {} ({})", requirement.name, requirement.reason);
    }
    let essential = missing.iter().any(|requirement| !requirement.optional);
    let Some(manager) = Manager::of(machine) else {
        return unless_optional(
            essential,
            "none of apt-get, dnf, pacman and brew was found to install them with; install them \
             by hand and start again"
                .to_owned(),
        );
    };
    let packages: BTreeSet<&str> = missing
        .iter()
        .flat_map(|requirement| manager.packages(requirement))
        .copied()
        .collect();
    let Some(rights) = manager.rights(machine) else {
        return unless_optional(
            essential,
            format!(
                "type this once, then start again:\n  {}",
                manager.command_line(&packages)
            ),
        );
    };
    if let Err(message) = apt_install(machine, rights, &packages) {
        return unless_optional(essential, message);
    }
    let names: Vec<&str> = self::missing(machine, purposes)
        .iter()
        .filter(|requirement| !requirement.optional)
        .map(|requirement| requirement.name)
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} installed its packages, but {} could still not be found",
        manager.program(),
        names.join(", ")
    ))
}

/// What a purpose needs and the machine lacks.
fn missing(machine: &Machine, purposes: &[Purpose]) -> Vec<&'static Requirement> {
    REQUIREMENTS
        .iter()
        .filter(|requirement| requirement.purposes.iter().any(|p| purposes.contains(p)))
        .filter(|requirement| machine.is_linux() || !requirement.linux_only)
        .filter(|requirement| !requirement.probe.passes(machine))
        .collect()
}

/// Things that only make the work faster do not stop it.
fn unless_optional(essential: bool, message: String) -> Result {
    if essential {
        return Err(message);
    }
    eprintln!("xtask: going on without them ({message})");
    Ok(())
}

/// How a command may be given the rights to install.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rights {
    Root,
    Sudo,
}

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    Apt,
    Dnf,
    Pacman,
    Brew,
}

impl Manager {
    /// The one that this machine has.
    fn of(machine: &Machine) -> Option<Self> {
        [Self::Apt, Self::Dnf, Self::Pacman, Self::Brew]
            .into_iter()
            .find(|manager| machine.program(manager.program()).is_some())
    }

    fn program(self) -> &'static str {
        match self {
            Self::Apt => "apt-get",
            Self::Dnf => "dnf",
            Self::Pacman => "pacman",
            Self::Brew => "brew",
        }
    }

    fn packages(self, requirement: &Requirement) -> &'static [&'static str] {
        match self {
            Self::Apt => requirement.apt,
            Self::Dnf => requirement.dnf,
            Self::Pacman => requirement.pacman,
            Self::Brew => requirement.brew,
        }
    }

    /// Rights to use it without asking anybody; only apt-get is used without asking.
    fn rights(self, machine: &Machine) -> Option<Rights> {
        if self != Self::Apt {
            return None;
        }
        if machine.output("id", &["-u"]).as_deref() == Some("0") {
            return Some(Rights::Root);
        }
        machine
            .succeeds("sudo", &["-n", "true"])
            .then_some(Rights::Sudo)
    }

    /// What a person types.
    fn command_line(self, packages: &BTreeSet<&str>) -> String {
        let start = match self {
            Self::Apt => "sudo apt-get install",
            Self::Dnf => "sudo dnf install",
            Self::Pacman => "sudo pacman -S --needed",
            Self::Brew => "brew install",
        };
        let names: Vec<&str> = packages.iter().copied().collect();
        format!("{start} {}", names.join(" "))
    }
}

fn apt_install(machine: &Machine, rights: Rights, packages: &BTreeSet<&str>) -> Result {
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages);
    for arguments in [vec!["update"], install] {
        let mut command = apt(machine, rights)?;
        command.args(["-o", "Acquire::Retries=3"]).args(&arguments);
        eprintln!("xtask: apt-get {}", arguments.join(" "));
        let status = command
            .status()
            .map_err(|error| format!("cannot start apt-get: {error}"))?;
        if !status.success() {
            return Err(format!(
                "`apt-get {}` failed ({status}); see its message above",
                arguments.join(" ")
            ));
        }
    }
    Ok(())
}

fn apt(machine: &Machine, rights: Rights) -> Result<Command> {
    const NO_QUESTIONS: &str = "DEBIAN_FRONTEND=noninteractive";
    // Through `env`, because sudo drops the variables of its caller.
    let (program, arguments) = match rights {
        Rights::Root => ("env", vec![NO_QUESTIONS, "apt-get"]),
        Rights::Sudo => ("sudo", vec!["-n", "env", NO_QUESTIONS, "apt-get"]),
    };
    let mut command = machine
        .command(program)
        .ok_or_else(|| format!("there is no program \"{program}\""))?;
    command.args(arguments);
    Ok(command)
}

#[cfg(all(test, unix))]
mod tests {
    use super::ensure;
    use crate::packages::{Purpose, REQUIREMENTS};
    use crate::probe::Probe;
    use crate::testing::FakeMachine;

    const TEST: &[Purpose] = &[Purpose::Test];

    /// An empty machine with a package manager that writes down what it is asked, and that puts
    /// there what the probes look for.
    fn debian(user: u32) -> FakeMachine {
        let fake = FakeMachine::new();
        for folder in [
            "usr/lib/llvm-14/lib/clang/14/include",
            "usr/share/vulkan/icd.d",
        ] {
            fake.file(&format!("{folder}/placeholder"));
        }
        let mut install = String::from(
            "echo \"apt-get $*\" >> \"$ROOT/log\"\ncase \"$*\" in *install*) ;; *) exit 0 ;; esac\n",
        );
        for requirement in REQUIREMENTS {
            match requirement.probe {
                Probe::Program("pkg-config") | Probe::PkgConfig(_) => {}
                Probe::Program(name) => {
                    install += &format!("/bin/cp \"$ROOT/bin/id\" \"$ROOT/bin/{name}\"\n");
                }
                Probe::Libraries(names) => {
                    for name in names {
                        install += &format!(": > \"$ROOT/usr/lib/{name}\"\n");
                    }
                }
                Probe::VulkanDriver(_) => {
                    install += ": > \"$ROOT/usr/share/vulkan/icd.d/lvp_icd.json\"\n";
                }
                Probe::Libclang => {
                    install += ": > \"$ROOT/usr/lib/libclang.so\"\n\
                                : > \"$ROOT/usr/lib/llvm-14/lib/clang/14/include/stddef.h\"\n";
                }
            }
        }
        install += ": > \"$ROOT/modules\"\n";
        fake.script("apt-get", &install);
        fake.script("pkg-config", "[ -e \"$ROOT/modules\" ]");
        fake.script("env", "shift\nexec \"$@\"");
        fake.script("id", &format!("echo {user}"));
        fake
    }

    #[test]
    fn the_second_run_does_not_ask_the_package_manager() {
        let fake = debian(0);
        ensure(&fake.machine, TEST).expect("installs");
        let log = fake.read("log");
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines.len(), 2, "one update, one install: {log}");
        assert!(lines[0].ends_with(" update"));
        assert!(lines[1].contains(" install --yes --no-install-recommends "));
        for package in [
            "libclang-dev",
            "xvfb",
            "mesa-vulkan-drivers",
            "libavcodec-dev",
        ] {
            assert!(lines[1].contains(package), "{package} is missing: {log}");
        }

        ensure(&fake.machine, TEST).expect("finds all there");
        assert_eq!(fake.read("log"), log, "the package manager was asked again");
    }

    #[test]
    fn only_what_the_purpose_needs_is_installed() {
        let fake = debian(0);
        ensure(&fake.machine, &[Purpose::Run]).expect("installs");
        assert!(!fake.read("log").contains("xvfb"));
    }

    #[test]
    fn without_rights_the_command_is_printed_and_nothing_is_run() {
        let fake = debian(1000);
        fake.script("sudo", "exit 1");
        let message = ensure(&fake.machine, TEST).expect_err("must ask the person");
        assert!(message.contains("sudo apt-get install "), "{message}");
        assert!(message.contains(" xvfb"), "{message}");
        assert_eq!(fake.read("log"), "");
    }

    #[test]
    fn sudo_is_used_when_it_asks_for_no_password() {
        let fake = debian(1000);
        fake.script(
            "sudo",
            "[ \"$1\" = -n ] || exit 1\nshift\n[ \"$1\" = true ] && exit 0\nexec \"$@\"",
        );
        ensure(&fake.machine, TEST).expect("installs through sudo");
        assert_eq!(fake.read("log").lines().count(), 2);
    }

    #[test]
    fn other_package_managers_are_left_to_the_person() {
        for (program, start) in [
            ("dnf", "sudo dnf install "),
            ("pacman", "sudo pacman -S --needed "),
            ("brew", "brew install "),
        ] {
            let fake = FakeMachine::new();
            fake.script(program, "echo called >> \"$ROOT/log\"");
            let message = ensure(&fake.machine, TEST).expect_err("must ask the person");
            assert!(message.contains(start), "{message}");
            assert_eq!(fake.read("log"), "");
        }
    }

    #[test]
    fn a_package_that_does_not_bring_the_thing_is_an_error() {
        let fake = debian(0);
        fake.script("apt-get", "exit 0");
        let message = ensure(&fake.machine, TEST).expect_err("nothing was installed");
        assert!(message.contains("could still not be found"), "{message}");
        assert!(message.contains("Xvfb"), "{message}");
    }

    #[test]
    fn a_missing_linker_only_slows_things_down() {
        let fake = debian(0);
        ensure(&fake.machine, TEST).expect("installs");
        fake.remove("bin/mold");
        fake.script("apt-get", "exit 100");
        ensure(&fake.machine, TEST).expect("goes on without mold");
    }
}
