//! The rules of the house about dependencies: who may use whom, where crates come from, and under
//! which licences.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Licences under which a dependency may be, each compatible with MIT OR Apache-2.0 in binaries.
/// MPL-2.0 (symphonia) binds its own files only.
const LICENCES: [&str; 17] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // Lists of certificates.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OFL-1.1",
    "Ubuntu-font-1.0",
    "Unicode-3.0",
    "WTFPL",
    "Zlib",
];

/// What the licence files of crates say that name none themselves.
const LICENCES_IN_FILES: [(&str, &str); 1] = [("cfg_block", "Apache-2.0")];

/// A crate of ours, and crates that must not be among what it is built from.
const KEPT_AWAY: [(&str, &[&str]); 6] = [
    (
        "zoetrope-codecs",
        &[
            "reqwest",
            "tokio",
            "wgpu",
            "egui",
            "winit",
            "ffmpeg-sys-next",
            "zoetrope-render",
            "zoetrope-player",
        ],
    ),
    (
        "zoetrope-render",
        &[
            "reqwest",
            "tokio",
            "egui",
            "winit",
            "ffmpeg-sys-next",
            "zoetrope-player",
            "zoetrope-app",
        ],
    ),
    (
        "zoetrope-player",
        &[
            "reqwest",
            "tokio",
            "wgpu",
            "egui",
            "winit",
            "ffmpeg-sys-next",
            "zoetrope-render",
            "zoetrope-app",
        ],
    ),
    (
        "zoetrope-encode",
        &[
            "reqwest",
            "tokio",
            "egui",
            "winit",
            "ffmpeg-sys-next",
            "zoetrope-player",
            "zoetrope-app",
        ],
    ),
    (
        "zoetrope-http",
        &[
            "wgpu",
            "egui",
            "winit",
            "ffmpeg-sys-next",
            "zoetrope-render",
            "zoetrope-player",
            "zoetrope-app",
            "zoetrope-shaped",
        ],
    ),
    (
        "zoetrope-app",
        &["clap", "zoetrope-desktop", "zoetrope-shaped"],
    ),
];

/// Crates of which two versions would not fit together: types of one are no types of the other.
const SINGLE: [&str; 6] = ["egui", "egui-wgpu", "naga", "wgpu", "wgpu-core", "winit"];

/// The registry that every dependency comes from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What cargo knows of the workspace and everything it is built from on this machine.
struct House {
    packages: BTreeMap<String, Value>,
    /// Package to packages it is built from, without those that only its tests need.
    built_from: BTreeMap<String, Vec<String>>,
}

impl House {
    fn look() -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let mut command = Command::new(cargo);
        command
            .args(["metadata", "--format-version", "1", "--locked"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        if cfg!(target_os = "linux") {
            // Crates of other systems need not be downloaded for this.
            command.args(["--filter-platform", &host]);
        }
        let output = command.output().expect("start cargo metadata");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let facts: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
        let packages = list(&facts["packages"])
            .map(|package| (text(&package["id"]), package.clone()))
            .collect();
        let built_from = list(&facts["resolve"]["nodes"])
            .map(|node| {
                let others = list(&node["deps"])
                    .filter(|dependency| {
                        list(&dependency["dep_kinds"]).any(|kind| kind["kind"] != "dev")
                    })
                    .map(|dependency| text(&dependency["pkg"]))
                    .collect();
                (text(&node["id"]), others)
            })
            .collect();
        Self {
            packages,
            built_from,
        }
    }

    /// Identifiers of all packages that a crate is built from, itself included.
    fn all_of(&self, name: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = self
            .packages
            .iter()
            .filter(|(_, package)| package["name"] == name)
            .map(|(id, _)| id.as_str())
            .collect();
        assert!(!open.is_empty(), "there is no crate {name}");
        while let Some(id) = open.pop() {
            if found.insert(id) {
                open.extend(self.built_from[id].iter().map(String::as_str));
            }
        }
        found
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn each_crate_keeps_away_from_what_it_must_not_know() {
    let house = House::look();
    for (name, forbidden) in KEPT_AWAY {
        for id in house.all_of(name) {
            let other = text(&house.packages[id]["name"]);
            assert!(
                !forbidden.contains(&other.as_str()),
                "{name} must not be built from {other}"
            );
        }
    }
    assert_eq!(
        house.all_of("xtask").len(),
        1,
        "xtask has no dependencies, so that it builds before anything is set up"
    );
}

#[test]
fn codecs_link_no_c() {
    let house = House::look();
    for id in house.all_of("zoetrope-codecs") {
        let package = &house.packages[id];
        // rayon-core names itself there to be the only one of its kind, and links nothing.
        let linked = text(&package["links"]);
        assert!(
            linked.is_empty() || linked == "rayon-core",
            "{} links {linked}",
            package["name"]
        );
    }
}

#[test]
fn dependencies_come_from_the_registry_once() {
    let house = House::look();
    for package in house.packages.values() {
        let source = &package["source"];
        assert!(
            source.is_null() || source == REGISTRY,
            "{} comes from {source}",
            package["name"]
        );
    }
    for name in SINGLE {
        let versions: Vec<&Value> = house
            .packages
            .values()
            .filter(|package| package["name"] == name)
            .map(|package| &package["version"])
            .collect();
        assert_eq!(versions.len(), 1, "{name} is there as {versions:?}");
    }
}

#[test]
fn every_dependency_may_be_used_and_passed_on() {
    for package in House::look().packages.values() {
        let name = text(&package["name"]);
        let read = LICENCES_IN_FILES.iter().find(|(known, _)| *known == name);
        let expression = match read {
            Some((_, licence)) if package["license"].is_null() => (*licence).to_owned(),
            _ => text(&package["license"]),
        };
        assert!(is_allowed(&expression), "{name} is under \"{expression}\"");
    }
}

/// Whether a choice within an SPDX expression (with `/` for OR, as older crates write it) is
/// allowed.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let allowed = any_of(&mut rest);
    allowed == Some(true) && rest.is_empty()
}

/// `A OR B …`; `None` when it is no expression.
fn any_of(rest: &mut &[&str]) -> Option<bool> {
    let mut allowed = all_of(rest)?;
    while let Some(after) = rest.strip_prefix(&["OR"]) {
        *rest = after;
        allowed |= all_of(rest)?;
    }
    Some(allowed)
}

/// `A AND B …`, which binds closer.
fn all_of(rest: &mut &[&str]) -> Option<bool> {
    let mut allowed = one(rest)?;
    while let Some(after) = rest.strip_prefix(&["AND"]) {
        *rest = after;
        allowed &= one(rest)?;
    }
    Some(allowed)
}

/// A licence, with its exception if there is one, or an expression in brackets.
fn one(rest: &mut &[&str]) -> Option<bool> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    if *first == "(" {
        let allowed = any_of(rest)?;
        *rest = rest.strip_prefix(&[")"])?;
        return Some(allowed);
    }
    let mut name = (*first).to_owned();
    if let ["WITH", exception, after @ ..] = *rest {
        name = format!("{name} WITH {exception}");
        *rest = after;
    }
    Some(LICENCES.contains(&name.as_str()))
}

#[test]
fn licence_expressions_are_understood() {
    for (expression, allowed) in [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0-only", false),
        ("Apache-2.0 OR GPL-2.0-only", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR GPL-3.0-only) AND Unicode-3.0", true),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0-only", true),
        ("Apache-2.0 WITH Other-exception", false),
        ("", false),
        ("MIT OR", false),
        ("(MIT", false),
    ] {
        assert_eq!(is_allowed(expression), allowed, "{expression}");
    }
}
