#import shared/neural_layer
#import shared/neural_activation

@group(0) @binding(4) var<storage, read_write> output: array<Number4>;

// Four channels of a pixel to the feature map. Rows outside of the picture are what the next layer's
// convolution has to find there: zeros.
fn store(index: u32, x: u32, row: u32, sum: vec4f) {
    if is_wanted(index, x, row) {
        let value = select(vec4f(), activate(sum), is_inside(row));
        let limited = clamp(value, vec4f(-NUMBER_MAX), vec4f(NUMBER_MAX));
        output[output_index(slot_of(index), x, row)] = Number4(limited);
    }
}
