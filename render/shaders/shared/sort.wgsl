// Radix sort: what all its stages share; documented at the twins in Rust.
struct SortParameters {
    count: u32,
    blocks: u32,
    shift: u32,
    first_pass: u32,
    last_pass: u32,
}

struct SortState {
    visible: u32,
    vertex_count: u32,
    instance_count: u32,
    first_vertex: u32,
    first_instance: u32,
}

fn digit_of(key: u32, shift: u32) -> u32 {
    return (key >> shift) & (SORT_DIGITS - 1u);
}
