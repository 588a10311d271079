// One triangle over the whole picture.

@vertex
fn resolve_vertex(@builtin(vertex_index) vertex: u32) -> @builtin(position) vec4<f32> {
    let corner = vec2<f32>(f32(vertex & 1u), f32(vertex >> 1u));
    return vec4<f32>(corner * 4.0 - 1.0, 0.0, 1.0);
}
