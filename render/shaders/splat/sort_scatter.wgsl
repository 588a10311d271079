// Moves the items of a block to their places, in order within each digit. Lanes that share a digit
// find their rank among each other in a mask of 256 bits a digit: no subgroup operations, and the
// same result whatever the order in which lanes run.

#import shared/dispatch
#import shared/sort

@group(0) @binding(0) var<uniform> parameters: SortParameters;
@group(0) @binding(1) var<storage, read> state: SortState;
@group(0) @binding(2) var<storage, read> keys: array<u32>;
@group(0) @binding(3) var<storage, read> rows: array<u32>;
@group(0) @binding(4) var<storage, read> counts: array<u32>;
@group(0) @binding(5) var<storage, read> totals: array<u32>;
@group(0) @binding(6) var<storage, read_write> sorted_keys: array<u32>;
@group(0) @binding(7) var<storage, read_write> sorted_rows: array<u32>;

const MASK_WORDS: u32 = WORKGROUP_SIZE / 32u;

var<workgroup> places: array<u32, SORT_DIGITS>;
var<workgroup> masks: array<atomic<u32>, SORT_DIGITS * MASK_WORDS>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn sort_scatter(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = linear_workgroup(workgroup, workgroups);
    if block < parameters.blocks {
        places[lane] = totals[lane] + counts[lane * parameters.blocks + block];
    }
    for (var word = 0u; word < MASK_WORDS; word++) {
        atomicStore(&masks[lane * MASK_WORDS + word], 0u);
    }
    var count = state.visible;
    if parameters.first_pass != 0u {
        count = parameters.count;
    }
    let lane_word = lane / 32u;
    let lane_bit = 1u << (lane % 32u);
    for (var round = 0u; round < SORT_ROUNDS; round++) {
        workgroupBarrier();
        let index = block * SORT_BLOCK + round * WORKGROUP_SIZE + lane;
        var key = KEY_CULLED;
        if index < count {
            key = keys[index];
        }
        let digit = digit_of(key, parameters.shift);
        let mask = digit * MASK_WORDS;
        if key != KEY_CULLED {
            atomicOr(&masks[mask + lane_word], lane_bit);
        }
        workgroupBarrier();
        var rank = 0u;
        var sharing = 0u;
        if key != KEY_CULLED {
            for (var word = 0u; word < MASK_WORDS; word++) {
                let bits = atomicLoad(&masks[mask + word]);
                sharing += countOneBits(bits);
                if word < lane_word {
                    rank += countOneBits(bits);
                } else if word == lane_word {
                    rank += countOneBits(bits & (lane_bit - 1u));
                }
            }
            let place = places[digit] + rank;
            if parameters.last_pass == 0u {
                sorted_keys[place] = key;
            }
            var row = index;
            if parameters.first_pass == 0u {
                row = rows[index];
            }
            sorted_rows[place] = row;
        }
        workgroupBarrier();
        if key != KEY_CULLED && rank == 0u {
            places[digit] += sharing;
            for (var word = 0u; word < MASK_WORDS; word++) {
                atomicStore(&masks[mask + word], 0u);
            }
        }
    }
}
