var<workgroup> scan_values: array<u32, WORKGROUP_SIZE>;

// Sum of `value` over this lane and those before it (Hillis and Steele 1986). All lanes of the
// workgroup call it together; `WORKGROUP_SIZE` is a power of two.
fn inclusive_scan(lane: u32, value: u32) -> u32 {
    scan_values[lane] = value;
    workgroupBarrier();
    for (var step = 1u; step < WORKGROUP_SIZE; step <<= 1u) {
        var before = 0u;
        if lane >= step {
            before = scan_values[lane - step];
        }
        workgroupBarrier();
        scan_values[lane] += before;
        workgroupBarrier();
    }
    return scan_values[lane];
}
