//! What clients ask for.

use std::io;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// Bytes of the head of a request.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// "GET".
    pub method: String,
    /// Path without its leading slash and without a query, percent signs and all.
    pub path: String,
    /// First byte, and the byte after the last, where a range was asked for.
    pub range: Option<(u64, u64)>,
    /// `If-Range`.
    pub if_range: Option<String>,
    /// `Origin`.
    pub origin: Option<String>,
}

impl Request {
    /// The next request of a connection; `None` at its end. What is no HTTP is an error of its own.
    pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read(&mut byte).await? == 0 || head.len() >= HEAD_BYTES_MAX {
                return Ok(None);
            }
            head.push(byte[0]);
            if !head[0].is_ascii_uppercase() {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(Self::parse(&String::from_utf8_lossy(&head)))
    }

    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?, first.next()?);
        let path = target.split(['?', '#']).next()?;
        let headers: Vec<(String, &str)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
            .collect();
        let header = |name: &str| {
            let found = headers.iter().find(|(other, _)| other == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let range = header("range").and_then(|range| {
            let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
            let last: u64 = last.parse().ok()?;
            Some((first.parse().ok()?, last.saturating_add(1)))
        });
        Some(Self {
            method: method.to_owned(),
            path: path.trim_start_matches('/').to_owned(),
            range,
            if_range: header("if-range"),
            origin: header("origin"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_understood() {
        let head =
            "GET /a/b.zoe?x=1 HTTP/1.1\r\nHost: x\r\nRANGE: bytes=5-9\r\nIf-Range: \"1\"\r\n\r\n";
        let request = Request::parse(head).expect("a request");
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("GET", "a/b.zoe")
        );
        assert_eq!(request.range, Some((5, 10)));
        assert_eq!(request.if_range.as_deref(), Some("\"1\""));
        assert_eq!(Request::parse("GET"), None);
    }
}
