//! `zoetrope link`: a link to a moment and a view.

use anyhow::{Context as _, bail};
use zoetrope_app::link::address_of;
use zoetrope_app::open::is_link;
use zoetrope_player::share_link::ShareLink;

use crate::cli::LinkArgs;
use crate::output;

/// Prints the link.
///
/// # Errors
/// When the clip is not there, or has no address.
pub fn run(args: &LinkArgs) -> anyhow::Result<()> {
    let mut link = link_to(args)?;
    let view = &mut link.view;
    view.time_s = args.time.or(view.time_s);
    view.camera = args.camera.or(view.camera);
    view.up = args.up.or(view.up);
    view.ab_s = args.ab.or(view.ab_s);
    view.quality = args.quality.or(view.quality);
    let text = if args.web {
        link.web_link().context(
            "the clip is on this computer and has no web address; put it on a web server, or serve \
             it with \"zoetrope share\"",
        )?
    } else {
        link.app_link()
    };
    output::print(&text)?;
    if link.host().is_none() {
        eprintln!(
            "The clip is on this computer, and so the link works here only; \"zoetrope share\" \
             serves it to others."
        );
    }
    Ok(())
}

/// A link to the clip, with the view that its own link has.
fn link_to(args: &LinkArgs) -> anyhow::Result<ShareLink> {
    let clip = &args.clip;
    if is_link(clip) {
        let text = clip.to_str().unwrap_or_default();
        return Ok(ShareLink::parse(text)?);
    }
    let is_pattern = || {
        let text = clip.to_str()?;
        let mut files = glob::glob(text).ok()?;
        files.next()
    };
    if !clip.exists() && is_pattern().is_none() {
        bail!(
            "cannot link to {}: there is no such file or folder; check the path",
            clip.display()
        );
    }
    let address = address_of(&clip.as_path().into())
        .with_context(|| format!("the name of {} is no text; rename it", clip.display()))?;
    Ok(ShareLink::new(&address)?)
}
