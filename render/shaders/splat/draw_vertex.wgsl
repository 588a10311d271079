// A quad around each ellipse, along its axes and only as large as where alpha reaches 1/255.
// Instances are splats, farthest first.

#import shared/draw_fragment_input
#import shared/draw_parameters
#import shared/record
#import shared/sort

@group(0) @binding(0) var<uniform> parameters: DrawParameters;
@group(0) @binding(1) var<storage, read> state: SortState;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> records: array<SplatRecord>;

@vertex
fn draw_vertex(
    @builtin(vertex_index) vertex: u32,
    @builtin(instance_index) instance: u32,
) -> SplatFragment {
    let record = records[order[state.visible - 1u - instance]];
    let major_px = unpack2x16float(record.major_px);
    let minor_opacity = unpack2x16float(record.minor_px_opacity);
    let minor_px = vec2<f32>(-major_px.y, major_px.x) * (minor_opacity.x / length(major_px));
    let radius_sigma = sqrt(max(2.0 * log(minor_opacity.y / ALPHA_MIN), 0.0));
    let corner = vec2<f32>(f32(vertex & 1u), f32(vertex >> 1u)) * 2.0 - 1.0;
    let offset_sigma = corner * radius_sigma;
    let offset_px = offset_sigma.x * major_px + offset_sigma.y * minor_px;
    let centre_px = vec2<f32>(record.centre_px[0], record.centre_px[1]);
    let clip = (centre_px + offset_px) / parameters.viewport_px * 2.0 - 1.0;
    let colour = unpack_rgb9e5(record.colour);
    var out: SplatFragment;
    out.position = vec4<f32>(clip.x, -clip.y, 0.0, 1.0);
    out.offset_sigma = offset_sigma;
    out.colour_opacity = vec2<u32>(
        pack2x16float(colour.xy),
        pack2x16float(vec2<f32>(colour.z, minor_opacity.y)),
    );
    return out;
}
