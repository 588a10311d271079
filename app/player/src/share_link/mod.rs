//! Links to a clip, at a moment and from a view.
//!
//! ```text
//! zoetrope://open?src=https://example.org/clip.zoe&t=12.48&cam=px,py,pz,tx,ty,tz,fov&ab=3,5.5&v=high
//! https://example.org/clip.zoe?t=12.48&cam=px,py,pz,tx,ty,tz,fov&ab=3,5.5&v=high
//! ```
//!
//! The two say the same. Unknown keys and values that make no sense are left out, never fatal; in the
//! second form they belong to the address, as signed addresses have keys of their own. Numbers are
//! written with the fewest digits that read back the same, so that a link restores exactly.

mod address;
mod percent;
mod view;

#[cfg(test)]
mod tests;

use zoetrope_codecs::limits;

pub use address::host;
pub use percent::{
    decode as percent_decode, decode_bytes as percent_decode_bytes,
    encode_bytes as percent_encode_bytes, encode_path as percent_encode_path,
};
pub use view::{LinkCamera, LinkQuality, StartView, moment};

use address::address;

/// The scheme of links that only this application opens.
const SCHEME: &str = "zoetrope";
/// The only thing that a link can ask for.
const ACTION: &str = "open";

/// A link: which clip, and how it is shown at first.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareLink {
    source: String,
    /// How it is shown at first.
    pub view: StartView,
}

/// Why a text is no link that can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Longer than [`limits::MAX_LINK_BYTES`], or its address than [`limits::MAX_ADDRESS_BYTES`].
    #[error("the link is too long; ask for a shorter one")]
    TooLong,
    /// Another action than opening.
    #[error("the link asks for something that this version cannot do; install a newer one")]
    Action,
    /// No address in it, or one that is none of a web server's or a file's.
    #[error("the link names no clip that can be opened; it needs an http, https or file address")]
    Address,
}

impl ShareLink {
    /// A link to the clip at an address, which may have a view of its own in it.
    ///
    /// # Errors
    /// When the address is none of a web server's or a file's, or too long.
    pub fn new(source: &str) -> Result<Self, LinkError> {
        within_limit(source, limits::MAX_ADDRESS_BYTES)?;
        let source = address(source).ok_or(LinkError::Address)?;
        let (source, view) = StartView::split_from(&source);
        Ok(Self { source, view })
    }

    /// Reads a link in either form, or a plain address.
    ///
    /// # Errors
    /// When it is too long, or names no clip.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        within_limit(text, limits::MAX_LINK_BYTES)?;
        let text = text.trim();
        match text.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => parse_own(rest),
            _ => Self::new(text),
        }
    }

    /// The address of the clip, without the view.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The host that the clip comes from, with its port where it has one; `None` for a file.
    pub fn host(&self) -> Option<&str> {
        host(&self.source)
    }

    /// As a link that only this application opens.
    pub fn app_link(&self) -> String {
        let mut link = format!("{SCHEME}://{ACTION}?src={}", percent::encode(&self.source));
        for (key, value) in self.view.pairs() {
            link += &format!("&{key}={}", percent::encode(&value));
        }
        link
    }

    /// As the clip's own address with the view behind it; `None` for a file.
    pub fn web_link(&self) -> Option<String> {
        self.host()?;
        let mut link = self.source.clone();
        for (key, value) in self.view.pairs() {
            link.push(if link.contains('?') { '&' } else { '?' });
            link += &format!("{key}={}", percent::encode(&value));
        }
        Some(link)
    }
}

fn within_limit(text: &str, limit_bytes: u64) -> Result<(), LinkError> {
    if text.len() as u64 > limit_bytes {
        return Err(LinkError::TooLong);
    }
    Ok(())
}

/// What follows `zoetrope:`. Some systems put a slash behind the action, and some leave those before
/// it out.
fn parse_own(rest: &str) -> Result<ShareLink, LinkError> {
    let rest = rest.trim_start_matches('/');
    let (action, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !action.trim_end_matches('/').eq_ignore_ascii_case(ACTION) {
        return Err(LinkError::Action);
    }
    let query = query.split('#').next().unwrap_or_default();
    let pairs: Vec<(&str, String)> = query.split('&').filter_map(percent::pair).collect();
    let mut sources = pairs.iter().filter(|(key, _)| *key == "src");
    let (_, source) = sources.next().ok_or(LinkError::Address)?;
    let mut link = ShareLink::new(source)?;
    let mut view = StartView::default();
    for (key, value) in &pairs {
        view.take(key, value);
    }
    link.view = view.over(link.view);
    Ok(link)
}
