//! The `zoetrope` binary: the window, and a command line on which every sub-command gives the same
//! result that the window would.

mod args;
mod bench;
mod cli;
mod commands;
mod cpu_time;
mod desktop;
mod instance;
mod interrupt;
mod measure;
mod offscreen;
mod open;
mod output;

use std::process::ExitCode;

use clap::Parser as _;
use zoetrope_codecs::Error;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(cli.quiet, cli.verbose, cli.command.is_none());
    if let Some(folder) = desktop::cache_folder() {
        zoetrope_app::network::keep_clips_in(folder.join("network"));
    }
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if matches!(error.downcast_ref(), Some(Error::Cancelled)) => {
            ExitCode::from(interrupt::EXIT_CODE)
        }
        Err(error) => {
            // `{:#}` puts the causes behind the sentence, so that it stays one line.
            eprintln!("zoetrope: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let Some(command) = &cli.command else {
        let measure = cli.measure.clone();
        let measure = measure.map(|path| measure::Measure::new(path, cli.measure_seconds));
        let open = cli.neural.options(cli.engine);
        return commands::window::run(cli.clip.as_deref(), cli.new_window, open, measure);
    };
    let cancel = interrupt::install()?;
    match command {
        Command::Info(args) => commands::info::run(args, &cancel),
        Command::Render(args) => commands::render::run(args, &cancel),
        Command::Decode(args) => commands::decode::run(args, &cancel),
        Command::Export(args) => commands::export::run(args, &cancel),
        Command::Convert(args) => commands::convert::run(args, &cancel),
        Command::Compare(args) => commands::compare::run(args, &cancel),
        Command::Link(args) => commands::link::run(args),
        Command::Share(args) => commands::share::run(args, cli.quiet, &cancel),
        Command::Pack(args) => commands::pack::run(args, &cancel),
        Command::Fit(args) => commands::fit::run(args, &cancel),
        Command::Bench(args) => bench::run(args, &cancel),
    }
}

/// Log to standard error: by default warnings of Zoetrope and errors of the others, for the graphics
/// stack is talkative. A window keeps more than that, to be looked at there.
fn start_log(quiet: bool, verbose: u8, window: bool) {
    let level = match (quiet, verbose) {
        (true, _) => log::LevelFilter::Off,
        (false, 0) => log::LevelFilter::Error,
        (false, 1) => log::LevelFilter::Info,
        (false, 2) => log::LevelFilter::Debug,
        (false, _) => log::LevelFilter::Trace,
    };
    let mut builder = env_logger::Builder::new();
    builder.filter_level(level);
    if verbose == 0 && !quiet {
        builder.filter_module("zoetrope", log::LevelFilter::Warn);
        // It takes every driver that is not there for an error.
        builder.filter_module("wgpu_hal", log::LevelFilter::Off);
        // What it finds wrong comes back as an error too.
        builder.filter_module("rustls_platform_verifier", log::LevelFilter::Off);
    }
    if window {
        let terminal = builder.build();
        let level = terminal.filter();
        zoetrope_app::log_buffer::install(terminal, level);
    } else {
        builder.init();
    }
}
