// Where a flat picture lies; documented at its twin in Rust.
struct FitParameters {
    background: vec4<f32>,
    origin_px: vec2<f32>,
    size_px: vec2<f32>,
    part_origin: vec2<f32>,
    part_size: vec2<f32>,
    taps: vec2<u32>,
    padding: vec2<u32>,
}
