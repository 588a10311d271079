#import shared/neural_layer
#import shared/neural_activation

@group(0) @binding(4) var<storage, read_write> output: array<Number>;

// One channel of a pixel to the feature map; zero outside of the picture.
fn store(index: u32, x: u32, row: u32, sum: vec4f) {
    if is_wanted(index, x, row) {
        let value = select(0.0, activate(sum).x, is_inside(row));
        output[output_index(slot_of(index), x, row)] = Number(clamp(value, -NUMBER_MAX, NUMBER_MAX));
    }
}
