//! glTF: the conformance matrix of `KHR_gaussian_splatting`, nodes, buffers of every kind, damage, and
//! what is written.

mod common;

use std::fs;

use common::{Tolerance, assert_within, data, glb_of, glb_parts, in_order_of, memory};
use common::{random_cloud, read_splat, shared_data, small_cloud};
use serde_json::{Value, json};
use zoetrope_codecs::source::MemorySource;
use zoetrope_codecs::splat::{Axes, SplatFormat, facts, gltf, synthetic};
use zoetrope_codecs::{Cancel, GroupPayload, Input, Result, SplatCloud, open};

const EXTENSION: &str = "KHR_gaussian_splatting";
const SH_C0: f32 = 0.282_094_8;

fn read(bytes: Vec<u8>) -> Result<SplatCloud> {
    gltf::read(&*memory("a.gltf", bytes), &Cancel::new())
}

fn notes(bytes: Vec<u8>) -> Vec<String> {
    let facts = gltf::facts(&*memory("a.gltf", bytes), &Cancel::new());
    facts.expect("reads").notes
}

fn glb(cloud: &SplatCloud) -> Vec<u8> {
    let mut bytes = Vec::new();
    gltf::write(cloud, &mut bytes).expect("memory takes everything");
    bytes
}

fn near(a: &[f32], b: &[f32], most: f32) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= most, "{a} and {b}");
    }
}

/// sRGB's transfer function.
fn encode(linear: f32) -> f32 {
    1.055 * linear.powf(1.0 / 2.4) - 0.055
}

/// Each node is one Gaussian, and is named after what is special about it.
#[test]
fn the_conformance_matrix_is_as_its_names_say() {
    let cloud = read_splat(data("khr_gltf/khr_conformance_matrix.glb"));
    assert_eq!(
        cloud,
        read_splat(data("khr_gltf/khr_conformance_matrix.gltf"))
    );
    let bytes = fs::read(data("khr_gltf/khr_conformance_matrix.glb")).expect("is there");
    let (json, _) = glb_parts(&bytes);
    let nodes = json["nodes"].as_array().expect("are some").iter();
    let names: Vec<&str> = nodes
        .filter(|node| node["mesh"].is_u64())
        .map(|node| node["name"].as_str().expect("has one"))
        .collect();
    assert_eq!((names.len(), cloud.len(), cloud.dropped), (15, 15, 0));
    assert_eq!((cloud.sh_degree, cloud.axes), (3, Axes::RightUpBack));
    for (k, name) in names.into_iter().enumerate() {
        assert_eq!(cloud.positions[k], [1.0, 2.0, 3.0], "{name}");
        // Half a turn about x, in floats, bytes and shorts.
        assert_eq!(cloud.rotations[k], [0.0, 1.0, 0.0, 0.0], "{name}");
        // Logarithms: this matrix is of a draft of the extension.
        let scale: [f32; 3] = match name {
            "scale_f32" => [0.2, -0.1, 0.7],
            "scale_i8" => [1.0, -2.0, 3.0],
            "scale_i16" => [2.0, -3.0, 4.0],
            "scale_i8_norm" | "scale_i16_norm" => [1.0, 0.0, -1.0],
            _ => [0.0, 0.5, -0.5],
        };
        near(&cloud.scales[k], &scale.map(f32::exp), 1e-4);
        let opacity = match name {
            "opacity_f32" => 0.75,
            "opacity_u8_norm" => 64.0 / 255.0,
            "opacity_u16_norm" => 16384.0 / 65535.0,
            _ => 0.25,
        };
        assert_eq!(cloud.opacities[k], opacity, "{name}");
        let colour = [0.1, 0.2, 0.3].map(|value| 0.5 + SH_C0 * value);
        let shown = cloud.sh_dc[k].map(|value| 0.5 + SH_C0 * value);
        if name == "scale_f32" {
            // The only one whose colours are sRGB.
            near(&shown, &colour, 1e-6);
        } else {
            near(&shown, &colour.map(encode), 1e-5);
        }
        let degree = name
            .strip_prefix("sh_degree")
            .map_or(0, |degree| degree.parse::<usize>().expect("is a number"));
        let slope = colour.map(|value| (encode(value + 1e-3) - encode(value - 1e-3)) / 2e-3);
        for (index, coefficient) in (1_u8..).zip(cloud.rest_of(k)) {
            let is_there = usize::from(index) < (degree + 1) * (degree + 1);
            let stored = [0.1, 0.2, 0.3].map(|value| value + f32::from(index));
            let wanted: [f32; 3] = std::array::from_fn(|channel| {
                if is_there {
                    stored[channel] * slope[channel]
                } else {
                    0.0
                }
            });
            near(coefficient, &wanted, 0.01);
        }
    }
    let notes = notes(bytes);
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].contains("linear") && notes[1].contains("logarithms"));
}

/// A kernel and a colour space that nobody knows: an ellipse with the colour that is there for that.
#[test]
fn what_is_not_known_falls_back() {
    let path = data("khr_gltf/khr_extensible_fallback.gltf");
    let cloud = read_splat(path.clone());
    assert_eq!((cloud.len(), cloud.sh_degree), (1, 0));
    assert_eq!(cloud.positions, [[1.0, 2.0, 3.0]]);
    // Logarithms too: as lengths, zeros would be nothing at all.
    assert_eq!((cloud.scales[0], cloud.opacities[0]), ([1.0; 3], 0.5));
    // COLOR_0 is linear.
    let shown = cloud.sh_dc[0].map(|value| 0.5 + SH_C0 * value);
    near(&shown, &[0.282_095, 0.564_19, 0.846_285].map(encode), 1e-4);
    let notes = notes(fs::read(path).expect("is there"));
    assert!(
        notes[0].contains("kernel \"customShape\" is not known"),
        "{notes:?}"
    );
    assert!(
        notes[1].contains("colour space \"custom_space_display\""),
        "{notes:?}"
    );
}

#[test]
fn what_is_written_is_read_back() {
    for (seed, reach) in [1e-6, 1.0, 3e17].into_iter().enumerate() {
        for degree in 0..=3 {
            let scales = [-80.0, 11.0];
            let mut cloud = random_cloud(seed as u64, 400, degree, reach, scales, [1e6, 1e6]);
            cloud.axes = Axes::RightUpBack;
            cloud.antialiased = degree == 2;
            let bytes = glb(&cloud);
            let again = read(bytes.clone()).expect("was just written");
            let exact = Tolerance {
                position: 0.0,
                rotation: 1e-6,
                log_scale: 0.0,
                opacity: 0.0,
                sh_dc: 0.0,
                sh_rest: 0.0,
            };
            assert_within(&again, &cloud, &exact);
            assert_eq!(bytes.len() % 4, 0);
            let facts = facts(&memory("a", bytes), &Cancel::new()).expect("reads");
            assert_eq!(facts.format, SplatFormat::Gltf);
            assert_eq!(facts.version.as_deref(), Some("2.0 (GLB)"));
            assert_eq!(
                (facts.count, facts.sh_degree, facts.notes.len()),
                (400, degree, 0)
            );
            let bounds = facts.bounds.expect("are told");
            let (low, high) = (bounds.min, bounds.max);
            for position in &cloud.positions {
                assert!((0..3).all(|n| low[n] <= position[n] && position[n] <= high[n]));
            }
        }
    }
    let error = gltf::write(&SplatCloud::default(), &mut Vec::new()).expect_err("is empty");
    assert!(error.to_string().contains("at least one"), "{error}");
}

/// The model of another tool, which turns it by half about z.
#[test]
fn playbot_is_as_its_ply() {
    let Some(path) = shared_data("converted/playbot4.glb") else {
        return;
    };
    let glb = read_splat(path);
    let ply = read_splat(shared_data("converted/playbot4.ply").expect("beside it"));
    let (mut json, binary) = glb_parts(
        &fs::read(shared_data("converted/playbot4.glb").expect("is there")).expect("reads"),
    );
    json["nodes"][0]["rotation"] = json!([0, 0, 1, 0]);
    let mut turned = read(glb_of(&json, &binary)).expect("reads");
    turned.axes = ply.axes;
    let tolerance = Tolerance {
        position: 1e-6,
        rotation: 1e-5,
        log_scale: 1e-4,
        opacity: 1e-6,
        sh_dc: 0.0,
        sh_rest: 1e-5,
    };
    assert_within(&in_order_of(&ply, &turned), &ply, &tolerance);
    assert_eq!((glb.len(), glb.sh_degree, glb.dropped), (8406, 2, 0));
}

/// Two nodes show one mesh, one of them below a parent; another has a matrix.
#[test]
fn nodes_place_their_meshes() {
    let cloud = {
        let mut cloud = small_cloud(5, 3);
        cloud.axes = Axes::RightUpBack;
        cloud
    };
    let (mut json, binary) = glb_parts(&glb(&cloud));
    json["nodes"] = json!([
        { "mesh": 0, "translation": [1, 2, 3] },
        { "children": [2], "rotation": [0.0, 0.0, 1.0, 0.0], "scale": [2, 2, 2] },
        { "mesh": 0, "rotation": [0.0, 0.0, 1.0, 0.0] },
        { "mesh": 0, "matrix": [1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1] },
        { "mesh": 0 },
    ]);
    json["scenes"] = json!([{ "nodes": [] }, { "nodes": [0, 1, 3] }]);
    json["scene"] = json!(1);
    let bytes = glb_of(&json, &binary);
    let all = read(bytes.clone()).expect("reads");
    assert_eq!(all.len(), 15);
    assert!(notes(bytes).is_empty());
    let other = cloud.clone().with_axes(Axes::RightDownFront);
    for k in 0..5 {
        let position = cloud.positions[k];
        near(
            &all.positions[k],
            &[position[0] + 1.0, position[1] + 2.0, position[2] + 3.0],
            1e-6,
        );
        assert_eq!(all.rest_of(k), cloud.rest_of(k));
        // Two half turns, and twice the size.
        near(
            &all.positions[5 + k],
            &position.map(|value| 2.0 * value),
            1e-5,
        );
        near(
            &all.scales[5 + k],
            &cloud.scales[k].map(|value| 2.0 * value),
            1e-6,
        );
        near(
            all.rest_of(5 + k).as_flattened(),
            cloud.rest_of(k).as_flattened(),
            1e-5,
        );
        // Half a turn about x.
        near(&all.positions[10 + k], &other.positions[k], 1e-6);
        near(
            all.rest_of(10 + k).as_flattened(),
            other.rest_of(k).as_flattened(),
            1e-5,
        );
    }
    // Without scenes, what is nobody's child is shown.
    json["scenes"] = json!([]);
    assert_eq!(read(glb_of(&json, &binary)).expect("reads").len(), 20);
    json["nodes"][0]["scale"] = json!([1, 2, 1]);
    assert!(notes(glb_of(&json, &binary))[0].contains("stretches"));
    json["nodes"][0]["translation"] = json!([1e300, 0, 0]);
    assert_eq!(read(glb_of(&json, &binary)).expect("reads").dropped, 5);
    (json["scenes"], json["scene"]) = (json!([{ "nodes": [1] }]), json!(0));
    json["nodes"][2]["children"] = json!([1]);
    let error = read(glb_of(&json, &binary)).expect_err("never ends");
    assert!(
        error.to_string().contains("two places of its tree"),
        "{error}"
    );
}

/// One small model: interleaved, normalised, sparse, in base64.
#[test]
fn accessors_of_every_kind() {
    let bytes = include_bytes!("../fuzz/corpus/gltf/nodes.gltf");
    let mut json: Value = serde_json::from_slice(bytes).expect("is JSON");
    json["scenes"] = json!([{ "nodes": [1] }]);
    json["nodes"] = json!([{}, { "mesh": 0 }]);
    json["meshes"][0]["primitives"][0]["extensions"][EXTENSION]["colorSpace"] =
        json!("srgb_rec709_display");
    let cloud = read(json.to_string().into_bytes()).expect("reads");
    for k in 0..4 {
        let t = k as f32;
        assert_eq!(cloud.positions[k], [t, 0.5 * t, -t]);
        assert_eq!(cloud.rotations[k], [1.0, 0.0, 0.0, 0.0]);
        near(
            &cloud.scales[k],
            &[20.0, 40.0, 60.0].map(|code| code / 255.0),
            1e-6,
        );
        assert_eq!(cloud.opacities[k], 200.0 / 255.0);
    }
    assert_eq!(cloud.sh_dc[1], [0.5, 0.25, 0.125]);
    assert_eq!(cloud.sh_dc[3], [1.0, 2.0, 3.0]);
    assert!(
        cloud.sh_dc[0]
            .iter()
            .all(|value| value.abs() < 1.0 && *value != 0.5)
    );
}

/// A .gltf whose numbers lie in a file beside it, picked alone or with its folder.
#[test]
fn buffers_in_other_files() {
    let mut cloud = small_cloud(6, 1);
    cloud.axes = Axes::RightUpBack;
    let (mut json, binary) = glb_parts(&glb(&cloud));
    json["buffers"][0]["uri"] = json!("./the%20numbers.bin");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = folder.path().join("model.gltf");
    fs::write(&model, json.to_string()).expect("writes");
    let message = |result: Result<Box<dyn zoetrope_codecs::Demuxer>>| {
        result.err().expect("is not whole").to_string()
    };
    let opened =
        |path: &std::path::Path| open(Input::from_path(path).expect("is there"), &Cancel::new());
    let first =
        opened(&model).and_then(|mut clip| clip.read_group(0, &Cancel::new()).map(|_| clip));
    assert!(message(first).contains("\"the numbers.bin\", which is not beside it"));
    fs::write(folder.path().join("the numbers.bin"), &binary).expect("writes");
    for path in [model.as_path(), folder.path()] {
        let mut clip = opened(path).expect("is a clip");
        assert_eq!(clip.info().frame_count, 1);
        let packets = clip.read_group(0, &Cancel::new()).expect("reads");
        let GroupPayload::SplatFile { cloud: read, .. } = packets.payload else {
            panic!("is a splat file");
        };
        assert_eq!(read.positions, cloud.positions);
    }
    // Nothing outside of its folder is read.
    json["buffers"][0]["uri"] = json!("../secret.bin");
    fs::create_dir(folder.path().join("inner")).expect("creates");
    fs::write(folder.path().join("secret.bin"), &binary).expect("writes");
    let inner = folder.path().join("inner/model.gltf");
    fs::write(&inner, json.to_string()).expect("writes");
    let escaped =
        opened(&inner).and_then(|mut clip| clip.read_group(0, &Cancel::new()).map(|_| clip));
    assert!(message(escaped).contains("not beside it"));
}

#[test]
fn what_is_wrong_is_said() {
    let (json, binary) = glb_parts(&glb(&small_cloud(3, 1)));
    let reason = |change: &dyn Fn(&mut Value)| {
        let mut json = json.clone();
        change(&mut json);
        let error = read(glb_of(&json, &binary))
            .expect_err("is wrong")
            .to_string();
        assert!(error.starts_with("a.gltf "), "{error}");
        error
    };
    let primitive = |json: &mut Value| json["meshes"][0]["primitives"][0].take();
    let with = |json: &mut Value, value: Value| json["meshes"][0]["primitives"][0] = value;
    let attribute = |json: &mut Value, name: &str, value: Value| {
        let name = name.replace("KHR:", "KHR_gaussian_splatting:");
        json["meshes"][0]["primitives"][0]["attributes"][name] = value;
    };
    let plain = reason(&|json| {
        let mut value = primitive(json);
        value["extensions"] = json!({});
        with(json, value);
    });
    assert!(plain.contains("glTF model without Gaussians"));
    let packed = reason(&|json| {
        let mut value = primitive(json);
        value["extensions"][EXTENSION]["extensions"] =
            json!({ "KHR_gaussian_splatting_compression_secret": {} });
        with(json, value);
    });
    assert!(packed.contains("packed by KHR_gaussian_splatting_compression_secret"));
    assert!(reason(&|json| attribute(json, "KHR:SCALE", json!(99))).contains("no accessor 99"));
    assert!(reason(&|json| attribute(json, "KHR:SCALE", json!(2))).contains("not 3 VEC3"));
    assert!(reason(&|json| json["accessors"][0]["componentType"] = json!(5130)).contains("5130"));
    assert!(reason(&|json| json["accessors"][3]["count"] = json!(4)).contains("not 3 VEC3"));
    assert!(reason(&|json| json["bufferViews"][0]["byteLength"] = json!(35)).contains("too short"));
    assert!(reason(&|json| json["bufferViews"][0]["byteStride"] = json!(4)).contains("too short"));
    assert!(reason(&|json| json["buffers"][0]["byteLength"] = json!(1e9 as u64)).contains("copy"));
    assert!(reason(&|json| json["nodes"][0]["mesh"] = json!(5)).contains("no mesh 5"));
    assert!(reason(&|json| json["nodes"][0]["children"] = json!([7])).contains("no node 7"));
    let cut = reason(&|json| json["buffers"][0]["uri"] = json!("data:;base64,A"));
    assert!(cut.contains("no whole base64"));
    // A coefficient that is missing costs its degree, no more.
    let mut partial = json.clone();
    let attributes = &mut partial["meshes"][0]["primitives"][0]["attributes"];
    attributes
        .as_object_mut()
        .expect("is one")
        .remove("KHR_gaussian_splatting:SH_DEGREE_1_COEF_1");
    let bytes = glb_of(&partial, &binary);
    assert_eq!(read(bytes.clone()).expect("reads").sh_degree, 0);
    assert!(notes(bytes)[0].contains("in part only"));
    let bytes = glb_of(&json, &binary);
    for end in 0..bytes.len() {
        read(bytes[..end].to_vec()).expect_err("is cut");
    }
}

/// Any input that says it is glTF is looked at by content, never by name.
#[test]
fn it_is_told_by_its_content() {
    let text = include_bytes!("../fuzz/corpus/gltf/nodes.gltf").to_vec();
    for bytes in [text.clone(), [b"\xef\xbb\xbf".to_vec(), text].concat()] {
        let input = Input::File(Box::new(MemorySource::new("a.txt", bytes)));
        let clip = open(input, &Cancel::new()).expect("is a clip");
        assert_eq!(clip.info().codec, "glTF");
        assert_eq!(clip.info().sh_degree, 1);
    }
}

#[test]
fn large_models_are_read_piece_by_piece() {
    // More than are read at once, and no whole number of that.
    let cloud = synthetic::surface(140_003, 1, 5);
    let read = read(glb(&cloud)).expect("reads");
    assert_eq!(read.len(), cloud.len());
    for at in [0, 131_071, 131_072, 140_002] {
        assert_eq!(read.sh_dc[at], cloud.sh_dc[at]);
        assert_eq!(read.rest_of(at), cloud.rest_of(at));
        assert_eq!(read.opacities[at], cloud.opacities[at]);
    }
}
