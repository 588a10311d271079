//! `zoetrope share`: a clip on the local network.

use std::io::IsTerminal as _;
use std::thread;
use std::time::Duration;

use zoetrope_app::open_clip;
use zoetrope_app::shared_clip::share_of;
use zoetrope_codecs::Cancel;
use zoetrope_player::share_link::ShareLink;
use zoetrope_share::{Options, QrCode, Server, Visitors};

use crate::cli::ShareArgs;
use crate::open::target_of;
use crate::output;

/// How often is looked whether somebody has come, or it is over.
const LOOK: Duration = Duration::from_millis(20);

/// Serves a clip until Ctrl-C.
///
/// # Errors
/// When the clip cannot be opened or served.
pub fn run(args: &ShareArgs, quiet: bool, cancel: &Cancel) -> anyhow::Result<()> {
    let target = target_of(&args.clip)?;
    let share = {
        // Whether it is a clip is found out before others see it.
        let clip = open_clip(&target, cancel)?;
        share_of(&target, clip.demuxer.info())?
    };
    let server = Server::start(
        share,
        Options {
            bind: args.bind,
            port: args.port,
        },
    )?;
    let page = server.page_url();
    let link = ShareLink::new(server.clip_url())?.app_link();
    output::print(&format!("{page}\n{link}"))?;
    if std::io::stdout().is_terminal()
        && let Some(code) = QrCode::of(&page)
    {
        output::print(code.terminal().trim_end())?;
    }
    if !quiet {
        let who = if server.address().ip().is_loopback() {
            "Every program on this computer that"
        } else {
            "Whoever is on your network and"
        };
        eprintln!("{who} has this link can play the clip, as long as this runs. Ctrl-C ends it.");
    }
    let mut seen = Visitors::default();
    loop {
        cancel.check()?;
        let now = server.visitors();
        if now.devices != seen.devices && !quiet {
            eprintln!("{} so far", output::count(now.devices as u64, "device"));
        }
        seen = now;
        thread::sleep(LOOK);
    }
}
