// Counts the digits of the keys of each block: counts[digit * blocks + block]. The first pass
// leaves culled keys out, later ones only have visible keys.

#import shared/dispatch
#import shared/sort

@group(0) @binding(0) var<uniform> parameters: SortParameters;
@group(0) @binding(1) var<storage, read> state: SortState;
@group(0) @binding(2) var<storage, read> keys: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<u32>;

var<workgroup> digit_counts: array<atomic<u32>, SORT_DIGITS>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn sort_histogram(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = linear_workgroup(workgroup, workgroups);
    atomicStore(&digit_counts[lane], 0u);
    workgroupBarrier();
    var count = state.visible;
    if parameters.first_pass != 0u {
        count = parameters.count;
    }
    for (var round = 0u; round < SORT_ROUNDS; round++) {
        let index = block * SORT_BLOCK + round * WORKGROUP_SIZE + lane;
        if index < count {
            let key = keys[index];
            if key != KEY_CULLED {
                atomicAdd(&digit_counts[digit_of(key, parameters.shift)], 1u);
            }
        }
    }
    workgroupBarrier();
    if block < parameters.blocks {
        counts[lane * parameters.blocks + block] = atomicLoad(&digit_counts[lane]);
    }
}
