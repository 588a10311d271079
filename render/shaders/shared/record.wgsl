// A projected Gaussian: 20 bytes, documented at its twin in Rust.
struct SplatRecord {
    centre_px: array<f32, 2>,
    major_px: u32,
    minor_px_opacity: u32,
    colour: u32,
}

// Three numbers of 0 to 65408 with a shared exponent (EXT_texture_shared_exponent).
fn pack_rgb9e5(colour: vec3<f32>) -> u32 {
    let limited = clamp(colour, vec3<f32>(0.0), vec3<f32>(65408.0));
    let largest = max(limited.x, max(limited.y, limited.z));
    var exponent = max(i32(bitcast<u32>(largest) >> 23u) - 127, -16) + 16;
    // A mantissa that rounds up to 512 needs the next exponent.
    if round(largest * power_of_two(24 - exponent)) > 511.0 {
        exponent += 1;
    }
    let mantissas = vec3<u32>(round(limited * power_of_two(24 - exponent)));
    return mantissas.x | (mantissas.y << 9u) | (mantissas.z << 18u) | (u32(exponent) << 27u);
}

fn unpack_rgb9e5(bits: u32) -> vec3<f32> {
    let mantissas = vec3<u32>(bits & 511u, (bits >> 9u) & 511u, (bits >> 18u) & 511u);
    return vec3<f32>(mantissas) * power_of_two(i32(bits >> 27u) - 24);
}

// 2 to the power of `exponent`, which is from -24 to 24 here.
fn power_of_two(exponent: i32) -> f32 {
    return bitcast<f32>(u32(exponent + 127) << 23u);
}
