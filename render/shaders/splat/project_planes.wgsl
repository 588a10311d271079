// Projects the Gaussians of Gaussian video, straight from its planes: one 8-bit layer each,
// Gaussian k at row k / side, column k % side (`PlaneLayout` in codecs).

#import shared/dispatch
#import shared/parameters
#import shared/projection

@group(0) @binding(0) var<uniform> parameters: ProjectParameters;
@group(0) @binding(1) var planes: texture_2d_array<f32>;
@group(0) @binding(2) var<storage, read_write> keys: array<u32>;
@group(0) @binding(3) var<storage, read_write> records: array<SplatRecord>;

// The code of a sample, 0 to 255.
fn code(k: u32, layer: u32) -> f32 {
    let at = vec2<u32>(k % parameters.side, k / parameters.side);
    return round(255.0 * textureLoad(planes, at, layer, 0).x);
}

fn dequantise(index: u32, code: f32) -> f32 {
    let pair = parameters.ranges[index / 2u];
    let range = select(pair.xy, pair.zw, index % 2u == 1u);
    return range.x + code * range.y;
}

fn byte(k: u32, layer: u32) -> f32 {
    return dequantise(layer - 3u, code(k, layer));
}

fn three_bytes(k: u32, layer: u32, step: u32) -> vec3<f32> {
    return vec3<f32>(byte(k, layer), byte(k, layer + step), byte(k, layer + 2u * step));
}

fn opacity_layer() -> u32 {
    return REST_LAYER + 3u * parameters.rest_stored;
}

fn load_position(k: u32) -> vec3<f32> {
    return vec3<f32>(
        dequantise(0u, code(k, 0u) + 256.0 * code(k, 1u)),
        dequantise(1u, code(k, 2u) + 256.0 * code(k, 3u)),
        dequantise(2u, code(k, 4u) + 256.0 * code(k, 5u)),
    );
}

fn load_opacity(k: u32) -> f32 {
    let value = byte(k, opacity_layer());
    if parameters.encoding == ENCODING_RAW {
        return 1.0 / (1.0 + exp(-value));
    }
    return clamp(value, 0.0, 1.0);
}

fn load_scale(k: u32) -> vec3<f32> {
    let scale = three_bytes(k, opacity_layer() + 1u, 1u);
    if parameters.encoding == ENCODING_ACTIVATED {
        return scale;
    }
    return exp(scale);
}

// x, y, z, w, not normalised; stored w first.
fn load_rotation(k: u32) -> vec4<f32> {
    let first = opacity_layer() + 4u;
    return vec4<f32>(three_bytes(k, first + 1u, 1u), byte(k, first));
}

fn load_dc(k: u32) -> vec3<f32> {
    return three_bytes(k, DC_LAYER, 1u);
}

// SH coefficients `first` to `first + 7` beyond DC; those that are not stored are 0.
fn load_rest(k: u32, first: u32) -> array<vec3<f32>, 8> {
    var rest: array<vec3<f32>, 8>;
    for (var j = 0u; j < 8u; j++) {
        let coefficient = first + j;
        if coefficient < parameters.rest_stored {
            if parameters.encoding == ENCODING_RAW {
                rest[j] = three_bytes(k, REST_LAYER + coefficient, parameters.rest_stored);
            } else {
                rest[j] = three_bytes(k, REST_LAYER + 3u * coefficient, 1u);
            }
        }
    }
    return rest;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn project_planes(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let k = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
    if k < parameters.count {
        project_row(k);
    }
}
