//! glTF whose numbers are packed: by meshopt, or as an SPZ file; and the drafts that had names of their own.

mod common;

use std::fs;

use common::{data, glb_of, glb_parts, memory, read_splat, small_cloud};
use serde_json::{Value, json};
use zoetrope_codecs::splat::spz::{self, SpzVersion};
use zoetrope_codecs::splat::{Axes, gltf};
use zoetrope_codecs::{Cancel, Error, Result, SplatCloud, limits};

const EXTENSION: &str = "KHR_gaussian_splatting";

fn read(json: &Value, binary: &[u8]) -> Result<SplatCloud> {
    let source = memory("a.glb", glb_of(json, binary));
    let read = gltf::read(&*source, &Cancel::new());
    let facts = gltf::facts(&*source, &Cancel::new());
    // Facts are less, so they may be sound where Gaussians are not.
    if let Ok(cloud) = &read {
        let facts = facts.expect("are there");
        assert_eq!(facts.count, cloud.len() as u64);
        assert_eq!(facts.sh_degree, cloud.sh_degree);
        assert_eq!(facts.notes, [""; 0]);
    }
    read
}

fn refusal(json: &Value, binary: &[u8]) -> String {
    read(json, binary).expect_err("is damaged").to_string()
}

/// Coefficient `index` of all Gaussians.
fn coefficients(cloud: &SplatCloud, index: usize) -> Vec<f32> {
    let rest = (0..cloud.len()).map(|k| cloud.rest_of(k)[index]);
    rest.flatten().collect()
}

/// As far apart as the filters may be: the step of what they store. `tests/data/meshopt/make.mjs` names
/// the filters.
#[test]
fn streams_of_meshopt_are_what_their_own_decoder_makes_of_them() {
    let plain = read_splat(data("meshopt/plain.glb"));
    assert_eq!((plain.len(), plain.sh_degree, plain.dropped), (277, 2, 0));
    for version in ["version_0.glb", "version_1.glb"] {
        let cloud = read_splat(data("meshopt").join(version));
        assert_eq!(cloud.positions, plain.positions, "{version}");
        assert_eq!(cloud.scales, plain.scales, "{version}");
        assert_eq!(cloud.opacities, plain.opacities, "{version}");
        assert_eq!(cloud.sh_dc, plain.sh_dc, "{version}");
        let rotations = cloud.rotations.as_flattened().iter();
        for (a, b) in rotations.zip(plain.rotations.as_flattened()) {
            assert!((a - b).abs() < 1.1 / 32767.0, "{version}: {a} and {b}");
        }
        let steps = [32767.0, 127.0, 255.0, 65535.0].map(|codes| 1.001 / codes);
        for index in 0..8 {
            let step = steps.get(index).copied().unwrap_or(0.0);
            let pairs = coefficients(&cloud, index);
            for (a, b) in pairs.into_iter().zip(coefficients(&plain, index)) {
                assert!((a - b).abs() <= step, "{version}, {index}: {a} and {b}");
            }
        }
    }
    let bytes = fs::read(data("meshopt/version_1.glb")).expect("is there");
    let (json, binary) = glb_parts(&bytes);
    assert!(read(&json, &binary).is_ok(), "it needs no note");
}

#[test]
fn damaged_streams_of_meshopt_are_told() {
    let bytes = fs::read(data("meshopt/version_1.glb")).expect("is there");
    let (json, binary) = glb_parts(&bytes);
    let packing = |json: &mut Value, key: &str, value: Value| {
        json["bufferViews"][0]["extensions"]["KHR_meshopt_compression"][key] = value;
    };
    for (key, value, part) in [
        ("mode", json!("TRIANGLES"), "no sound stream"),
        ("filter", json!("SECRET"), "no sound stream"),
        ("filter", json!("QUATERNION"), "no sound stream"),
        ("count", json!(276), "no sound stream"),
        ("byteStride", json!(6), "no sound stream"),
        ("byteStride", json!(u64::MAX), "no sound stream"),
        ("byteLength", json!(40), "no sound stream"),
        ("byteOffset", json!(4), "no sound stream"),
        ("byteLength", json!(1 << 30), "too short"),
        ("byteOffset", json!(u64::MAX), "too short"),
        ("buffer", json!(7), "no buffer 7"),
    ] {
        let mut damaged = json.clone();
        packing(&mut damaged, key, value.clone());
        let error = refusal(&damaged, &binary);
        assert!(error.contains(part), "{key} {value}: {error}");
    }
    // Every byte of the first stream, one after the other.
    let stream = &json["bufferViews"][0]["extensions"]["KHR_meshopt_compression"];
    let length = stream["byteLength"].as_u64().expect("a number") as usize;
    for at in 0..length {
        let mut damaged = binary.clone();
        damaged[at] ^= 0x55;
        if let Err(error) = read(&json, &damaged) {
            assert!(error.to_string().contains("no sound stream"), "{error}");
        }
    }
}

#[test]
fn what_meshopt_may_become_is_capped() {
    let bytes = fs::read(data("meshopt/version_1.glb")).expect("is there");
    let (mut json, binary) = glb_parts(&bytes);
    let mut claim = |count: u64| {
        let view = &mut json["bufferViews"][0];
        view["byteLength"] = json!(count * 12);
        view["extensions"]["KHR_meshopt_compression"]["count"] = json!(count);
        json["buffers"][1]["byteLength"] = json!(count * 12);
        read(&json, &binary).expect_err("is a bomb")
    };
    let error = claim(limits::MAX_GAUSSIANS);
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    let error = claim(limits::MAX_GAUSSIANS + 1);
    assert!(matches!(error, Error::Limit { .. }), "{error}");
}

/// A model of one primitive, whose Gaussians are `spz`; `extension` is where it says so.
fn model_of_spz(spz: &[u8], extensions: Value) -> Value {
    json!({
        "asset": { "version": "2.0" },
        "extensionsRequired": ["KHR_materials_unlit", EXTENSION, "KHR_gaussian_splatting_compression_spz_2"],
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0 }],
        "meshes": [{ "primitives": [{ "attributes": {}, "mode": 0, "extensions": extensions }] }],
        "bufferViews": [{ "buffer": 0, "byteOffset": 0, "byteLength": spz.len() }],
        "buffers": [{ "byteLength": spz.len() }],
    })
}

fn spz_of(cloud: &SplatCloud, version: SpzVersion) -> Vec<u8> {
    let mut bytes = Vec::new();
    spz::write(cloud, &mut bytes, version).expect("memory takes everything");
    bytes
}

#[test]
fn a_model_may_be_spz() {
    let mut cloud = small_cloud(40, 3);
    cloud.axes = Axes::RightUpBack;
    let here = json!({ "bufferView": 0 });
    for version in [SpzVersion::V3, SpzVersion::V4] {
        let bytes = spz_of(&cloud, version);
        let alone = spz::read(&*memory("a.spz", bytes.clone()), &Cancel::new()).expect("reads");
        for extensions in [
            json!({ EXTENSION: { "extensions": { "KHR_gaussian_splatting_compression_spz_2": here } } }),
            json!({ EXTENSION: { "extensions": { "KHR_gaussian_splatting_compression_spz": here } } }),
            json!({ "KHR_spz_gaussian_splats_compression": here }),
            json!({ EXTENSION: {}, "KHR_spz_compression": here }),
        ] {
            let model = model_of_spz(&bytes, extensions);
            let read = read(&model, &bytes).expect("reads");
            assert_eq!(
                (&read.positions, &read.scales, &read.opacities, &read.sh_dc),
                (
                    &alone.positions,
                    &alone.scales,
                    &alone.opacities,
                    &alone.sh_dc
                ),
            );
            assert_eq!(read.sh_rest, alone.sh_rest);
            let parts = read.rotations.as_flattened().iter();
            for (a, b) in parts.zip(alone.rotations.as_flattened()) {
                assert!((a - b).abs() < 1e-6, "{a} and {b}");
            }
        }
        // What says how it is drawn is no draft, and has other axes: half a turn about what is up.
        let whole = json!({
            EXTENSION: {
                "kernel": "ellipse",
                "colorSpace": "srgb_rec709_display",
                "extensions": { "KHR_gaussian_splatting_compression_spz_2": here },
            },
        });
        let mut model = model_of_spz(&bytes, whole);
        let turned = read(&model, &bytes).expect("reads");
        for (own, [x, y, z]) in turned.positions.iter().zip(&alone.positions) {
            assert_eq!(own, &[-x, *y, -z]);
        }
        // Turned back by its node.
        model["nodes"][0]["rotation"] = json!([0, 1, 0, 0]);
        let back = read(&model, &bytes).expect("reads");
        assert_eq!(back.positions, alone.positions);
        for index in 0..15 {
            let pairs = coefficients(&back, index).into_iter();
            for (a, b) in pairs.zip(coefficients(&alone, index)) {
                assert!((a - b).abs() < 1e-5, "{index}: {a} and {b}");
            }
        }
    }
}

/// Tiles of several SH degrees, moved by their nodes, beside Gaussians in accessors.
#[test]
fn spz_files_of_several_degrees_are_put_together() {
    let clouds = [(5, 0), (7, 2), (3, 1)].map(|(count, degree)| {
        let mut cloud = small_cloud(count, degree);
        cloud.axes = Axes::RightUpBack;
        cloud
    });
    let files = clouds.each_ref().map(|cloud| spz_of(cloud, SpzVersion::V3));
    let mut model = model_of_spz(&files[0], json!({}));
    for list in ["bufferViews", "meshes", "nodes"] {
        model[list] = json!([null, null, null]);
    }
    let mut binary = Vec::new();
    for (number, bytes) in files.iter().enumerate() {
        model["bufferViews"][number] =
            json!({ "buffer": 0, "byteOffset": binary.len(), "byteLength": bytes.len() });
        let extension = json!({ "KHR_spz_gaussian_splats_compression": { "bufferView": number } });
        model["meshes"][number] =
            json!({ "primitives": [{ "attributes": {}, "extensions": extension }] });
        model["nodes"][number] = json!({ "mesh": number, "translation": [10 * number, 0, 0] });
        binary.extend_from_slice(bytes);
    }
    model["scenes"][0]["nodes"] = json!([0, 1, 2]);
    model["buffers"][0]["byteLength"] = json!(binary.len());
    let all = read(&model, &binary).expect("reads");
    assert_eq!((all.len(), all.sh_degree, all.dropped), (15, 2, 0));
    let mut first = 0;
    for (number, bytes) in (0_u8..).zip(files) {
        let alone = spz::read(&*memory("a.spz", bytes), &Cancel::new()).expect("reads");
        for k in 0..alone.len() {
            let [x, y, z] = alone.positions[k];
            assert_eq!(
                all.positions[first + k],
                [x + 10.0 * f32::from(number), y, z]
            );
            let own = all.rest_of(first + k);
            let (same, added) = own.split_at(alone.rest_of(k).len());
            assert_eq!(same, alone.rest_of(k));
            assert!(added.iter().all(|coefficient| *coefficient == [0.0; 3]));
        }
        first += alone.len();
    }
}

#[test]
fn what_is_wrong_with_an_spz_file_inside_is_told() {
    let mut cloud = small_cloud(4, 0);
    cloud.axes = Axes::RightUpBack;
    let bytes = spz_of(&cloud, SpzVersion::V3);
    let spz = |view: usize| json!({ "KHR_spz_compression": { "bufferView": view } });
    let error = refusal(&model_of_spz(&bytes, spz(3)), &bytes);
    assert!(error.contains("no buffer view 3"), "{error}");
    let mut model = model_of_spz(&bytes, spz(0));
    let error = refusal(&model, &vec![7; bytes.len()]);
    assert!(error.contains("SPZ"), "{error}");
    model["bufferViews"][0]["byteOffset"] = json!(1);
    let error = refusal(&model, &bytes);
    assert!(error.contains("too short for buffer view 0"), "{error}");
    model["bufferViews"][0]["byteOffset"] = json!(u64::MAX);
    let error = refusal(&model, &bytes);
    assert!(error.contains("too short for buffer view 0"), "{error}");
    // Cut in the middle.
    model = model_of_spz(&bytes, spz(0));
    model["bufferViews"][0]["byteLength"] = json!(bytes.len() / 2);
    assert!(read(&model, &bytes).is_err());
}

/// The first drafts: names with a line before them, and colours that are not linear.
#[test]
fn drafts_have_names_of_their_own() {
    let floats = [
        [1.0_f32, 2.0, 3.0, -1.0, -2.0, -3.0].as_slice(),
        &[0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
        &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        &[0.25, 0.5, 0.75, 0.5, 1.0, 0.0, 0.5, 1.0],
    ];
    let (mut binary, mut views, mut accessors) = (Vec::new(), Vec::new(), Vec::new());
    for (number, numbers) in floats.into_iter().enumerate() {
        let kind = ["VEC3", "VEC4"][numbers.len() / 2 - 3];
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        views.push(json!({ "buffer": 0, "byteOffset": binary.len(), "byteLength": bytes.len() }));
        accessors
            .push(json!({ "bufferView": number, "componentType": 5126, "count": 2, "type": kind }));
        binary.extend(bytes);
    }
    let attributes = json!({ "POSITION": 0, "_ROTATION": 1, "_SCALE": 2, "COLOR_0": 3 });
    let primitive = json!({ "attributes": attributes, "extensions": { EXTENSION: {} } });
    let cloud = read(
        &json!({
            "nodes": [{ "mesh": 0 }],
            "meshes": [{ "primitives": [primitive] }],
            "accessors": accessors,
            "bufferViews": views,
            "buffers": [{ "byteLength": binary.len() }],
        }),
        &binary,
    );
    let cloud = cloud.expect("reads");
    assert_eq!(cloud.positions, [[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]]);
    assert_eq!(
        cloud.rotations,
        [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]
    );
    assert_eq!(cloud.scales, [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]);
    assert_eq!(cloud.opacities, [0.5, 1.0]);
    for (dc, wanted) in cloud.sh_dc.iter().zip([[0.25, 0.5, 0.75], [1.0, 0.0, 0.5]]) {
        for (dc, wanted) in dc.iter().zip(wanted) {
            assert!((0.5 + 0.282_094_8 * dc - wanted).abs() < 1e-6);
        }
    }
}
