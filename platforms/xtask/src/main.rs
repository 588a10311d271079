//! `cargo xtask`: sets the machine up, then runs the app, the tests, the benchmarks or the fuzzers.
//!
//! It has no dependencies, so that it builds in seconds on a machine that has nothing but Rust, and
//! can install what the rest needs.

mod cargo;
mod commands;
mod doctests;
mod environment;
mod install;
mod interop;
mod machine;
mod packages;
mod pattern;
mod probe;
#[cfg(all(test, unix))]
mod testing;

use std::process::ExitCode;

use machine::Machine;

/// An error is a sentence for the person at the terminal.
type Result<T = (), E = String> = std::result::Result<T, E>;

const HELP: &str = "\
usage: cargo xtask COMMAND [arguments]

  run [arguments]         build Zoetrope and start it, with the arguments it is given
  test [arguments]        run every test; arguments go to cargo nextest (or cargo test)
  lint                    formatting, clippy and the documentation, warnings denied
  ci                      test, then lint: what every change must pass
  bench [arguments]       build for speed and run `zoetrope bench` with the arguments
  sheet                   draw the window in all its states: the pictures in docs/
  fuzz [target] [seconds] fuzz one parser, or each of them, for so many seconds (60)
  interop                 let programs of others read every splat format that Zoetrope writes
  setup                   only install what is missing, for all of the above

Each command first looks which system packages are missing. Where apt-get may be used (as root or
through sudo without a password) it installs them, elsewhere it prints the one command to type.
Builds go to CARGO_TARGET_DIR, by default a folder in your cache that all checkouts share.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let result = Machine::here().and_then(|machine| match command {
        "run" => commands::run(&machine, rest),
        "test" => commands::test(&machine, rest),
        "lint" => commands::lint(&machine),
        "ci" => commands::test(&machine, &[]).and_then(|()| commands::lint(&machine)),
        "bench" => commands::bench(&machine, rest),
        "sheet" => commands::sheet(&machine),
        "fuzz" => commands::fuzz(&machine, rest),
        "interop" => interop::interop(&machine),
        "setup" => commands::setup(&machine),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(format!("there is no command \"{other}\"\n\n{HELP}")),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
