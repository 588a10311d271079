// Where a convolution reads and writes. Rows and columns of buffers count their borders of zeros.
struct LayerParameters {
    // Elements between rows and between groups of channels.
    input_stride: u32,
    input_plane: u32,
    // Buffer row that the first tap of the first row reads; the first column is 0.
    input_row: i32,
    // The last buffer row that the first tap can read.
    input_row_last: i32,
    output_stride: u32,
    output_plane: u32,
    // Buffer row and column of the first pixel, behind the shuffle.
    output_row: u32,
    output_column: u32,
    // Pixels in front of the shuffle: of the picture, and the rows of this dispatch.
    width: u32,
    height: i32,
    first_row: i32,
    rows: u32,
    padding_0: u32,
    padding_1: u32,
    padding_2: u32,
    padding_3: u32,
}

@group(0) @binding(0) var<uniform> layer: LayerParameters;

// The buffer row for the first tap of a row of this dispatch. Rows outside of the picture, whose
// numbers are not used, read what there is.
fn input_top(row: u32) -> u32 {
    return u32(clamp(layer.input_row + i32(row), 0, layer.input_row_last));
}

// A slot is one group of channels at one place of the shuffle. Places beside each other come first,
// so that neighbouring stores come from neighbouring slots.
struct Slot {
    group: u32,
    dx: u32,
    dy: u32,
}

fn slot_of(index: u32) -> Slot {
    let rest = index / SHUFFLE_X;
    return Slot(rest % OUT_GROUPS, index % SHUFFLE_X, rest / OUT_GROUPS);
}

// Whether a pixel in front of the shuffle is one that this dispatch has to store.
fn is_wanted(slot: u32, x: u32, row: u32) -> bool {
    return slot < SLOTS && x < layer.width && row < layer.rows;
}

// Whether a row of this dispatch is one of the picture.
fn is_inside(row: u32) -> bool {
    let picture_row = layer.first_row + i32(row);
    return picture_row >= 0 && picture_row < layer.height;
}

fn output_index(slot: Slot, x: u32, row: u32) -> u32 {
    let column = layer.output_column + x * SHUFFLE_X + slot.dx;
    let line = layer.output_row + row * SHUFFLE_Y + slot.dy;
    return slot.group * layer.output_plane + line * layer.output_stride + column;
}
