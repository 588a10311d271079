#import shared/neural_layer
#import shared/neural_activation

@group(0) @binding(4) var picture: texture_storage_2d<rgba8unorm, write>;

fn tanh_output(x: vec4f) -> vec4f {
    // Some drivers make NaN of what overflows.
    return 0.5 * tanh(clamp(x, vec4f(-15.0), vec4f(15.0))) + 0.5;
}

fn sigmoid_output(x: vec4f) -> vec4f {
    return sigmoid(x);
}

fn offset_output(x: vec4f) -> vec4f {
    return clamp(x + OUTPUT_OFFSET, vec4f(), vec4f(1.0));
}

// Red, green and blue of a pixel to the picture.
fn store(index: u32, x: u32, row: u32, sum: vec4f) {
    if is_wanted(index, x, row) && is_inside(row) {
        let slot = slot_of(index);
        let line = (u32(layer.first_row + i32(row))) * SHUFFLE_Y + slot.dy;
        let colour = to_colour(activate(sum)).xyz;
        textureStore(picture, vec2u(x * SHUFFLE_X + slot.dx, line), vec4f(colour, 1.0));
    }
}
