// Between the two stages of drawing, 16 bytes: tile-based GPUs pay for each.
struct SplatFragment {
    @builtin(position) position: vec4<f32>,
    // Offset from the centre along the two axes, in standard deviations.
    @location(0) offset_sigma: vec2<f32>,
    // Halves: red, green; blue, opacity.
    @location(1) @interpolate(flat) colour_opacity: vec2<u32>,
}
