//! From what people type, paste or follow to what can be opened, and back.

use std::path::{Path, PathBuf};

use zoetrope_player::share_link::{self, ShareLink, StartView, percent_decode};

use crate::open::{ClipTarget, is_link};

/// Something to open, and how it is shown at first.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// What is opened.
    pub target: ClipTarget,
    /// How it is shown at first.
    pub view: StartView,
}

impl From<ClipTarget> for Wanted {
    fn from(target: ClipTarget) -> Self {
        Self {
            target,
            view: StartView::default(),
        }
    }
}

/// Why something typed cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Nothing was typed.
    #[error("nothing was named; name a path or a link")]
    Empty,
    /// It is a file of another computer.
    #[error("the link points to a file of another computer; ask for one to a web server")]
    Elsewhere,
    /// It is a link, but not to a file or a web server.
    #[error("the link is not one to a clip; it needs an http, https or file address")]
    Broken,
    /// It is a link of our own that cannot be followed.
    #[error(transparent)]
    Link(#[from] share_link::LinkError),
}

/// What was typed as something to open: a path, a pattern or a link, maybe in quotes, with `~` for the
/// `home` of the person, or broken into lines on its way.
///
/// # Errors
/// When it cannot be opened.
pub fn parse(typed: &str, home: Option<&Path>) -> Result<Wanted, LinkError> {
    let typed = unquoted(typed.trim());
    if typed.is_empty() {
        return Err(LinkError::Empty);
    }
    if let Some((scheme, _)) = typed.split_once("://")
        && scheme.chars().all(|letter| letter.is_ascii_alphanumeric())
    {
        // A link has no spaces: where there are some, a line was broken.
        let link: String = typed.split_whitespace().collect();
        if is_link(Path::new(&link)) {
            return follow(&ShareLink::parse(&link)?);
        }
        return Ok(ClipTarget::Path(file_link(&link)?).into());
    }
    let lines = typed.lines().map(str::trim).collect::<Vec<_>>();
    let typed = lines.concat();
    let path = match (typed.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with(['/', '\\']) => home.join(&rest[1..]),
        _ => typed.into(),
    };
    Ok(ClipTarget::Path(path).into())
}

/// Whether a text from outside is an address itself, which somebody has typed, and not a link of our
/// own, which a page in a browser may have handed on.
pub fn is_plain_address(text: &str) -> bool {
    let scheme = text.trim().split(':').next().unwrap_or_default();
    !scheme.eq_ignore_ascii_case("zoetrope")
}

/// What a link leads to.
///
/// # Errors
/// When that is a file of another computer.
pub fn follow(link: &ShareLink) -> Result<Wanted, LinkError> {
    let target = match link.host() {
        Some(_) => ClipTarget::Path(link.source().into()),
        None => ClipTarget::Path(file_link(link.source())?),
    };
    Ok(Wanted {
        target,
        view: link.view,
    })
}

/// The clip that is named on a command line: a path, a pattern or, as file managers do it, the address of
/// a file.
pub fn target_of_argument(argument: &Path) -> ClipTarget {
    let text = argument.to_str().unwrap_or_default();
    let is_address = text
        .get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("file://"));
    match file_link(text) {
        Ok(path) if is_address => path.into(),
        _ => argument.into(),
    }
}

/// The address by which a link names a clip; `None` for one that is built in, or whose name is no
/// text.
pub fn address_of(target: &ClipTarget) -> Option<String> {
    match target {
        ClipTarget::Path(path) if is_link(path) => path.to_str().map(str::to_owned),
        ClipTarget::Path(path) => {
            let path = std::path::absolute(path).ok()?;
            let path = path.to_str()?;
            // A drive ("C:\clips") has no slash before it.
            let path = if cfg!(windows) {
                format!("/{}", path.replace('\\', "/"))
            } else {
                path.to_owned()
            };
            Some(format!("file://{}", share_link::percent_encode_path(&path)))
        }
        ClipTarget::Memory { .. } => None,
    }
}

/// Without the quotes around it, which shells and file managers put there.
fn unquoted(text: &str) -> &str {
    let mut quotes = [('"', '"'), ('\'', '\''), ('“', '”'), ('„', '“'), ('<', '>')].iter();
    let inner = quotes.find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close));
    inner.map_or(text, str::trim)
}

/// The path of a `file://` link (RFC 8089).
fn file_link(link: &str) -> Result<PathBuf, LinkError> {
    let (scheme, rest) = link.split_once("://").ok_or(LinkError::Broken)?;
    if !scheme.eq_ignore_ascii_case("file") {
        return Err(LinkError::Broken);
    }
    let start = rest.find('/').ok_or(LinkError::Broken)?;
    let (host, path) = rest.split_at(start);
    if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
        return Err(LinkError::Elsewhere);
    }
    let path = percent_decode(path).ok_or(LinkError::Broken)?;
    // "/C:/clips" names a drive.
    let drive = path.as_bytes().get(1..3);
    let has_drive = drive.is_some_and(|d| d[0].is_ascii_alphabetic() && d[1] == b':');
    let path = if cfg!(windows) && has_drive {
        &path[1..]
    } else {
        &path
    };
    Ok(path.into())
}

#[cfg(test)]
mod tests {
    use zoetrope_player::Command;

    use super::*;

    fn parsed(typed: &str) -> Result<String, LinkError> {
        let wanted = parse(typed, Some(Path::new("/home/me")))?;
        match wanted.target {
            ClipTarget::Path(path) => Ok(path.to_string_lossy().into_owned()),
            ClipTarget::Memory { .. } => panic!("nothing was built in"),
        }
    }

    #[test]
    fn paths_are_found_in_what_people_paste() {
        for (typed, expected) in [
            ("walk.ply", "walk.ply"),
            ("  /a b/walk*.ply \n", "/a b/walk*.ply"),
            ("\"/a b/c.ply\"", "/a b/c.ply"),
            ("'~/clips'", "/home/me/clips"),
            ("~", "/home/me"),
            ("~other/clips", "~other/clips"),
            ("/clips/\nwalk.ply\r\n", "/clips/walk.ply"),
            ("file:///a%20b/%C3%A4.ply", "/a b/ä.ply"),
            ("FILE://localhost/a", "/a"),
            ("<file:///clips/\n  walk.ply>", "/clips/walk.ply"),
            ("„/clips“", "/clips"),
            ("\"", "\""),
            ("https://example.org/a.ply", "https://example.org/a.ply"),
            ("zoetrope://open?src=file:///a%2520b.ply", "/a b.ply"),
            (
                "<zoetrope://open?src=https://\n  example.org/a.zoe&t=1>",
                "https://example.org/a.zoe",
            ),
        ] {
            assert_eq!(parsed(typed).as_deref(), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_opened_is_told_apart() {
        let address = LinkError::Link(share_link::LinkError::Address);
        for (typed, error) in [
            ("", LinkError::Empty),
            (" \n ", LinkError::Empty),
            ("\"\"", LinkError::Empty),
            ("zoetrope://open?u=1", address),
            ("http://me@example.org/", address),
            (
                "zoetrope://close",
                LinkError::Link(share_link::LinkError::Action),
            ),
            ("zoetrope://open?src=file://server/a", LinkError::Elsewhere),
            ("zoetrope://open?src=file:///a%2500", LinkError::Broken),
            ("file://server/a.ply", LinkError::Elsewhere),
            ("file://", LinkError::Broken),
            ("file:///a%2", LinkError::Broken),
            ("file:///%ff", LinkError::Broken),
            ("file:///%00", LinkError::Broken),
            ("file:///%+1", LinkError::Broken),
            ("ftp://example.org/a.ply", LinkError::Broken),
        ] {
            assert_eq!(parsed(typed), Err(error), "{typed}");
        }
    }

    #[test]
    fn file_managers_name_a_file_by_its_address() {
        for (argument, expected) in [
            ("file:///a%20b.zoe", "/a b.zoe"),
            ("FILE:///a.zoe", "/a.zoe"),
            ("file://server/a.zoe", "file://server/a.zoe"),
            ("walk.ply", "walk.ply"),
            ("/a%20b.ply", "/a%20b.ply"),
        ] {
            let target = target_of_argument(Path::new(argument));
            assert_eq!(target, ClipTarget::from(expected), "{argument}");
        }
    }

    #[test]
    fn the_view_comes_with_the_clip() {
        let wanted = parse("https://example.org/a.zoe?t=2", None).expect("a link");
        let commands = [Command::SeekFrame(60), Command::Pause];
        assert_eq!(wanted.view.commands(30.0), commands);
    }

    #[test]
    fn every_path_has_an_address_that_leads_back_to_it() {
        for path in [
            "/a b/ä 日.ply",
            "/100%/a?b#c&d=e+f.zoe",
            "/walk*[1].ply",
            "/{a}|\"b\"\\c",
        ] {
            let target = ClipTarget::from(path);
            let address = address_of(&target).expect("an address");
            let link = ShareLink::new(&address).expect("a link");
            let read = ShareLink::parse(&link.app_link()).expect("a link");
            assert_eq!(follow(&read).map(|wanted| wanted.target), Ok(target));
        }
        let web = "https://example.org/a.zoe";
        assert_eq!(address_of(&web.into()).as_deref(), Some(web));
        let built_in = ClipTarget::Memory {
            name: "Biker".to_owned(),
            bytes: [].into(),
        };
        assert_eq!(address_of(&built_in), None);
    }
}
