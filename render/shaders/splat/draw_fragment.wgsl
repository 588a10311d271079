// Alpha of a splat at a pixel, and its colour multiplied by it. Where alpha is below 1/255 nothing
// is added, by a zero rather than a discard, which would cost some GPUs their early tests.

#import shared/draw_fragment_input

@fragment
fn draw_fragment(in: SplatFragment) -> @location(0) vec4<f32> {
    let red_green = unpack2x16float(in.colour_opacity.x);
    let blue_opacity = unpack2x16float(in.colour_opacity.y);
    let square = dot(in.offset_sigma, in.offset_sigma);
    let alpha = min(blue_opacity.y * exp(-0.5 * square), ALPHA_MAX);
    let premultiplied = vec4<f32>(vec3<f32>(red_green, blue_opacity.x) * alpha, alpha);
    return select(vec4<f32>(0.0), premultiplied, alpha >= ALPHA_MIN);
}
