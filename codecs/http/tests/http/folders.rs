//! Folders, and the links to clips that people have.

use std::collections::BTreeSet;

use url::Url;
use zoetrope_codecs::Cancel;
use zoetrope_codecs::container::Input;
use zoetrope_codecs::source::Folder;
use zoetrope_http::{HttpFolder, open_link};
use zoetrope_shaped::{Fault, Shape, ShapedServer};

use crate::{content, network};

fn folder_of(server: &ShapedServer, speed: f64, path: &str) -> HttpFolder {
    let base = Url::parse(&server.url(path)).expect("a link");
    HttpFolder::new(&network(speed), &base).expect("a folder")
}

fn files(paths: &[&str]) -> Vec<(String, Vec<u8>)> {
    paths
        .iter()
        .map(|path| ((*path).to_owned(), path.as_bytes().to_vec()))
        .collect()
}

#[test]
fn files_are_opened_by_name_and_what_is_missing_is_told() {
    let server = ShapedServer::start(
        files(&[
            "clip/a.json",
            "clip/group0/3.mp4",
            "clip/b%20c/%C3%A4.ply",
            "secret",
        ]),
        Shape::default(),
    )
    .expect("listens");
    let folder = folder_of(&server, 1.0, "clip");
    let cancel = Cancel::new();
    assert_eq!(folder.list().expect("cannot"), None);
    for (path, expected) in [
        ("a.json", "clip/a.json"),
        ("group0/3.mp4", "clip/group0/3.mp4"),
        ("b c/ä.ply", "clip/b%20c/%C3%A4.ply"),
    ] {
        let source = folder.open(path, &cancel).expect("is there");
        assert_eq!(
            source.read_all(99, &cancel).expect("reads"),
            expected.as_bytes()
        );
        assert!(folder.is_at_hand(path));
    }
    server.break_path("clip/page", Fault::WebPage, 0, 9);
    server.break_path("clip/store", Fault::Status(403, None), 0, 9);
    for missing in [
        "b.json",
        "../secret",
        "",
        "/secret",
        "a//b",
        "page",
        "store",
    ] {
        let error = folder
            .open(missing, &cancel)
            .map(|_| ())
            .expect_err("is missing");
        assert!(error.is_not_found(), "{missing}: {error}");
        assert!(!folder.is_at_hand(missing));
    }
}

#[test]
fn files_that_are_read_together_wait_together() {
    let paths: Vec<String> = (0..20)
        .map(|number| format!("group0/{number}.mp4"))
        .collect();
    let bytes = content(30_000);
    let shape = Shape {
        bits_per_second: 80e6,
        round_trip_s: 0.05,
        loss: 0.0,
        speed: 1.0,
    };
    let served = paths.iter().map(|path| (path.clone(), bytes.clone()));
    let server = ShapedServer::start(served, shape).expect("listens");
    let folder = folder_of(&server, 1.0, "");
    let cancel = Cancel::new();
    let sources = folder
        .open_together(&paths, &cancel)
        .expect("all are there");
    for source in &sources {
        assert!(source.read_all(u64::MAX, &cancel).expect("reads") == bytes);
    }
    // One request each, over a few connections, each once.
    assert_eq!(server.requests().len(), 20);
    assert!(
        (2..=6).contains(&server.connections()),
        "{}",
        server.connections()
    );
    assert!(paths.iter().all(|path| folder.is_at_hand(path)));
    let missing = [paths[0].clone(), "group0/20.mp4".to_owned()];
    let error = folder
        .open_together(&missing, &cancel)
        .map(|_| ())
        .expect_err("is missing");
    assert!(
        error.is_not_found() && error.to_string().contains("20.mp4"),
        "{error}"
    );
}

#[test]
fn what_is_prefetched_is_at_hand() {
    let paths: Vec<String> = (0..20).map(|number| format!("{number}.mp4")).collect();
    let served = paths.iter().map(|path| (path.clone(), content(400_000)));
    let server = ShapedServer::start(served, Shape::default()).expect("listens");
    let folder = folder_of(&server, 1.0, "");
    folder.prefetch(&paths);
    crate::wait_until("all of it", || {
        paths.iter().all(|path| folder.is_at_hand(path))
    });
    let asked: BTreeSet<String> = server.requests().into_iter().map(|r| r.path).collect();
    assert_eq!(asked.len(), 20);
    assert!(
        folder
            .transfers()
            .is_some_and(|transfers| transfers.len() >= 20)
    );
}

/// What a link leads to: the name of the file or the folder, without the server.
fn leads_to(server: &ShapedServer, path: &str) -> Result<String, String> {
    let host = server.url("");
    let name = match open_link(&network(20.0), &server.url(path), &Cancel::new()) {
        Ok(Input::File(source)) => source.name().to_owned(),
        Ok(Input::Folder(folder)) => format!("{}/", folder.name()),
        Err(error) => return Err(error.to_string()),
    };
    Ok(name.trim_start_matches(&host).to_owned())
}

#[test]
fn links_to_parts_of_a_clip_and_to_folders_above_it_find_it() {
    let server = ShapedServer::start(
        files(&[
            "monkey/group_info.json",
            "monkey/viewer_min_max.json",
            "monkey/group0/0.mp4",
            "packed/feature_video/png_all_20/group_info.json",
            "two/png_all_15/group_info.json",
            "two/png_all_20/group_info.json",
            "sog/meta.json",
            "dance.zoe",
        ]),
        Shape::default(),
    )
    .expect("listens");
    for (path, found) in [
        ("monkey/group_info.json", "monkey/"),
        ("monkey/viewer_min_max.json", "monkey/"),
        ("monkey/", "monkey/"),
        ("monkey", "monkey/"),
        ("monkey/group0/", "monkey/"),
        ("monkey/group0", "monkey/"),
        ("monkey/group0/0.mp4", "monkey/"),
        ("packed", "packed/feature_video/png_all_20/"),
        ("packed/feature_video/", "packed/feature_video/png_all_20/"),
        (
            "packed/feature_video/png_all_20",
            "packed/feature_video/png_all_20/",
        ),
        ("sog/meta.json", "sog/"),
        ("sog", "sog/"),
        ("dance.zoe", "dance.zoe"),
        ("dance.zoe?key=1#t=3", "dance.zoe"),
    ] {
        assert_eq!(leads_to(&server, path).as_deref(), Ok(found), "{path}");
    }
    let two = leads_to(&server, "two/").expect_err("there are two");
    assert!(
        two.contains("several V3 clips are below it (\"png_all_15\""),
        "{two}"
    );
    let none = leads_to(&server, "nothing/").expect_err("there is none");
    assert!(
        none.contains("open the link to the clip's own file"),
        "{none}"
    );
    let missing = leads_to(&server, "nothing.zoe").expect_err("is missing");
    assert!(missing.contains("404 Not Found"), "{missing}");
    // A folder of a server that lists it in a page.
    server.break_path("monkey", Fault::WebPage, 0, 1);
    assert_eq!(leads_to(&server, "monkey").as_deref(), Ok("monkey/"));
}
