//! How one start reaches another: a Unix socket that only its owner can open; where there are none, a
//! port on this computer that nobody can use without the secret in a file of the person's own.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

#[cfg(not(unix))]
pub use loopback::{Listener, Stream, connect, listen};
#[cfg(unix)]
pub use socket::{Listener, Stream, connect, listen};

/// Removes the place where somebody listened.
pub fn remove(place: &Path) {
    match fs::remove_file(place) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            log::warn!("{} cannot be removed: {error}", place.display());
        }
        _ => {}
    }
}

/// A stream with what both kinds have in common.
macro_rules! stream {
    ($inner:ty) => {
        /// A connection.
        pub struct Stream($inner);

        impl Stream {
            /// How long reading and writing wait.
            pub fn set_timeouts(&self, timeout: std::time::Duration) -> io::Result<()> {
                self.0.set_read_timeout(Some(timeout))?;
                self.0.set_write_timeout(Some(timeout))
            }
        }

        impl Read for Stream {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.read(buffer)
            }
        }

        impl Write for Stream {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.write(bytes)
            }

            fn flush(&mut self) -> io::Result<()> {
                self.0.flush()
            }
        }
    };
}

#[cfg(unix)]
mod socket {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    stream!(UnixStream);

    /// Listens at a place.
    pub struct Listener(UnixListener);

    /// Listens at `place`, instead of whoever did before.
    pub fn listen(place: &Path) -> io::Result<Listener> {
        remove(place);
        let listener = UnixListener::bind(place)?;
        fs::set_permissions(place, fs::Permissions::from_mode(0o600))?;
        Ok(Listener(listener))
    }

    impl Listener {
        /// Waits for a connection.
        pub fn accept(&self) -> io::Result<Stream> {
            Ok(Stream(self.0.accept()?.0))
        }

        /// What the other must know; nothing, as the folder lets nobody else in.
        pub fn secret(&self) -> &str {
            ""
        }
    }

    /// Connects to who listens at `place`, with what must be known for it.
    pub fn connect(place: &Path) -> io::Result<(Stream, String)> {
        Ok((Stream(UnixStream::connect(place)?), String::new()))
    }
}

#[cfg(any(not(unix), test))]
pub mod loopback {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;

    stream!(TcpStream);

    /// Listens on a port.
    pub struct Listener {
        listener: TcpListener,
        secret: String,
    }

    /// Listens on any port, and writes down at `place` which, with a secret.
    pub fn listen(place: &Path) -> io::Result<Listener> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let secret = zoetrope_share::random_name().map_err(io::Error::other)?;
        let port = listener.local_addr()?.port();
        let part = place.with_extension("part");
        fs::write(&part, format!("{port} {secret}"))?;
        fs::rename(part, place)?;
        Ok(Listener { listener, secret })
    }

    impl Listener {
        /// Waits for a connection.
        pub fn accept(&self) -> io::Result<Stream> {
            Ok(Stream(self.listener.accept()?.0))
        }

        /// What the other must know.
        pub fn secret(&self) -> &str {
            &self.secret
        }
    }

    /// Connects to who has written its port down at `place`, with what must be known for it.
    pub fn connect(place: &Path) -> io::Result<(Stream, String)> {
        let text = fs::read_to_string(place)?;
        let (port, secret) = text.split_once(' ').ok_or(ErrorKind::InvalidData)?;
        let port: u16 = port.parse().map_err(|_| ErrorKind::InvalidData)?;
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        Ok((Stream(stream), secret.to_owned()))
    }
}
