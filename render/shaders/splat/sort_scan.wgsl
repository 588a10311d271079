// Turns the counts of one digit, one for each block, into their sums so far, and adds them all up:
// one workgroup for each digit.

#import shared/sort
#import shared/workgroup_scan

@group(0) @binding(0) var<uniform> parameters: SortParameters;
@group(0) @binding(1) var<storage, read_write> counts: array<u32>;
@group(0) @binding(2) var<storage, read_write> totals: array<u32>;

var<workgroup> carry: u32;

@compute @workgroup_size(WORKGROUP_SIZE)
fn sort_scan(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let digit = workgroup.x;
    if lane == 0u {
        carry = 0u;
    }
    for (var first = 0u; first < parameters.blocks; first += WORKGROUP_SIZE) {
        let block = first + lane;
        var count = 0u;
        if block < parameters.blocks {
            count = counts[digit * parameters.blocks + block];
        }
        let sum = inclusive_scan(lane, count);
        let before = carry;
        if block < parameters.blocks {
            counts[digit * parameters.blocks + block] = before + sum - count;
        }
        workgroupBarrier();
        if lane == WORKGROUP_SIZE - 1u {
            carry = before + sum;
        }
        workgroupBarrier();
    }
    if lane == 0u {
        totals[digit] = carry;
    }
}
