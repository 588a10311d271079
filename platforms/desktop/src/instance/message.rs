//! What one start says to another: two lines of ASCII.
//!
//! ```text
//! zoetrope-window 1 SECRET
//! raise | clip BYTES | link BYTES
//! ```
//!
//! BYTES are percent-encoded, so that a name may hold anything. The secret is empty where only the
//! person itself can connect.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use zoetrope_app::{Arrival, ClipTarget};
use zoetrope_player::share_link::{percent_decode_bytes, percent_encode_bytes};

/// Names and version of what is spoken.
const GREETING: &str = "zoetrope-window 1";
/// Longest message: more than any path or link that can be opened.
pub const BYTES_MAX: usize = 128 << 10;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What is to be opened; the window comes to the front in any case.
    pub arrival: Option<Arrival>,
}

/// Whether there is all of a message.
pub fn is_whole(bytes: &[u8]) -> bool {
    bytes.iter().filter(|byte| **byte == b'\n').count() >= 2
}

impl Message {
    /// As it is sent; `None` when it would be too long.
    pub fn encode(&self, secret: &str) -> Option<Vec<u8>> {
        let what = match &self.arrival {
            Some(Arrival::Clip(ClipTarget::Path(path))) => {
                // The other start is in another folder.
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                format!("clip {}", encoded(path_bytes(&path)))
            }
            Some(Arrival::Link(link)) => format!("link {}", encoded(link.as_bytes())),
            Some(Arrival::Clip(_) | Arrival::Raise) | None => "raise".to_owned(),
        };
        let bytes = format!("{GREETING} {secret}\n{what}\n").into_bytes();
        (bytes.len() <= BYTES_MAX).then_some(bytes)
    }

    /// Reads one; `None` when it is none, or does not know the secret.
    pub fn decode(bytes: &[u8], secret: &str) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (greeting, rest) = text.split_once('\n')?;
        let told = greeting.strip_prefix(GREETING)?.strip_prefix(' ')?;
        // Each letter is looked at, so that the time taken tells nothing.
        let differences = told.bytes().zip(secret.bytes()).filter(|(a, b)| a != b);
        if told.len() != secret.len() || differences.count() > 0 {
            return None;
        }
        let (what, value) = match rest.strip_suffix('\n')?.split_once(' ') {
            Some((what, value)) => (what, percent_decode_bytes(value)?),
            None => (rest.strip_suffix('\n')?, Vec::new()),
        };
        let arrival = match what {
            "raise" => None,
            "clip" if !value.is_empty() => {
                let path = PathBuf::from(os_string(value)?);
                Some(Arrival::Clip(path.into()))
            }
            "link" => Some(Arrival::Link(String::from_utf8(value).ok()?)),
            _ => return None,
        };
        Some(Self { arrival })
    }
}

#[cfg(unix)]
fn path_bytes(path: &Path) -> &[u8] {
    use std::os::unix::ffi::OsStrExt as _;
    path.as_os_str().as_bytes()
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(OsString::from_vec(bytes))
}

/// Names that are no text are rare here, and cannot be handed over.
#[cfg(not(unix))]
fn path_bytes(path: &Path) -> &[u8] {
    path.to_str().unwrap_or_default().as_bytes()
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

fn encoded(bytes: &[u8]) -> String {
    percent_encode_bytes(bytes, |byte| {
        byte.is_ascii_alphanumeric() || b"-._~/:?=&".contains(&byte)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> Vec<Message> {
        let link = "zoetrope://open?src=https://example.org/ä b%20.zoe&t=1".to_owned();
        let mut arrivals = vec![
            None,
            Some(Arrival::Link(link)),
            Some(Arrival::Clip("/a b/ä\n%\u{7f}.ply".into())),
        ];
        #[cfg(unix)]
        arrivals.push(Some(Arrival::Clip(
            PathBuf::from(os_string(vec![b'/', 0xff, b'\n', 1]).expect("bytes")).into(),
        )));
        let arrivals = arrivals.into_iter();
        arrivals.map(|arrival| Message { arrival }).collect()
    }

    #[test]
    fn messages_arrive_as_they_were_sent() {
        for message in messages() {
            for secret in ["", "5ec7e7"] {
                let bytes = message.encode(secret).expect("short");
                assert!(is_whole(&bytes) && !is_whole(&bytes[..bytes.len() - 1]));
                assert_eq!(Message::decode(&bytes, secret), Some(message.clone()));
                assert_eq!(Message::decode(&bytes, "another"), None);
            }
        }
    }

    #[test]
    fn a_path_is_told_from_the_root() {
        let message = Message {
            arrival: Some(Arrival::Clip("walk.ply".into())),
        };
        let bytes = message.encode("").expect("short");
        let Some(Some(Arrival::Clip(ClipTarget::Path(path)))) =
            Message::decode(&bytes, "").map(|message| message.arrival)
        else {
            panic!("it is a path");
        };
        assert!(path.is_absolute() && path.ends_with("walk.ply"));
    }

    #[test]
    fn damage_is_no_message_or_another_one() {
        for message in messages() {
            let bytes = message.encode("").expect("short");
            for end in 0..bytes.len() {
                assert_eq!(Message::decode(&bytes[..end], ""), None, "{end}");
            }
            for index in 0..bytes.len() {
                for bit in 0..8 {
                    let mut bytes = bytes.clone();
                    bytes[index] ^= 1 << bit;
                    // The greeting has no letter too many.
                    let read = Message::decode(&bytes, "");
                    assert!(index > GREETING.len() || read.is_none(), "{index} {bit}");
                }
            }
        }
        for bad in ["clip ", "clip", "open x", "link %ff", "link %4", ""] {
            let text = format!("{GREETING} \n{bad}\n");
            assert_eq!(Message::decode(text.as_bytes(), ""), None, "{bad}");
        }
    }

    #[test]
    fn a_message_ends_at_its_limit() {
        let longest = BYTES_MAX - GREETING.len() - " \nlink \n".len();
        let message = |length| Message {
            arrival: Some(Arrival::Link("x".repeat(length))),
        };
        let bytes = message(longest).encode("").expect("at the limit");
        assert_eq!(bytes.len(), BYTES_MAX);
        assert_eq!(message(longest + 1).encode(""), None);
    }
}
