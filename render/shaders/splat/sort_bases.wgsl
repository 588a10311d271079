// Turns the totals of all digits into the place of the first item of each digit. The first pass
// learns here how many keys are visible, and tells the drawing. One workgroup.

#import shared/sort
#import shared/workgroup_scan

@group(0) @binding(0) var<uniform> parameters: SortParameters;
@group(0) @binding(1) var<storage, read_write> totals: array<u32>;
@group(0) @binding(2) var<storage, read_write> state: SortState;

@compute @workgroup_size(WORKGROUP_SIZE)
fn sort_bases(@builtin(local_invocation_index) lane: u32) {
    let total = totals[lane];
    let sum = inclusive_scan(lane, total);
    totals[lane] = sum - total;
    if parameters.first_pass != 0u && lane == WORKGROUP_SIZE - 1u {
        state = SortState(sum, 4u, sum, 0u, 0u);
    }
}
