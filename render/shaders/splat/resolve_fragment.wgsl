// Blended colours, which already are in display space, over the background to the picture, which is
// as opaque as the background is: all colours are premultiplied.
// The background comes in here and not before, because half floats would lose some of it.

#import shared/draw_parameters

@group(0) @binding(0) var<uniform> parameters: DrawParameters;
@group(0) @binding(1) var blended: texture_2d<f32>;

@fragment
fn resolve_fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let splats = textureLoad(blended, vec2<u32>(position.xy), 0);
    let colour = splats + (1.0 - splats.w) * parameters.background;
    return clamp(colour, vec4<f32>(0.0), vec4<f32>(1.0));
}
