// What drawing needs to know besides the splats; documented at its twin in Rust.
struct DrawParameters {
    background: vec3<f32>,
    padding: f32,
    viewport_px: vec2<f32>,
    padding_2: vec2<f32>,
}
