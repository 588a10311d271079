//! The hosts to which links are followed without asking.

use serde_json::{Map, Value, json};

use crate::storage::Stored;

/// More are not kept; those used least go.
const HOSTS_MAX: usize = 500;
/// Longest host with its port.
const HOST_BYTES_MAX: usize = 260;
/// By what this computer is known, whose files a link can name, too.
const FILES: &str = "file://";

/// Where links may lead to without asking first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownHosts {
    /// The one added last is first.
    hosts: Vec<String>,
}

impl KnownHosts {
    /// Whether a host is known; `None` for files of this computer.
    pub fn knows(&self, host: Option<&str>) -> bool {
        let host = host.unwrap_or(FILES);
        self.hosts.iter().any(|other| other == host)
    }

    /// Adds a host; `None` for files of this computer.
    pub fn add(&mut self, host: Option<&str>) {
        let host = host.unwrap_or(FILES);
        if host.len() <= HOST_BYTES_MAX {
            self.hosts.retain(|other| other != host);
            self.hosts.insert(0, host.to_owned());
            self.hosts.truncate(HOSTS_MAX);
        }
    }
}

impl Stored for KnownHosts {
    const NAME: &'static str = "hosts.json";

    fn decode(bytes: &[u8]) -> Result<(Self, Vec<String>), String> {
        let file: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let list = file.get("hosts").and_then(Value::as_array);
        let list = list.ok_or("it has no list of hosts")?;
        let mut known = Self::default();
        // What makes no sense is never asked about, so that it lets nothing through.
        let hosts = list.iter().filter_map(Value::as_str);
        for host in hosts.take(HOSTS_MAX).collect::<Vec<_>>().into_iter().rev() {
            known.add(Some(host));
        }
        Ok((known, Vec::new()))
    }

    fn encode(&self) -> Vec<u8> {
        let file = json!({"version": 1, "hosts": self.hosts});
        format!("{file:#}\n").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_come_back_in_order_and_files_are_one_of_them() {
        let mut known = KnownHosts::default();
        for host in [
            Some("a.example"),
            None,
            Some("b.example:8080"),
            Some("a.example"),
        ] {
            known.add(host);
        }
        assert_eq!(known.hosts, ["a.example", "b.example:8080", "file://"]);
        let (read, skipped) = KnownHosts::decode(&known.encode()).expect("hosts");
        assert_eq!((&read, skipped.len()), (&known, 0));
        assert!(read.knows(None) && read.knows(Some("a.example")));
        // Neither another port nor a host above or below is the same.
        for other in ["b.example", "x.a.example", "example", "", "A.example"] {
            assert!(!read.knows(Some(other)), "{other}");
        }
        assert!(!KnownHosts::default().knows(None));
    }

    #[test]
    fn no_more_than_the_newest_are_kept() {
        let mut known = KnownHosts::default();
        for number in 0..=HOSTS_MAX {
            known.add(Some(&number.to_string()));
        }
        assert_eq!(known.hosts.len(), HOSTS_MAX);
        assert!(!known.knows(Some("0")) && known.knows(Some("1")));
        known.add(Some(&"x".repeat(HOST_BYTES_MAX + 1)));
        assert!(!known.knows(Some(&"x".repeat(HOST_BYTES_MAX + 1))));
        known.add(Some(&"x".repeat(HOST_BYTES_MAX)));
        assert!(known.knows(Some(&"x".repeat(HOST_BYTES_MAX))));
    }

    #[test]
    fn damage_is_never_more_than_an_error() {
        let mut known = KnownHosts::default();
        known.add(Some("example.org"));
        let bytes = known.encode();
        for length in 0..bytes.len() - 2 {
            assert!(KnownHosts::decode(&bytes[..length]).is_err(), "{length}");
        }
        for bad in ["[]", "{}", "3", "{\"hosts\": 7}"] {
            assert!(KnownHosts::decode(bad.as_bytes()).is_err(), "{bad}");
        }
        let mixed = br#"{"hosts": [3, "a", null, "a"]}"#;
        let (read, _) = KnownHosts::decode(mixed).expect("hosts");
        assert_eq!(read.hosts, ["a"]);
    }
}
