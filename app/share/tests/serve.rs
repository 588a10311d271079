//! The server as whoever connects to it sees it.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use zoetrope_share::{Error, Options, Server, Share};

const SECRET: &[u8] = b"nobody may see this";

/// What a file of the tests holds.
fn content(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index * 7 % 251) as u8).collect()
}

fn serve(share: Share) -> Server {
    let options = Options {
        bind: Some(Ipv4Addr::LOCALHOST.into()),
        port: 0,
    };
    Server::start(share, options).expect("a port")
}

/// A clip "dance one.zoe" of 1000 bytes in a folder, beside a secret.
fn file(folder: &Path) -> Server {
    let path = folder.join("dance one.zoe");
    fs::write(&path, content(1000)).expect("a file");
    fs::write(folder.join("secret"), SECRET).expect("a file");
    serve(Share::of_file("Dance <1>", &path).expect("a clip"))
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).expect("it listens");
    let timeout = Some(Duration::from_secs(20));
    stream.set_read_timeout(timeout).expect("a timeout");
    stream
}

/// Sends a request line with headers, and reads until the server hangs up.
fn raw(server: &Server, request: &str) -> Answer {
    let mut stream = connect(server);
    let request = format!("{request}Host: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("an answer");
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.expect("a whole head");
    let head = String::from_utf8(bytes[..end].to_vec()).expect("text");
    let status = head.split(' ').nth(1).expect("a status");
    Answer {
        status: status.parse().expect("a number"),
        body: bytes[end + 4..].to_vec(),
        head,
    }
}

/// The path of the clip's address.
fn path(server: &Server) -> String {
    let start = format!("http://{}", server.address());
    let path = server.clip_url().strip_prefix(&start);
    path.expect("its address").to_owned()
}

fn get(server: &Server, headers: &str) -> Answer {
    raw(
        server,
        &format!("GET {} HTTP/1.1\r\n{headers}", path(server)),
    )
}

#[test]
fn the_whole_clip_comes_with_what_players_and_caches_need() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = file(folder.path());
    let answer = get(&server, "");
    assert_eq!((answer.status, &answer.body), (200, &content(1000)));
    for (name, value) in [
        ("Content-Type", "model/vnd.zoetrope"),
        ("Content-Length", "1000"),
        ("Accept-Ranges", "bytes"),
        ("Access-Control-Allow-Origin", "*"),
        ("Cache-Control", "public, max-age=3600"),
        ("X-Content-Type-Options", "nosniff"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let exposed = answer
        .header("Access-Control-Expose-Headers")
        .expect("some");
    for name in ["Content-Range", "Accept-Ranges", "ETag"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    let modified = answer.header("Last-Modified").expect("a date");
    assert!(modified.ends_with(" GMT"), "{modified}");
    let head = raw(&server, &format!("HEAD {} HTTP/1.1\r\n", path(&server)));
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["Content-Length", "ETag", "Last-Modified", "Accept-Ranges"] {
        assert_eq!(head.header(name), answer.header(name), "{name}");
    }
    assert_eq!(
        (server.visitors().devices, server.visitors().bytes),
        (1, 1000)
    );
}

#[test]
fn parts_are_sent_and_what_is_no_part_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = file(folder.path());
    let all = content(1000);
    for (range, expected, told) in [
        ("bytes=0-0", 0..1, "bytes 0-0/1000"),
        ("bytes=10-19", 10..20, "bytes 10-19/1000"),
        ("bytes=990-", 990..1000, "bytes 990-999/1000"),
        ("bytes=-5", 995..1000, "bytes 995-999/1000"),
        ("bytes=999-4000", 999..1000, "bytes 999-999/1000"),
    ] {
        let answer = get(&server, &format!("Range: {range}\r\n"));
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.body, all[expected], "{range}");
        assert_eq!(answer.header("Content-Range"), Some(told), "{range}");
        let length = answer.body.len().to_string();
        assert_eq!(answer.header("Content-Length"), Some(length.as_str()));
    }
    for range in ["bytes=1000-", "bytes=-0", "bytes=0-1,5-6", "bytes=0-0,-1"] {
        let answer = get(&server, &format!("Range: {range}\r\n"));
        assert_eq!(answer.status, 416, "{range}");
        assert_eq!(answer.header("Content-Range"), Some("bytes */1000"));
        assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"));
        assert!(answer.body.len() < 200);
    }
    for range in ["bytes=5-2", "pages=1-2", "bytes=x"] {
        let answer = get(&server, &format!("Range: {range}\r\n"));
        assert_eq!((answer.status, answer.body.len()), (200, 1000), "{range}");
    }
}

#[test]
fn conditions_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = file(folder.path());
    let answer = get(&server, "");
    let tag = answer.header("ETag").expect("a tag").to_owned();
    let date = answer.header("Last-Modified").expect("a date").to_owned();
    let old = "Wed, 21 Oct 2015 07:28:00 GMT";
    for (headers, status) in [
        (format!("If-None-Match: {tag}\r\n"), 304),
        (format!("If-None-Match: \"x\", W/{tag}\r\n"), 304),
        ("If-None-Match: \"x\"\r\n".to_owned(), 200),
        (format!("If-Modified-Since: {date}\r\n"), 304),
        (format!("If-Modified-Since: {old}\r\n"), 200),
        (format!("If-Match: {tag}\r\nRange: bytes=0-9\r\n"), 206),
        ("If-Match: \"x\"\r\n".to_owned(), 412),
        (format!("If-Unmodified-Since: {old}\r\n"), 412),
        (format!("If-Range: {tag}\r\nRange: bytes=0-9\r\n"), 206),
        (format!("If-Range: {date}\r\nRange: bytes=0-9\r\n"), 206),
        ("If-Range: \"x\"\r\nRange: bytes=0-9\r\n".to_owned(), 200),
        (format!("If-Range: {old}\r\nRange: bytes=0-9\r\n"), 200),
        ("If-Range: nonsense\r\nRange: bytes=0-9\r\n".to_owned(), 200),
    ] {
        assert_eq!(get(&server, &headers).status, status, "{headers}");
    }
    // Another file is another version.
    fs::write(folder.path().join("dance one.zoe"), content(500)).expect("a file");
    let changed = get(&server, &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((changed.status, changed.body.len()), (200, 500));
    assert_ne!(changed.header("ETag"), Some(tag.as_str()));
}

#[test]
fn nothing_else_can_be_reached() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = file(folder.path());
    let clip = path(&server);
    let name = clip.split('/').nth(1).expect("a name");
    assert_eq!(name.len(), 32);
    let wrong = name.replace(&name[..1], if name.starts_with('0') { "1" } else { "0" });
    for target in [
        "/".to_owned(),
        "/secret".to_owned(),
        "/dance%20one.zoe".to_owned(),
        format!("/{name}"),
        format!("/{wrong}/dance%20one.zoe"),
        format!("/{}/dance%20one.zoe", &name[1..]),
        format!("//{name}/dance%20one.zoe"),
        format!("/{name}/secret"),
        format!("/{name}/../secret"),
        format!("/{name}/%2e%2e/secret"),
        format!("/{name}/%2E%2E%2Fsecret"),
        format!("/{name}/..%5csecret"),
        format!("/{name}/%252e%252e/secret"),
        format!("/{name}/./secret"),
        format!("/{name}/./dance%20one.zoe"),
        format!("/{name}//dance%20one.zoe"),
        format!("/{name}/dance%20one.zoe/"),
        format!("/{name}/dance%20one.zoe/../secret"),
        format!("/{name}/dance%20one.zoe%00"),
        format!("/{name}/dance%20one.zoe%ff"),
        format!("/{name}/dance%20one.zo%6"),
        format!("/{name}/{}/secret", folder.path().display()),
        format!("/{name}/%2fetc%2fpasswd"),
        format!("/{name}/poster.png"),
        format!("http://x/{name}/../secret"),
    ] {
        let answer = raw(&server, &format!("GET {target} HTTP/1.1\r\n"));
        assert!(
            [400, 404].contains(&answer.status),
            "{target} {}",
            answer.status
        );
        let has_secret = answer
            .body
            .windows(SECRET.len())
            .any(|bytes| bytes == SECRET);
        assert!(!has_secret && answer.body.len() < 100, "{target}");
        assert!(!answer.head.contains(name), "{target}");
    }
    let long = format!("GET /{name}/{} HTTP/1.1\r\n", "x".repeat(5000));
    assert_eq!(raw(&server, &long).status, 414);
}

#[test]
fn only_reading_is_possible() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = file(folder.path());
    let clip = path(&server);
    for method in [
        "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "NONSENSE",
    ] {
        let answer = raw(&server, &format!("{method} {clip} HTTP/1.1\r\n"));
        assert!(
            [400, 405].contains(&answer.status),
            "{method} {}",
            answer.status
        );
        if answer.status == 405 {
            assert_eq!(answer.header("Allow"), Some("GET, HEAD, OPTIONS"));
        }
    }
    let origin = "Origin: https://example.org\r\nAccess-Control-Request-Headers: range\r\n";
    let answer = raw(&server, &format!("OPTIONS {clip} HTTP/1.1\r\n{origin}"));
    assert_eq!(answer.status, 204);
    let allowed = answer.header("Access-Control-Allow-Headers").expect("some");
    assert!(allowed.contains("Range"), "{allowed}");
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"));
    let unchanged = fs::read(folder.path().join("dance one.zoe")).expect("a file");
    assert_eq!(unchanged, content(1000));
}

#[test]
fn of_a_folder_only_its_parts_are_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = folder.path().join("clip");
    fs::create_dir_all(clip.join("group0/deeper")).expect("a folder");
    fs::create_dir_all(clip.join(".hidden")).expect("a folder");
    for (name, bytes) in [
        ("info.json", b"{}".as_slice()),
        ("notes.txt", SECRET),
        (".hidden/0.mp4", SECRET),
        ("group0/.0.mp4", SECRET),
        ("group0/0.mp4", b"video"),
        ("group0/deeper/0.mp4", SECRET),
    ] {
        fs::write(clip.join(name), bytes).expect("a file");
    }
    let is_part = |path: &str| path.ends_with(".json") || path.ends_with(".mp4");
    let server = serve(Share::of_folder("Clip", &clip, is_part).expect("a clip"));
    let at = |name: &str| {
        let target = format!("{}{name}", path(&server));
        raw(&server, &format!("GET {target} HTTP/1.1\r\n"))
    };
    assert!(server.clip_url().ends_with("/clip/"));
    assert_eq!(
        at("info.json").header("Content-Type"),
        Some("application/json")
    );
    let video = at("group0/0.mp4");
    assert_eq!(
        (video.status, video.body.as_slice()),
        (200, b"video".as_slice())
    );
    assert_eq!(video.header("Content-Type"), Some("video/mp4"));
    for name in [
        "",
        "notes.txt",
        ".hidden/0.mp4",
        "group0/.0.mp4",
        "group0/deeper/0.mp4",
        "group0",
        "group0/",
        "group0/1.mp4",
    ] {
        assert_eq!(at(name).status, 404, "{name}");
    }
    // What comes later is no part of it.
    fs::write(clip.join("group0/1.mp4"), SECRET).expect("a file");
    assert_eq!(at("group0/1.mp4").status, 404);
    let none = Share::of_folder("Clip", &clip, |_| false);
    assert!(matches!(none, Err(Error::Empty)));
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_the_clip() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a folder");
    let clip = folder.path().join("clip");
    fs::create_dir_all(clip.join("group0")).expect("a folder");
    fs::write(folder.path().join("secret.mp4"), SECRET).expect("a file");
    fs::write(clip.join("0.mp4"), b"video").expect("a file");
    let of_folder = || Share::of_folder("Clip", &clip, |path| path.ends_with(".mp4"));
    symlink("../0.mp4", clip.join("group0/1.mp4")).expect("a link");
    // A folder that is a link is no folder of the clip.
    symlink(folder.path(), clip.join("around")).expect("a link");
    let server = serve(of_folder().expect("a link inside is a part"));
    let at = |name: &str| {
        let target = format!("{}{name}", path(&server));
        raw(&server, &format!("GET {target} HTTP/1.1\r\n"))
    };
    assert_eq!(at("group0/1.mp4").body, b"video");
    assert_eq!(at("around/secret.mp4").status, 404);
    // What has become a link since then is not followed.
    fs::remove_file(clip.join("0.mp4")).expect("removed");
    symlink("../secret.mp4", clip.join("0.mp4")).expect("a link");
    for name in ["0.mp4", "group0/1.mp4"] {
        assert_eq!(at(name).status, 404, "{name}");
    }
    let error = of_folder().expect_err("it leads out");
    assert!(error.to_string().contains("0.mp4") && matches!(error, Error::Outside(_)));
}

#[test]
fn the_page_says_what_this_is_and_has_the_link_to_the_moment() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a b.zoe");
    fs::write(&path, content(10)).expect("a file");
    let mut share = Share::of_file("Dance <1>", &path).expect("a clip");
    share.poster = Some(b"picture".as_slice().into());
    let server = serve(share);
    let start = format!("http://{}", server.address());
    let page = server.page_url();
    let target = page.strip_prefix(&start).expect("its address");
    let text = |query: &str| {
        let answer = raw(&server, &format!("GET {target}{query} HTTP/1.1\r\n"));
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("Content-Type"),
            Some("text/html; charset=utf-8")
        );
        let policy = answer.header("Content-Security-Policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'"));
        String::from_utf8(answer.body).expect("text")
    };
    let html = text("");
    assert!(html.contains("Dance &lt;1&gt;") && html.contains(server.clip_url()));
    let url = server.clip_url().replace('%', "%25");
    assert!(
        html.contains(&format!("href=\"zoetrope://open?src={url}\"")),
        "{html}"
    );
    let html = text("?t=1.5&v=low&x=%22%3E%3Cscript%3E");
    assert!(html.contains("&amp;t=1.5&amp;v=low\""), "{html}");
    assert!(!html.contains("<script"), "{html}");
    let poster = raw(&server, &format!("GET {target}poster.png HTTP/1.1\r\n"));
    assert_eq!(
        (poster.status, poster.body.as_slice()),
        (200, b"picture".as_slice())
    );
    assert_eq!(poster.header("Content-Type"), Some("image/png"));
}

#[test]
fn a_clip_in_memory_is_served_as_well() {
    let server = serve(Share::of_memory("Wave", "wave.zip", content(300).into()));
    let answer = get(&server, "Range: bytes=100-109\r\n");
    assert_eq!(answer.status, 206);
    assert_eq!(answer.body, content(300)[100..110]);
    assert_eq!(answer.header("Content-Range"), Some("bytes 100-109/300"));
    let tag = answer.header("ETag").expect("a tag").to_owned();
    assert_eq!(
        get(&server, &format!("If-None-Match: {tag}\r\n")).status,
        304
    );
    let head = raw(&server, &format!("HEAD {} HTTP/1.1\r\n", path(&server)));
    assert_eq!(head.header("Content-Length"), Some("300"));
    assert_eq!(server.visitors().bytes, 10);
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_breaks_the_answer_off() {
    const LEN: usize = 64 << 20;
    let folder = tempfile::tempdir().expect("a folder");
    let clip = folder.path().join("large.zoe");
    let large = fs::File::create(&clip).expect("a file");
    large.set_len(LEN as u64).expect("a hole");
    let server = serve(Share::of_file("Large", &clip).expect("a clip"));
    let mut stream = connect(&server);
    let request = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path(&server));
    stream.write_all(request.as_bytes()).expect("sent");
    let mut block = vec![0; 1 << 16];
    let mut received = stream.read(&mut block).expect("the beginning");
    large.set_len(10).expect("shorter");
    loop {
        match stream.read(&mut block) {
            Ok(0) => break,
            Ok(read) => received += read,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConnectionReset);
                break;
            }
        }
    }
    assert!(received < LEN, "{received}");
}

#[test]
fn no_more_than_so_many_connections_are_served_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = file(folder.path());
    let request = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path(&server));
    let begins = |stream: &mut TcpStream| {
        let mut block = [0; 12];
        stream.read_exact(&mut block).map(|()| block)
    };
    // Each is known to be let in once it has had an answer; all stay open.
    let mut connections: Vec<TcpStream> = (0..64).map(|_| connect(&server)).collect();
    for stream in &mut connections {
        stream.write_all(request.as_bytes()).expect("sent");
        assert_eq!(&begins(stream).expect("an answer"), b"HTTP/1.1 200");
    }
    let mut waits = connect(&server);
    waits.write_all(request.as_bytes()).expect("sent");
    let short = Some(Duration::from_millis(200));
    waits.set_read_timeout(short).expect("a timeout");
    let error = begins(&mut waits).expect_err("no place");
    assert!(matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut
    ));
    connections.pop();
    let long = Some(Duration::from_secs(20));
    waits.set_read_timeout(long).expect("a timeout");
    assert_eq!(&begins(&mut waits).expect("a place"), b"HTTP/1.1 200");
}

#[test]
fn stopping_ends_everything_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = file(folder.path());
    let address = server.address();
    // One in the middle of a request, one of an answer.
    let mut begun = connect(&server);
    begun.write_all(b"GET /").expect("sent");
    let started = Instant::now();
    drop(server);
    assert!(started.elapsed() < Duration::from_secs(5));
    let mut rest = Vec::new();
    // Hanging up and resetting are both an end.
    begun.read_to_end(&mut rest).ok();
    assert!(rest.is_empty());
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn what_cannot_be_served_is_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = Share::of_file("x", &folder.path().join("missing.zoe"));
    let error = missing.expect_err("not there").to_string();
    assert!(
        error.starts_with("cannot share ") && error.contains("missing.zoe"),
        "{error}"
    );
    let server = file(folder.path());
    let share = Share::of_memory("x", "x.zoe", content(1).into());
    let options = Options {
        bind: Some(Ipv4Addr::LOCALHOST.into()),
        port: server.address().port(),
    };
    let Err(error) = Server::start(share, options) else {
        panic!("the port is taken");
    };
    assert!(
        error.to_string().contains("choose another address or port"),
        "{error}"
    );
}
