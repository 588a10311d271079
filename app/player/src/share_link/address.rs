//! Addresses of clips: which are taken, and which host they name.
//!
//! What a person is asked about must be what is asked for: an address that two programs could read in
//! two ways (a name and password, a backslash, letters that only look like others) is refused.

/// Longest name of a host (RFC 1035).
const HOST_BYTES_MAX: usize = 253;

/// An address of a web server or a file, with its scheme and host in small letters and without what
/// follows a `#`. `None` when it is something else.
pub fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.split('#').next().unwrap_or_default();
    // Letters without a width, and those that turn the direction of reading, hide what is there.
    let is_hidden = |letter| matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let is_odd = |letter: char| {
        letter.is_control()
            || letter.is_whitespace()
            || is_hidden(letter)
            || "\\\"<>^`{|}".contains(letter)
    };
    if text.chars().any(is_odd) {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let authority = authority.to_ascii_lowercase();
    let fits = match scheme.as_str() {
        "http" | "https" => is_authority(&authority),
        "file" => path.starts_with('/') && (authority.is_empty() || is_authority(&authority)),
        _ => false,
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    fits.then(|| format!("{scheme}://{authority}{slash}{path}"))
}

/// Whether it is a host, maybe with a port, and nothing else.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) if host.parse::<std::net::Ipv6Addr>().is_ok() => ("ipv6", port),
            _ => return false,
        },
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let has_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| {
            digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
        });
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    has_port && !host.is_empty() && host.len() <= HOST_BYTES_MAX && host.bytes().all(is_host)
}

/// The host of an http or https address, with its port where it has one.
pub fn host(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://")?;
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let host = rest.split(['/', '?', '#']).next()?;
    (is_web && is_authority(&host.to_ascii_lowercase())).then_some(host)
}
