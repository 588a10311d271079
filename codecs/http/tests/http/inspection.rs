//! What is told about servers.

use zoetrope_codecs::Cancel;
use zoetrope_http::{Check, inspect};
use zoetrope_shaped::{Fault, Headers, Shape, ShapedServer};

use crate::{PATH, network, serve};

fn checks(server: &ShapedServer, path: &str) -> Vec<Check> {
    inspect(&network(1.0), &server.url(path), &Cancel::new()).expect("answers")
}

/// Names of what is to be changed.
fn to_change(checks: &[Check]) -> Vec<&str> {
    checks
        .iter()
        .filter(|check| !check.fine)
        .map(|check| check.name)
        .collect()
}

#[test]
fn a_good_server_has_nothing_to_change_but_encryption() {
    let server = serve(b"clip", Shape::default());
    let found = checks(&server, PATH);
    assert_eq!(to_change(&found), ["connection"]);
    assert_eq!(found.len(), 9);
}

#[test]
fn each_lack_is_told_with_what_to_change() {
    let server = serve(b"clip", Shape::default());
    server.set_headers(Headers {
        etag: false,
        modified: false,
        content_type: "text/plain".to_owned(),
        cache_control: None,
        cors: false,
    });
    server.break_path(PATH, Fault::NoRanges, 0, u32::MAX);
    let found = checks(&server, PATH);
    let names = [
        "connection",
        "ranges",
        "versions",
        "caching",
        "type",
        "CORS",
        "CORS, shown",
    ];
    let all = to_change(&found);
    assert_eq!(all[..7], names);
    assert_eq!(all[7..], ["CORS, asked"]);
    for (name, advice) in [
        ("ranges", "answered with 200"),
        ("versions", "send ETag or Last-Modified"),
        ("caching", "send Cache-Control"),
        ("type", "send application/octet-stream"),
        ("CORS", "send Access-Control-Allow-Origin: *"),
        (
            "CORS, shown",
            "Access-Control-Expose-Headers: Content-Range, Content-Length, ETag",
        ),
        (
            "CORS, asked",
            "Access-Control-Allow-Headers: Range, If-Range",
        ),
    ] {
        let check = found
            .iter()
            .find(|check| check.name == name)
            .expect("is there");
        assert!(check.found.contains(advice), "{}", check.found);
    }
    server.set_headers(Headers {
        cache_control: Some("no-store".to_owned()),
        ..Headers::default()
    });
    let found = checks(&server, PATH);
    assert_eq!(to_change(&found), ["connection", "ranges", "caching"]);
}

#[test]
fn a_v3_folder_is_judged_by_what_describes_it_and_redirects_are_told() {
    let files = ["clip/group_info.json", "clip/group0/0.mp4"];
    let files = files.map(|path| (path.to_owned(), b"{}".to_vec()));
    let server = ShapedServer::start(files, Shape::default()).expect("listens");
    assert_eq!(to_change(&checks(&server, "clip/group0/")), ["connection"]);
    server.break_path(
        "door",
        Fault::Redirect("clip/group0/0.mp4".to_owned()),
        0,
        9,
    );
    let found = checks(&server, "door");
    let last = found.last().expect("some");
    assert!(
        last.name == "redirects" && last.found.contains("clip/group0/0.mp4"),
        "{last:?}"
    );
}
