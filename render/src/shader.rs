//! Shaders: their sources, the pieces they import, and the constants that they share with Rust.

use std::fmt::Write;

use zoetrope_codecs::PlaneLayout;

use crate::splat::constants::*;

macro_rules! sources {
    ($($name:literal),* $(,)?) => {
        /// Every WGSL file by its path without the suffix.
        const SOURCES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../shaders/", $name, ".wgsl")))),*
        ];
    };
}

sources!(
    "flat/fit_fragment",
    "neural/ceiling",
    "neural/lanes",
    "neural/naive",
    "neural/tile",
    "shared/dispatch",
    "shared/draw_fragment_input",
    "shared/draw_parameters",
    "shared/fit_parameters",
    "shared/neural_activation",
    "shared/neural_features",
    "shared/neural_layer",
    "shared/neural_picture",
    "shared/neural_scalars",
    "shared/parameters",
    "shared/projection",
    "shared/record",
    "shared/sort",
    "shared/workgroup_scan",
    "splat/draw_fragment",
    "splat/draw_vertex",
    "splat/project_cloud",
    "splat/project_planes",
    "splat/resolve_fragment",
    "splat/resolve_vertex",
    "splat/sort_bases",
    "splat/sort_histogram",
    "splat/sort_scan",
    "splat/sort_scatter",
);

/// The shader called `name` ("splat/sort_scan") with all that it imports, ready to compile. Its
/// entry point has the last part of the name.
pub fn compose(name: &str) -> String {
    let mut composed = prelude();
    append(&mut composed, &mut Vec::new(), name);
    composed
}

/// Sources one after the other with all that they import, each piece once.
pub fn pieces(names: &[&str]) -> String {
    let (mut composed, mut seen) = (String::new(), Vec::new());
    for name in names {
        append(&mut composed, &mut seen, name);
    }
    composed
}

/// A module of the shader called `name`.
pub fn module(device: &wgpu::Device, name: &'static str) -> wgpu::ShaderModule {
    device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(name),
        source: wgpu::ShaderSource::Wgsl(compose(name).into()),
    })
}

/// The pipeline of a compute shader.
pub fn compute_pipeline(device: &wgpu::Device, name: &'static str) -> wgpu::ComputePipeline {
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: None,
        module: &module(device, name),
        entry_point: Some(entry_point(name)),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    })
}

/// The pipeline of a vertex and a fragment shader that draws into one texture.
pub fn render_pipeline(
    device: &wgpu::Device,
    [vertex, fragment]: [&'static str; 2],
    topology: wgpu::PrimitiveTopology,
    target: wgpu::ColorTargetState,
) -> wgpu::RenderPipeline {
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(vertex),
        layout: None,
        vertex: wgpu::VertexState {
            module: &module(device, vertex),
            entry_point: Some(entry_point(vertex)),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState {
            topology,
            ..Default::default()
        },
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module(device, fragment),
            entry_point: Some(entry_point(fragment)),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(target)],
        }),
        multiview_mask: None,
        cache: None,
    })
}

/// The pipeline of a fragment shader that makes every pixel of a picture.
pub fn whole_picture(device: &wgpu::Device, fragment: &'static str) -> wgpu::RenderPipeline {
    render_pipeline(
        device,
        ["splat/resolve_vertex", fragment],
        wgpu::PrimitiveTopology::TriangleList,
        wgpu::TextureFormat::Rgba8Unorm.into(),
    )
}

/// The last part of a shader's name, which is its entry point's.
pub fn entry_point(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Appends a source, `#import` lines replaced by what they name; each piece at most once.
fn append(composed: &mut String, seen: &mut Vec<&'static str>, name: &str) {
    let Some((name, source)) = SOURCES.iter().find(|(known, _)| *known == name) else {
        // The compiler's message then names what is missing.
        let _ = writeln!(composed, "#import {name}");
        return;
    };
    if seen.contains(name) {
        return;
    }
    seen.push(name);
    for line in source.lines() {
        match line.strip_prefix("#import ") {
            Some(import) => append(composed, seen, import.trim()),
            None => {
                composed.push_str(line);
                composed.push('\n');
            }
        }
    }
}

/// The constants of [`crate::splat::constants`] as WGSL.
fn prelude() -> String {
    let integers = [
        ("DC_LAYER", PlaneLayout::DC_LAYER as u32),
        ("ENCODING_ACTIVATED", ENCODING_ACTIVATED),
        ("ENCODING_RAW", ENCODING_RAW),
        ("KEY_CULLED", KEY_CULLED),
        ("RANGE_PAIRS", RANGE_PAIRS as u32),
        ("REST_LAYER", PlaneLayout::REST_LAYER as u32),
        ("SORT_BLOCK", SORT_BLOCK),
        ("SORT_DIGITS", 1 << SORT_DIGIT_BITS),
        ("SORT_ROUNDS", SORT_BLOCK / WORKGROUP_SIZE),
        ("WORKGROUP_SIZE", WORKGROUP_SIZE),
    ];
    let floats = [
        ("ALPHA_MAX", ALPHA_MAX),
        ("ALPHA_MIN", ALPHA_MIN),
        ("SCALE_LOG_MAX", SCALE_LOG_MAX),
        ("SCALE_LOG_MIN", SCALE_LOG_MIN),
        ("SH_C0", SH_C0),
        ("SH_C1", SH_C1),
        ("SH_C2_0", SH_C2[0]),
        ("SH_C2_1", SH_C2[1]),
        ("SH_C2_2", SH_C2[2]),
        ("SH_C3_0", SH_C3[0]),
        ("SH_C3_1", SH_C3[1]),
        ("SH_C3_2", SH_C3[2]),
        ("SH_C3_3", SH_C3[3]),
        ("SH_C3_4", SH_C3[4]),
        ("SIGMA_MAX_PX", SIGMA_MAX_PX),
    ];
    let mut prelude = String::new();
    for (name, value) in integers {
        let _ = writeln!(prelude, "const {name}: u32 = {value}u;");
    }
    for (name, value) in floats {
        let _ = writeln!(prelude, "const {name}: f32 = {value:?}f;");
    }
    prelude
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use naga::valid::{
        Capabilities, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator,
    };

    use super::*;
    use crate::flat::FitParameters;
    use crate::neural::layouts::{CeilingParameters, LayerParameters};
    use crate::splat::layouts::{DrawParameters, SortParameters, SortState};
    use crate::splat::{ProjectParameters, SplatRecord};

    fn parse_source(name: &str, source: &str) -> naga::Module {
        naga::front::wgsl::parse_str(source)
            .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(source)))
    }

    /// Shaders whole in their file; those of neural video are made for each layer.
    fn is_whole(name: &str) -> bool {
        !name.starts_with("neural/")
    }

    /// Shaders by name, with their text: all files, those of neural video in each of their forms.
    fn texts() -> Vec<(&'static str, String)> {
        let whole = entry_shaders().filter(|name| is_whole(name));
        let whole = whole.map(|name| (name, compose(name)));
        whole.chain(crate::neural::sources_for_tests()).collect()
    }

    fn entry_shaders() -> impl Iterator<Item = &'static str> {
        let names = SOURCES.iter().map(|(name, _)| *name);
        names.filter(|name| !name.starts_with("shared/"))
    }

    #[test]
    fn every_file_is_known_and_known_files_exist() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
        let mut files = BTreeSet::new();
        for folder in std::fs::read_dir(&root).expect("shaders/ exists") {
            let folder = folder.expect("readable").path();
            for file in std::fs::read_dir(&folder).expect("only folders in shaders/") {
                let file = file.expect("readable").path();
                let relative = file.strip_prefix(&root).expect("inside").with_extension("");
                files.insert(relative.to_string_lossy().replace('\\', "/"));
            }
        }
        let known: BTreeSet<String> = SOURCES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(files, known);
    }

    #[test]
    fn every_shader_is_valid_and_has_its_one_entry_point() {
        let texts = texts();
        let named: BTreeSet<&str> = texts.iter().map(|(name, _)| *name).collect();
        assert_eq!(named, entry_shaders().collect());
        for (name, text) in &texts {
            let module = parse_source(name, text);
            let points: Vec<&str> = module
                .entry_points
                .iter()
                .map(|point| point.name.as_str())
                .collect();
            assert_eq!(points, [entry_point(name)], "{name}");
            let mut capabilities = Capabilities::SHADER_FLOAT16_IN_FLOAT32;
            capabilities.set(
                Capabilities::SHADER_FLOAT16,
                text.starts_with("enable f16;"),
            );
            let lanes = text.contains("subgroupBroadcast");
            capabilities.set(Capabilities::SUBGROUP, lanes);
            Validator::new(ValidationFlags::all(), capabilities)
                .subgroup_stages(ShaderStages::COMPUTE)
                .subgroup_operations(SubgroupOperationSet::BASIC | SubgroupOperationSet::BALLOT)
                .validate(&module)
                .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(text)));
        }
        for (name, source) in SOURCES
            .iter()
            .filter(|(name, _)| name.starts_with("shared/"))
        {
            let stages = ["@compute", "@vertex", "@fragment"];
            assert!(!stages.iter().any(|stage| source.contains(stage)), "{name}");
        }
    }

    #[test]
    fn every_shared_piece_is_imported_and_every_import_exists() {
        let mut imported = BTreeSet::new();
        for (name, source) in SOURCES {
            for import in source
                .lines()
                .filter_map(|line| line.strip_prefix("#import "))
            {
                let known = SOURCES.iter().any(|(known, _)| *known == import);
                assert!(known && import.starts_with("shared/"), "{name}: {import}");
                imported.insert(import);
            }
        }
        // One of these is put in front of each layer's kernel.
        imported.extend([
            "shared/neural_features",
            "shared/neural_picture",
            "shared/neural_scalars",
        ]);
        for (name, _) in SOURCES
            .iter()
            .filter(|(name, _)| name.starts_with("shared/"))
        {
            assert!(imported.contains(name), "{name} is never used");
        }
    }

    /// Offset and size of each field, and the size of the whole under the empty name.
    type Layout = BTreeMap<String, (usize, usize)>;

    macro_rules! layout {
        ($type:ident { $($field:ident),* $(,)? }) => {{
            let value: $type = bytemuck::Zeroable::zeroed();
            // All fields must be named here.
            let $type { $($field: _),* } = value;
            let layout: Layout = [
                $((
                    stringify!($field).to_owned(),
                    (std::mem::offset_of!($type, $field), size_of_val(&value.$field)),
                ),)*
                (String::new(), (0, size_of::<$type>())),
            ]
            .into();
            (stringify!($type), layout)
        }};
    }

    #[test]
    fn structs_have_the_same_layout_in_rust_and_wgsl() {
        let twins: BTreeMap<&str, Layout> = [
            layout!(CeilingParameters {
                rounds,
                factor,
                addend,
                padding
            }),
            layout!(LayerParameters {
                input_stride,
                input_plane,
                input_row,
                input_row_last,
                output_stride,
                output_plane,
                output_row,
                output_column,
                width,
                height,
                first_row,
                rows,
                padding_0,
                padding_1,
                padding_2,
                padding_3,
            }),
            layout!(FitParameters {
                background,
                origin_px,
                size_px,
                part_origin,
                part_size,
                taps,
                padding
            }),
            layout!(DrawParameters {
                background,
                viewport_px,
                padding
            }),
            layout!(ProjectParameters {
                view_from_world,
                camera_position,
                near,
                viewport_px,
                tangent_limit,
                focal_px,
                low_pass_px2,
                key_scale,
                key_near_bits,
                key_max,
                count,
                side,
                sh_degree,
                rest_stored,
                keep_integral,
                encoding,
                padding,
                ranges,
            }),
            layout!(SortParameters {
                count,
                blocks,
                shift,
                first_pass,
                last_pass
            }),
            layout!(SortState {
                visible,
                vertex_count,
                instance_count,
                first_vertex,
                first_instance,
            }),
            layout!(SplatRecord {
                centre_px,
                major_px,
                minor_px_opacity,
                colour
            }),
        ]
        .into();
        let mut compared = BTreeSet::new();
        for (name, text) in texts() {
            let module = parse_source(name, &text);
            for (_, variable) in module.global_variables.iter() {
                let buffer = matches!(
                    variable.space,
                    naga::AddressSpace::Uniform | naga::AddressSpace::Storage { .. }
                );
                let mut inner = &module.types[variable.ty];
                if let naga::TypeInner::Array { base, .. } = inner.inner {
                    inner = &module.types[base];
                }
                let naga::TypeInner::Struct { members, span } = &inner.inner else {
                    continue;
                };
                if !buffer {
                    continue;
                }
                let struct_name = inner.name.as_deref().expect("structs have names");
                let mut layout: Layout = members
                    .iter()
                    .map(|member| {
                        let size = module.types[member.ty].inner.size(module.to_ctx());
                        let field = member.name.clone().expect("fields have names");
                        (field, (member.offset as usize, size as usize))
                    })
                    .collect();
                layout.insert(String::new(), (0, *span as usize));
                assert_eq!(
                    Some(&layout),
                    twins.get(struct_name),
                    "{name}: {struct_name}"
                );
                compared.insert(struct_name.to_owned());
            }
        }
        assert_eq!(compared.len(), twins.len(), "{compared:?}");
    }
}
