//! From what people type or paste to what can be opened.

use std::path::{Path, PathBuf};

use crate::open::{ClipTarget, is_link};

/// Why something typed cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// Nothing was typed.
    Empty,
    /// It is on the network.
    Remote,
    /// It is a file of another computer.
    Elsewhere,
    /// It is a link, but not to a file.
    Broken,
}

/// What was typed as something to open: a path, a pattern or a `file://` link, maybe in quotes, with
/// `~` for the `home` of the person, or broken into lines on its way.
///
/// # Errors
/// When it cannot be opened.
pub fn parse(typed: &str, home: Option<&Path>) -> Result<ClipTarget, LinkError> {
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
            return Err(LinkError::Remote);
        }
        return file_link(&link).map(ClipTarget::Path);
    }
    let lines = typed.lines().map(str::trim).collect::<Vec<_>>();
    let typed = lines.concat();
    Ok(ClipTarget::Path(match (typed.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with(['/', '\\']) => home.join(&rest[1..]),
        _ => typed.into(),
    }))
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
    let path = percent_decoded(path).ok_or(LinkError::Broken)?;
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

/// Text without its "%20"s; `None` when that is no text.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let [high, low, after @ ..] = after else {
                return None;
            };
            let digit = |byte: &u8| char::from(*byte).to_digit(16);
            bytes.push((16 * digit(high)? + digit(low)?) as u8);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(typed: &str) -> Result<String, LinkError> {
        let target = parse(typed, Some(Path::new("/home/me")))?;
        match target {
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
        ] {
            assert_eq!(parsed(typed).as_deref(), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_opened_is_told_apart() {
        for (typed, error) in [
            ("", LinkError::Empty),
            (" \n ", LinkError::Empty),
            ("\"\"", LinkError::Empty),
            ("https://example.org/a.ply", LinkError::Remote),
            ("HTTP://example.org", LinkError::Remote),
            ("zoetrope://open?u=1", LinkError::Remote),
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
}
