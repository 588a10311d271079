//! What the desktop systems are told of the program: links and clips lead to it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

const SCHEME: &str = "zoetrope";
const CLIP_TYPE: &str = "model/vnd.zoetrope";

/// How names of splat files end.
const SPLAT_FILES: [&str; 9] = [
    "ply", "splat", "ksplat", "spz", "sog", "glb", "gltf", "splatv", "4dgs",
];

fn asset(name: &str) -> (PathBuf, String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("assets")
        .join(name);
    let text = fs::read_to_string(&path).expect("it is there");
    (path, text)
}

/// The value of a key of a desktop entry.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    let mut lines = text.lines().filter_map(|line| line.split_once('='));
    let found = lines.find(|(name, _)| *name == key);
    found.unwrap_or_else(|| panic!("no {key}")).1
}

#[test]
fn linux_hands_links_and_clips_over() {
    let (path, text) = asset("zoetrope.desktop");
    assert!(text.starts_with("[Desktop Entry]\n"));
    // One link or file, as an address: what a second start hands to the first.
    assert_eq!(value(&text, "Exec"), "zoetrope %u");
    let types: Vec<&str> = value(&text, "MimeType").split_terminator(';').collect();
    let scheme = format!("x-scheme-handler/{SCHEME}");
    assert!(
        types.contains(&scheme.as_str()) && types.contains(&CLIP_TYPE),
        "{types:?}"
    );
    // Every type of ours is described; those of glTF every system knows.
    let (_, mime) = asset("zoetrope-mime.xml");
    for kind in types
        .iter()
        .filter(|kind| !kind.starts_with("x-scheme-handler/") && !kind.starts_with("model/gltf"))
    {
        assert!(
            mime.contains(&format!("<mime-type type=\"{kind}\">")),
            "{kind}"
        );
    }
    for end in ["zoe"].iter().chain(&SPLAT_FILES) {
        let is_known = mime.contains(&format!("<glob pattern=\"*.{end}\""));
        let is_gltf = ["glb", "gltf"].contains(end) && types.contains(&"model/gltf-binary");
        assert!(is_known || is_gltf, "{end}");
    }
    // The system's own judge, where it is there.
    if let Ok(judged) = Command::new("desktop-file-validate").arg(path).output() {
        let said = String::from_utf8_lossy(&judged.stdout);
        assert!(judged.status.success() && said.is_empty(), "{said}");
    }
}

#[test]
fn mac_os_and_windows_do_so_too() {
    let (_, plist) = asset("Info.plist");
    let version = format!("<string>{}</string>", env!("CARGO_PKG_VERSION"));
    for part in [
        "<key>CFBundleURLSchemes</key>",
        &format!("<string>{SCHEME}</string>"),
        &format!("<string>{CLIP_TYPE}</string>"),
        "<string>zoe</string>",
        &version,
    ] {
        assert!(plist.contains(part), "{part}");
    }
    for end in SPLAT_FILES {
        assert!(plist.contains(&format!("<string>{end}</string>")), "{end}");
    }
    // Every element is closed.
    for element in ["plist", "dict", "array", "key", "string"] {
        let count = |text: &str| plist.matches(text).count();
        let opened = count(&format!("<{element}>")) + count(&format!("<{element} "));
        assert_eq!(opened, count(&format!("</{element}>")), "{element}");
    }
    let (_, registry) = asset("zoetrope.reg");
    assert!(registry.starts_with("Windows Registry Editor Version 5.00\r\n"));
    for part in [
        "[HKEY_CURRENT_USER\\Software\\Classes\\zoetrope\\shell\\open\\command]",
        "\"URL Protocol\"=\"\"",
        "[HKEY_CURRENT_USER\\Software\\Classes\\.zoe]",
        &format!("\"Content Type\"=\"{CLIP_TYPE}\""),
        // One argument, however it is written.
        "zoetrope.exe\\\" \\\"%1\\\"\"",
    ] {
        assert!(registry.contains(part), "{part}");
    }
    for end in SPLAT_FILES {
        let key = format!("\\.{end}\\OpenWithProgids]\r\n\"Zoetrope.Clip\"=\"\"\r\n");
        assert!(registry.contains(&key), "{end}");
    }
}
