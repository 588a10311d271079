// A flat picture as large as it fits, background around it. Where it is made smaller, a pixel is the
// mean of `taps` places of what it covers, each between four texels.

#import shared/fit_parameters

@group(0) @binding(0) var<uniform> parameters: FitParameters;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var linear: sampler;

@fragment
fn fit_fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let inside = (position.xy - parameters.origin_px) / parameters.size_px;
    if any(inside < vec2<f32>(0.0)) || any(inside >= vec2<f32>(1.0)) {
        return parameters.background;
    }
    let taps = vec2<f32>(parameters.taps);
    var sum = vec4<f32>(0.0);
    for (var y = 0u; y < parameters.taps.y; y++) {
        for (var x = 0u; x < parameters.taps.x; x++) {
            let tap = (vec2<f32>(vec2<u32>(x, y)) + 0.5) / taps - 0.5;
            let place = parameters.part_origin
                + (inside + tap / parameters.size_px) * parameters.part_size;
            sum += textureSampleLevel(picture, linear, place, 0.0);
        }
    }
    let mean = sum / (taps.x * taps.y);
    return vec4<f32>(mean.xyz * mean.w, mean.w) + (1.0 - mean.w) * parameters.background;
}
