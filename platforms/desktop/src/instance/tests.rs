use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use super::*;

fn first(folder: &Path, arrivals: &Arc<Arrivals>) -> Instance {
    match start(folder, "window", None, arrivals).expect("a folder") {
        Start::First(instance) => instance,
        Start::HandedOver => panic!("nobody else is there"),
    }
}

/// What has arrived, once there is something.
fn wait(arrivals: &Arrivals, count: usize) -> Vec<Arrival> {
    let started = Instant::now();
    let mut all = Vec::new();
    while all.len() < count {
        assert!(started.elapsed() < Duration::from_secs(20), "{all:?}");
        all.extend(arrivals.take());
        thread::sleep(Duration::from_millis(2));
    }
    all
}

fn hands_over(folder: &Path, arrival: Option<&Arrival>) {
    let own = Arc::new(Arrivals::default());
    let start = start(folder, "window", arrival, &own).expect("the first answers");
    assert!(matches!(start, Start::HandedOver));
    assert!(own.take().is_empty());
}

#[test]
fn the_first_gets_what_the_others_were_asked_to_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("runtime/zoetrope");
    let arrivals = Arc::new(Arrivals::default());
    let instance = first(&folder, &arrivals);
    let mode = |path: &Path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("window.socket")), 0o600);

    hands_over(&folder, None);
    assert_eq!(wait(&arrivals, 1), [Arrival::Raise]);
    let link = Arrival::Link("zoetrope://open?src=https://example.org/".to_owned());
    hands_over(&folder, Some(&link));
    assert_eq!(wait(&arrivals, 2), [Arrival::Raise, link]);
    // Another name is another window.
    let other = start(&folder, "other", None, &arrivals).expect("a folder");
    assert!(matches!(other, Start::First(_)));
    drop(instance);
    assert!(!folder.join("window.socket").exists());
    drop(first(&folder, &arrivals));
}

#[test]
fn what_a_crash_has_left_is_in_nobodys_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // A socket at which nobody listens, and a lock that nobody holds.
    drop(std::os::unix::net::UnixListener::bind(folder.join("window.socket")).expect("a socket"));
    fs::write(folder.join("window.lock"), "").expect("a file");
    let arrivals = Arc::new(Arrivals::default());
    let _instance = first(folder, &arrivals);
    hands_over(folder, None);
    assert_eq!(wait(&arrivals, 1), [Arrival::Raise]);
}

#[test]
fn nonsense_is_not_taken_over_and_keeps_nobody_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let arrivals = Arc::new(Arrivals::default());
    let _instance = first(folder, &arrivals);
    let place = folder.join("window.socket");
    let long = vec![b'x'; message::BYTES_MAX + 1];
    for bytes in [
        b"".as_slice(),
        b"\n\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"zoetrope-window 2 \nraise\n",
        b"zoetrope-window 1 \nrun /bin/sh\n",
        &long,
    ] {
        let mut stream = UnixStream::connect(&place).expect("it listens");
        // It may have hung up before the end.
        let sent = stream.write_all(bytes);
        assert!(sent.is_ok() || bytes.len() > 4096);
        stream.shutdown(std::net::Shutdown::Write).ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        assert!(answer.is_empty(), "{answer:?}");
    }
    hands_over(folder, None);
    assert_eq!(wait(&arrivals, 1), [Arrival::Raise]);
}

#[test]
fn without_sockets_a_port_and_a_secret_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("window.socket");
    let listener = transport::loopback::listen(&place).expect("a port");
    let (mut stream, secret) = transport::loopback::connect(&place).expect("it listens");
    assert_eq!(secret, listener.secret());
    assert!(secret.len() >= 16);
    stream.write_all(b"a").expect("connected");
    let mut taken = listener.accept().expect("a connection");
    taken.set_timeouts(PATIENCE).expect("timeouts");
    let mut byte = [0];
    taken.read_exact(&mut byte).expect("a byte");
    assert_eq!(&byte, b"a");
    fs::write(&place, "no port").expect("a file");
    assert!(transport::loopback::connect(&place).is_err());
}

#[test]
fn a_folder_that_cannot_be_used_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    let arrivals = Arc::new(Arrivals::default());
    let error = start(&file, "window", None, &arrivals).expect_err("it is a file");
    assert!(format!("{error:#}").contains("cannot be used"), "{error:#}");
}
