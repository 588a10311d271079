//! The commands.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::cargo::Cargo;
use crate::machine::Machine;
use crate::packages::Purpose;
use crate::{Result, doctests, environment, install};

/// The app's binary.
const APP: &str = "zoetrope";
/// Manifests of the workspaces beside the main one.
const SIDE_WORKSPACES: [&str; 2] = ["render/peer/Cargo.toml", "codecs/fuzz/Cargo.toml"];
/// Seconds for which a parser is fuzzed when nothing is said.
const FUZZ_SECONDS: u64 = 60;
/// The folder of the fuzz targets.
const FUZZ: &str = "codecs/fuzz";

/// Builds the app and starts it.
///
/// # Errors
/// When something is missing, does not build, or the app cannot be started.
pub fn run(machine: &Machine, arguments: &[String]) -> Result {
    install::ensure(machine, &[Purpose::Run])?;
    let cargo = Cargo::new(machine)?;
    // The whole workspace chooses the features, as in the tests: built once, used by both.
    cargo.run(&["build", "--workspace", "--bin", APP])?;
    start(&cargo, &cargo.built("debug", APP), arguments)
}

/// Runs every test.
///
/// # Errors
/// When something is missing, does not build, or a test fails.
pub fn test(machine: &Machine, arguments: &[String]) -> Result {
    install::ensure(machine, &[Purpose::Test])?;
    let cargo = Cargo::for_tests(machine)?;
    let own: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if machine.program("cargo-nextest").is_none() {
        // cargo's own runner knows the documentation's examples, too.
        return cargo.run(&[&["test", "--workspace"], own.as_slice()].concat());
    }
    cargo.run(&[&["nextest", "run", "--workspace"], own.as_slice()].concat())?;
    if own.is_empty() && doctests::exist(&machine.checkout) {
        cargo.run(&["test", "--doc", "--workspace"])?;
    }
    Ok(())
}

/// Draws the window in all its states into `docs`.
///
/// # Errors
/// When something is missing, does not build, or a picture cannot be written.
pub fn sheet(machine: &Machine) -> Result {
    install::ensure(machine, &[Purpose::Test])?;
    let mut cargo = Cargo::for_tests(machine)?;
    cargo.set("CONTACT_SHEETS", machine.checkout.join("docs"));
    let ignored = ["contact_sheets", "--", "--ignored"];
    cargo.run(&[&["test", "--workspace", "--test", "ui"], ignored.as_slice()].concat())
}

/// Checks the form: formatting, clippy, documentation. Warnings are errors.
///
/// # Errors
/// When something is missing, or a check finds something.
pub fn lint(machine: &Machine) -> Result {
    install::ensure(machine, &[Purpose::Test])?;
    let mut cargo = Cargo::for_tests(machine)?;
    cargo.run(&["fmt", "--all", "--check"])?;
    for manifest in SIDE_WORKSPACES {
        if machine.checkout.join(manifest).is_file() {
            cargo.run(&["fmt", "--check", "--manifest-path", manifest])?;
        }
    }
    // After the dashes, so that what clippy denies is no reason to check dependencies again.
    cargo.run(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])?;
    cargo.set("RUSTDOCFLAGS", "-D warnings");
    cargo.run(&["doc", "--workspace", "--no-deps"])
}

/// Builds the app for speed and runs `zoetrope bench`, which builds the renderer that it compares
/// with itself.
///
/// # Errors
/// When something is missing, does not build, or the app cannot be started.
pub fn bench(machine: &Machine, arguments: &[String]) -> Result {
    install::ensure(machine, &[Purpose::Bench])?;
    let cargo = Cargo::new(machine)?;
    cargo.run(&["build", "--release", "--workspace", "--bin", APP])?;
    let mut own = vec!["bench".to_owned()];
    own.extend_from_slice(arguments);
    start(&cargo, &cargo.built("release", APP), &own)
}

/// Fuzzes one parser or all of them.
///
/// # Errors
/// When there is no such target, cargo-fuzz cannot be had, or a fuzzer finds something.
pub fn fuzz(machine: &Machine, arguments: &[String]) -> Result {
    let (name, seconds) = match arguments {
        [] => (None, FUZZ_SECONDS),
        [one] => match one.parse() {
            Ok(seconds) => (None, seconds),
            Err(_) => (Some(one), FUZZ_SECONDS),
        },
        [name, seconds] => {
            let seconds = seconds
                .parse()
                .map_err(|_| format!("\"{seconds}\" is no number of seconds"))?;
            (Some(name), seconds)
        }
        _ => return Err("usage: cargo xtask fuzz [target] [seconds]".to_owned()),
    };
    let mut targets = fuzz_targets(&machine.checkout);
    if let Some(name) = name {
        if !targets.contains(name) {
            return Err(format!(
                "there is no fuzz target \"{name}\"; there are: {}",
                targets.join(", ")
            ));
        }
        targets.retain(|target| target == name);
    }
    if targets.is_empty() {
        return Err(format!("{FUZZ}/Cargo.toml declares no targets"));
    }
    let mut cargo = Cargo::new(machine)?;
    if machine.program("cargo-fuzz").is_none() {
        cargo.run(&["install", "cargo-fuzz", "--locked"])?;
    }
    // Sanitizers are not stable yet. The variable is what lets a toolchain use them all the same,
    // so that no other toolchain is needed.
    cargo.set("RUSTC_BOOTSTRAP", "1");
    let cache = environment::cache(machine)?;
    cargo.set("CARGO_TARGET_DIR", cache.join("fuzz-target"));
    for target in &targets {
        fuzz_one(machine, &cargo, &cache, target, seconds)?;
    }
    Ok(())
}

fn fuzz_one(machine: &Machine, cargo: &Cargo, cache: &Path, target: &str, seconds: u64) -> Result {
    // What a fuzzer discovers goes to the first folder, so that the seeds in the repository stay as
    // they are.
    let discoveries = cache.join("fuzz-corpus").join(target);
    std::fs::create_dir_all(&discoveries)
        .map_err(|error| format!("cannot make {}: {error}", discoveries.display()))?;
    let mut arguments: Vec<OsString> = ["fuzz", "run", "--fuzz-dir", FUZZ, target]
        .map(OsString::from)
        .into();
    arguments.push(discoveries.into());
    let seeds = format!("{FUZZ}/corpus/{target}");
    if machine.checkout.join(&seeds).is_dir() {
        arguments.push(seeds.into());
    }
    arguments.push("--".into());
    arguments.push(format!("-max_total_time={seconds}").into());
    cargo.run(&arguments)
}

/// Names of the fuzz targets: the binaries that the manifest of the fuzz folder declares, sorted.
fn fuzz_targets(checkout: &Path) -> Vec<String> {
    let manifest =
        std::fs::read_to_string(checkout.join(FUZZ).join("Cargo.toml")).unwrap_or_default();
    let mut names: Vec<String> = manifest
        .split("[[bin]]")
        .skip(1)
        .filter_map(|section| {
            let line = section.lines().find(|line| line.starts_with("name"))?;
            Some(line.split('"').nth(1)?.to_owned())
        })
        .collect();
    names.sort();
    names
}

/// Installs what any command may need.
///
/// # Errors
/// When something is missing that may not be installed from here.
pub fn setup(machine: &Machine) -> Result {
    install::ensure(machine, &[Purpose::Run, Purpose::Test, Purpose::Bench])?;
    eprintln!("xtask: everything that Zoetrope needs is there");
    Ok(())
}

/// Starts a built program in the folder of the user, and takes its exit code for ours.
fn start(cargo: &Cargo, program: &Path, arguments: &[String]) -> Result {
    let mut command = Command::new(program);
    cargo.surround(&mut command);
    command.args(arguments);
    let error = become_command(command);
    Err(format!("cannot start {}: {error}", program.display()))
}

/// Becomes the program, so that signals reach it; returns only when it cannot be started.
#[cfg(unix)]
fn become_command(mut command: Command) -> std::io::Error {
    use std::os::unix::process::CommandExt;
    command.exec()
}

#[cfg(not(unix))]
fn become_command(mut command: Command) -> std::io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::{fuzz, fuzz_targets, lint, test};
    use crate::testing::FakeMachine;

    /// A machine that lacks nothing, whose cargo writes down what it is asked to do.
    fn complete_machine() -> FakeMachine {
        let mut fake = FakeMachine::new();
        fake.file("checkout/Cargo.toml");
        for name in ["cc", "pkg-config", "Xvfb", "openbox", "xdotool", "ffmpeg"] {
            fake.script(name, "exit 0");
        }
        fake.script("mold", "shift\nexec \"$@\"");
        fake.script(
            "cargo",
            "echo \"$* driver=$VK_DRIVER_FILES\" >> \"$ROOT/log\"",
        );
        let cargo = fake.machine.root.join("bin/cargo");
        fake.set("CARGO", cargo);
        fake.file("usr/lib/libclang.so");
        fake.file("usr/lib/clang/14/include/stddef.h");
        fake.file("usr/share/vulkan/icd.d/lvp_icd.json");
        for requirement in crate::packages::REQUIREMENTS {
            if let crate::probe::Probe::Libraries(names) = requirement.probe {
                for name in names {
                    fake.file(&format!("usr/lib/{name}"));
                }
            }
        }
        fake
    }

    #[test]
    fn tests_run_under_nextest_where_there_is_one_and_draw_in_software() {
        let fake = complete_machine();
        test(&fake.machine, &[]).expect("cargo's own runner");
        assert!(fake.read("log").starts_with("test --workspace driver=/"));

        fake.remove("log");
        fake.script("cargo-nextest", "exit 0");
        test(&fake.machine, &["-E".to_owned(), "test(x)".to_owned()]).expect("nextest");
        let log = fake.read("log");
        assert!(
            log.starts_with("nextest run --workspace -E test(x) driver=/"),
            "{log}"
        );
        assert_eq!(log.lines().count(), 1);
    }

    #[test]
    fn examples_in_the_documentation_run_where_there_are_any() {
        let fake = complete_machine();
        fake.script("cargo-nextest", "exit 0");
        fake.write(
            "checkout/codecs/src/lib.rs",
            "/// ```\n/// assert!(true);\n/// ```\n",
        );
        test(&fake.machine, &[]).expect("both");
        assert!(fake.read("log").contains("\ntest --doc --workspace "));
    }

    #[test]
    fn a_failing_check_stops_the_lint() {
        let fake = complete_machine();
        lint(&fake.machine).expect("all pass");
        let log = fake.read("log");
        for check in [
            "fmt --all",
            "clippy --workspace --all-targets",
            "doc --workspace",
        ] {
            assert!(log.contains(check), "{check} is missing: {log}");
        }
        fake.script("cargo", "[ \"$1\" != clippy ]");
        let message = lint(&fake.machine).expect_err("clippy fails");
        assert!(message.contains("clippy"), "{message}");
    }

    #[test]
    fn fuzz_takes_a_target_and_seconds_in_any_sensible_form() {
        let fake = complete_machine();
        fake.script("cargo-fuzz", "exit 0");
        let manifest = "[package]\nname = \"fuzz\"\n\n[[bin]]\nname = \"sog\"\n\n\
                        [[bin]]\nname = \"ply\"\npath = \"targets/ply.rs\"\n";
        fake.write("checkout/codecs/fuzz/Cargo.toml", manifest);
        assert_eq!(fuzz_targets(&fake.machine.checkout), ["ply", "sog"]);
        fake.file("checkout/codecs/fuzz/corpus/ply/seed");
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        fuzz(&fake.machine, &words("ply 5")).expect("one target");
        let log = fake.read("log");
        let seeded = "fuzz-corpus/ply codecs/fuzz/corpus/ply -- -max_total_time=5 ";
        assert!(log.contains(seeded), "{log}");
        assert!(!log.contains(" sog "), "{log}");
        fuzz(&fake.machine, &words("7")).expect("all targets");
        let log = fake.read("log");
        assert!(
            log.contains("fuzz-corpus/sog -- -max_total_time=7 "),
            "{log}"
        );

        let message = fuzz(&fake.machine, &words("obj")).expect_err("no such target");
        assert!(message.contains("ply, sog"), "{message}");
        fuzz(&fake.machine, &words("ply soon")).expect_err("no number");
    }
}
