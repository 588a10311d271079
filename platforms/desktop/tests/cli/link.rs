//! `zoetrope link`, and links in place of paths.

use std::path::Path;

use crate::support::{assert_one_sentence, json, zoetrope};

const WEB: &str = "https://example.org/dance.zoe";

/// What is printed, on one line.
fn printed(arguments: &[&str]) -> (String, String) {
    let output = zoetrope(arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let line = text(&output.stdout);
    assert_eq!(line.lines().count(), 1);
    (line.trim_end().to_owned(), text(&output.stderr))
}

#[test]
fn a_link_has_the_moment_and_the_view() {
    let (link, told) = printed(&["link", WEB]);
    assert_eq!(link, format!("zoetrope://open?src={WEB}"));
    assert!(told.is_empty());
    let view = [
        "--time",
        "12.48",
        "--camera",
        "0,-1.5,-3,0,0,0,50",
        "--ab",
        "5.5,3",
        "--quality",
        "high",
        "--up",
        "+z",
    ];
    let query = "t=12.48&cam=0,-1.5,-3,0,0,0,50&up=z&ab=3,5.5&v=high";
    let (link, _) = printed(&[["link", WEB].as_slice(), &view].concat());
    assert_eq!(link, format!("zoetrope://open?src={WEB}&{query}"));
    // A link's own view stays where nothing else is said.
    let (web, _) = printed(&["link", &link, "--time", "1", "--web"]);
    let query = query.replace("12.48", "1");
    assert_eq!(web, format!("{WEB}?{query}"));
}

#[test]
fn a_clip_on_this_computer_gets_a_link_that_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clip = folder.path().join("a b.zoe");
    std::fs::write(&clip, "x").expect("a file");
    let (link, told) = printed(&["link", &clip.to_string_lossy()]);
    let start = format!("zoetrope://open?src=file://{}", folder.path().display());
    assert_eq!(link, format!("{start}/a%2520b.zoe"));
    assert!(
        told.contains("works here only") && told.contains("zoetrope share"),
        "{told}"
    );
}

#[test]
fn what_has_no_link_is_one_sentence() {
    let missing = Path::new("no such clip.zoe").to_string_lossy().into_owned();
    let output = zoetrope(&["link", &missing]);
    assert_one_sentence(&output, &["no such clip.zoe", "check the path"]);
    let output = zoetrope(&["link", "zoetrope://open?src=ftp://example.org/"]);
    assert_one_sentence(&output, &["http, https or file address"]);
    let output = zoetrope(&["link", env!("CARGO_MANIFEST_DIR"), "--web"]);
    assert_one_sentence(&output, &["no web address", "zoetrope share"]);
    for wrong in [
        ["--time", "-1"],
        ["--ab", "3"],
        ["--quality", "best"],
        ["--camera", "1"],
    ] {
        let output = zoetrope(&["link", WEB, wrong[0], wrong[1]]);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_link_stands_for_its_clip() {
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wave/wave_0001.sog");
    let link = format!("zoetrope://open?src=file://{clip}&t=1");
    let info = json(&zoetrope(&["info", &link, "--json"]));
    assert_eq!(info["frames"], 1);
    let output = zoetrope(&["info", "zoetrope://open?x=1"]);
    assert_one_sentence(&output, &["names no clip"]);
}
