#import shared/neural_layer

// The yardstick of the other kernels: one invocation for each number (for each pixel of the picture),
// plain loops, weights as the network has them.

@group(0) @binding(1) var<storage, read> weights: array<Number>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> features: array<Number>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y)
fn naive(@builtin(global_invocation_id) id: vec3u) {
    let slot = slot_of(id.z);
    let at = input_top(id.y) * layer.input_stride + id.x;
    var sum = vec4f();
    for (var c = 0u; c < SLOT_CHANNELS; c++) {
        let channel = ((slot.group * SLOT_CHANNELS + c) * SHUFFLE_Y + slot.dy) * SHUFFLE_X + slot.dx;
        var number = bias[channel];
        for (var i = 0u; i < IN_GROUPS; i++) {
            for (var ky = 0u; ky < KERNEL; ky++) {
                for (var kx = 0u; kx < KERNEL; kx++) {
                    let weight = weights[((channel * IN_GROUPS + i) * KERNEL + ky) * KERNEL + kx];
                    let feature = features[at + i * layer.input_plane + ky * layer.input_stride + kx];
                    number += f32(weight) * f32(feature);
                }
            }
        }
        sum[c] = number;
    }
    store(id.z, id.x, id.y, sum);
}
