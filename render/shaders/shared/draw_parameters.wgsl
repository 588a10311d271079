// What drawing needs to know besides the splats; documented at its twin in Rust.
struct DrawParameters {
    background: vec4<f32>,
    viewport_px: vec2<f32>,
    padding: vec2<f32>,
}
