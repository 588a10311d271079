// Projects the Gaussians of a packed cloud: an array texture of 16-byte texels, texel `layer` of
// Gaussian k at row k / side, column k % side. What a texel holds is told in splat/pack.rs.

#import shared/dispatch
#import shared/parameters
#import shared/projection

@group(0) @binding(0) var<uniform> parameters: ProjectParameters;
@group(0) @binding(1) var texels: texture_2d_array<u32>;
@group(0) @binding(2) var<storage, read_write> keys: array<u32>;
@group(0) @binding(3) var<storage, read_write> records: array<SplatRecord>;

fn texel(k: u32, layer: u32) -> vec4<u32> {
    let at = vec2<u32>(k % parameters.side, k / parameters.side);
    return textureLoad(texels, at, layer, 0);
}

fn load_position(k: u32) -> vec3<f32> {
    return bitcast<vec3<f32>>(texel(k, 0u).xyz);
}

fn load_opacity(k: u32) -> f32 {
    return f32(texel(k, 1u).x >> 16u) / 65535.0;
}

fn load_scale(k: u32) -> vec3<f32> {
    let xy = texel(k, 0u).w;
    let codes = vec3<u32>(xy & 0xffffu, xy >> 16u, texel(k, 1u).x & 0xffffu);
    let logs = vec3<f32>(codes) * ((SCALE_LOG_MAX - SCALE_LOG_MIN) / 65535.0) + SCALE_LOG_MIN;
    return exp(logs);
}

// x, y, z, w from the three smallest; stored without the largest, which is positive.
fn load_rotation(k: u32) -> vec4<f32> {
    let words = texel(k, 1u).yz;
    let codes = vec3<u32>(words.x & 32767u, (words.x >> 15u) & 32767u, words.y & 32767u);
    let s = (vec3<f32>(codes) * (2.0 / 32767.0) - 1.0) * 0.70710678;
    let largest = sqrt(max(1.0 - dot(s, s), 0.0));
    switch words.x >> 30u {
        case 0u: { return vec4<f32>(largest, s); }
        case 1u: { return vec4<f32>(s.x, largest, s.yz); }
        case 2u: { return vec4<f32>(s.xy, largest, s.z); }
        default: { return vec4<f32>(s, largest); }
    }
}

fn load_dc(k: u32) -> vec3<f32> {
    let words = texel(k, 1u).zw;
    return vec3<f32>(unpack2x16float(words.x).y, unpack2x16float(words.y));
}

// SH coefficients `first` (0 or 8) to `first + 7` beyond DC; what is not stored is undefined.
fn load_rest(k: u32, first: u32) -> array<vec3<f32>, 8> {
    let layer = 2u + 3u * (first / 8u);
    let a = texel(k, layer);
    let b = texel(k, layer + 1u);
    // Degree 1 ends in the second texel.
    var c = vec4<u32>(0u);
    if parameters.rest_stored > 3u {
        c = texel(k, layer + 2u);
    }
    let a0 = unpack2x16float(a.x);
    let a1 = unpack2x16float(a.y);
    let a2 = unpack2x16float(a.z);
    let a3 = unpack2x16float(a.w);
    let b0 = unpack2x16float(b.x);
    let b1 = unpack2x16float(b.y);
    let b2 = unpack2x16float(b.z);
    let b3 = unpack2x16float(b.w);
    let c0 = unpack2x16float(c.x);
    let c1 = unpack2x16float(c.y);
    let c2 = unpack2x16float(c.z);
    let c3 = unpack2x16float(c.w);
    return array<vec3<f32>, 8>(
        vec3<f32>(a0, a1.x),
        vec3<f32>(a1.y, a2),
        vec3<f32>(a3, b0.x),
        vec3<f32>(b0.y, b1),
        vec3<f32>(b2, b3.x),
        vec3<f32>(b3.y, c0),
        vec3<f32>(c1, c2.x),
        vec3<f32>(c2.y, c3),
    );
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn project_cloud(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let k = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
    if k < parameters.count {
        project_row(k);
    }
}
