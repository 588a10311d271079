//! Each fault in a sentence.

use url::Url;
use zoetrope_codecs::source::Source;
use zoetrope_codecs::{Cancel, Error};
use zoetrope_http::HttpSource;
use zoetrope_shaped::{Fault, Headers, Shape};

use crate::{PATH, check, content, network, open, serve, wait_until};

/// The sentence about a file whose server always has this fault.
fn sentence(fault: Fault) -> String {
    let server = serve(&content(600_000), Shape::default());
    server.break_path(PATH, fault.clone(), 0, u32::MAX);
    let network = network(20.0);
    let opened = open(&network, &server, PATH);
    let read = opened.and_then(|source| source.read_all(u64::MAX, &Cancel::new()));
    let error = read.map(|_| ()).expect_err("there is a fault");
    assert!(!matches!(error, Error::Cancelled));
    let text = error.to_string();
    let host = server.url("");
    let host = host.trim_start_matches("http://").trim_end_matches('/');
    assert!(text.contains(host), "{text}");
    text
}

#[test]
fn each_lasting_fault_is_a_sentence_that_says_what_to_do() {
    for (fault, happened, advice) in [
        (
            Fault::Status(404, None),
            "404 Not Found",
            "check it for typing errors",
        ),
        (
            Fault::Status(410, None),
            "410 Gone",
            "check it for typing errors",
        ),
        (
            Fault::Status(403, None),
            "403 Forbidden",
            "ask its owner for a public link",
        ),
        (
            Fault::Status(401, None),
            "wants a name and a password",
            "public link",
        ),
        (Fault::Status(500, None), "500", "try again later"),
        (Fault::Status(503, Some(7)), "busy", "it asks to wait 7 s"),
        (Fault::Status(418, None), "418", "check the link"),
        (Fault::Closes, "the connection to", "try again later"),
        (
            Fault::Silent,
            "has sent nothing for",
            "check the connection",
        ),
        (Fault::WrongRange, "another part", "tell its owner"),
        (Fault::NonsenseRange, "does not describe", "tell its owner"),
        (
            Fault::Compressed,
            "Content-Encoding: gzip",
            "switch compression off",
        ),
        (
            Fault::WebPage,
            "a web page instead of a clip",
            "open the link to the file itself",
        ),
        (Fault::Unsatisfiable, "no such part (416)", "tell its owner"),
        (
            Fault::Redirect(PATH.to_owned()),
            "in a circle",
            "check the link",
        ),
    ] {
        let text = sentence(fault.clone());
        assert!(
            text.contains(happened) && text.contains(advice),
            "{fault:?}: {text}"
        );
    }
}

#[test]
fn what_is_not_there_is_told_at_once_and_by_its_kind() {
    let server = serve(&content(10), Shape::default());
    let network = network(1.0);
    let error = open(&network, &server, "other.zoe").map(|_| ());
    assert!(error.expect_err("is missing").is_not_found());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn redirects_are_followed_five_times_and_remembered() {
    let bytes = content(600_000);
    let server = serve(&bytes, Shape::default());
    let hops = ["a", "b", "c", "d", "e", "f"];
    for pair in hops.windows(2) {
        server.break_path(pair[0], Fault::Redirect(pair[1].to_owned()), 0, u32::MAX);
    }
    server.break_path("f", Fault::Redirect(PATH.to_owned()), 0, u32::MAX);
    let network = network(1.0);
    let source = open(&network, &server, "b").expect("five are followed");
    check(&source, &bytes, 0..600_000);
    // Only the first request went the long way.
    let long_way = server
        .requests()
        .iter()
        .filter(|request| request.path == "b")
        .count();
    assert_eq!(long_way, 1);
    let error = open(&network, &server, "a")
        .map(|_| ())
        .expect_err("six are too many");
    assert!(
        error.to_string().contains("redirects more than 5 times"),
        "{error}"
    );
}

#[test]
fn a_redirect_that_has_run_out_is_asked_for_again() {
    let bytes = content(600_000);
    let server = serve(&bytes, Shape::default());
    server.break_path("door", Fault::Redirect(PATH.to_owned()), 0, u32::MAX);
    let network = network(1.0);
    let source = open(&network, &server, "door").expect("opens");
    check(&source, &bytes, 0..200_000);
    server.break_path(PATH, Fault::Status(403, None), 0, 1);
    check(&source, &bytes, 400_000..600_000);
}

#[test]
fn a_server_that_knows_no_parts_is_read_once_from_the_beginning() {
    let bytes = content(600_000);
    for fault in [Fault::NoRanges, Fault::NoRangesNoLength] {
        let server = serve(&bytes, Shape::default());
        server.break_path(PATH, fault, 0, u32::MAX);
        let network = network(1.0);
        let source = open(&network, &server, PATH).expect("opens");
        assert_eq!((source.len(), source.has_ranges()), (600_000, false));
        check(&source, &bytes, 500_000..600_000);
        check(&source, &bytes, 0..600_000);
        assert!(source.is_at_hand(0..600_000));
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_file_that_changes_is_told_whatever_marks_it() {
    let bytes = content(600_000);
    for (fault, etag, modified) in [
        (Fault::Changed, true, true),
        (Fault::Shrunk, false, false),
        (Fault::WrongTotal, true, true),
    ] {
        let server = serve(&bytes, Shape::default());
        server.set_headers(Headers {
            etag,
            modified,
            ..Headers::default()
        });
        server.break_path(PATH, fault.clone(), 1, u32::MAX);
        let network = network(1.0);
        let source = open(&network, &server, PATH).expect("opens");
        check(&source, &bytes, 0..200_000);
        let error = source.read(400_000..600_000, &Cancel::new());
        let error = error.expect_err("it changed");
        assert!(matches!(error, Error::Changed { .. }), "{fault:?}: {error}");
        // And it stays so.
        let again = source.read(500_000..600_000, &Cancel::new());
        assert!(matches!(again, Err(Error::Changed { .. })));
    }
}

#[test]
fn a_short_file_and_an_empty_one() {
    let server = serve(b"", Shape::default());
    let network = network(1.0);
    let source = open(&network, &server, PATH).expect("opens");
    assert!(source.is_empty());
    assert_eq!(source.read(0..0, &Cancel::new()).expect("reads"), b"");
    assert!(source.read(0..1, &Cancel::new()).is_err());
    let server = serve(b"one", Shape::default());
    let source = open(&network, &server, PATH).expect("opens");
    check(&source, b"one", 1..3);
    #[allow(clippy::reversed_empty_ranges)]
    for bad in [2..4, 2..1, u64::MAX..u64::MAX] {
        assert!(matches!(
            source.read(bad, &Cancel::new()),
            Err(Error::Malformed { .. })
        ));
    }
}

#[test]
fn nobody_at_the_other_end_is_told() {
    let network = network(20.0);
    let error = |link: &str| {
        let url = Url::parse(link).expect("a link");
        let opened = HttpSource::open(&network, &url, &Cancel::new());
        opened.map(|_| ()).expect_err("nobody is there").to_string()
    };
    let gone = serve(b"x", Shape::default()).url(PATH);
    let refused = error(&gone);
    assert!(
        refused.contains("refuses the connection; check the address"),
        "{refused}"
    );
    // Such a name can belong to nobody (RFC 6761).
    let unknown = error("http://clips.invalid/a.zoe");
    assert!(
        unknown.contains("clips.invalid cannot be found"),
        "{unknown}"
    );
    let server = serve(b"x", Shape::default());
    let unsafe_ = error(&server.url(PATH).replace("http://", "https://"));
    assert!(
        unsafe_.contains("may have to begin with http://"),
        "{unsafe_}"
    );
    let secret = error(
        &gone
            .replace("http://", "http://me:secret@")
            .replace("zoe", "zoe?key=secret"),
    );
    assert!(!secret.contains("secret"), "{secret}");
}

#[test]
fn a_server_that_comes_back_is_asked_again() {
    let bytes = content(600_000);
    let server = serve(&bytes, Shape::default());
    let network = network(1.0);
    let source = open(&network, &server, PATH).expect("opens");
    check(&source, &bytes, 0..200_000);
    server.break_path(PATH, Fault::Status(404, None), 0, 1);
    assert!(source.read(400_000..500_000, &Cancel::new()).is_err());
    check(&source, &bytes, 400_000..600_000);
    wait_until("the end of all requests", || server.requests().len() >= 3);
}
