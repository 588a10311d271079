// Number of a workgroup in a dispatch that was folded into two dimensions because one ends at
// 65535 workgroups.
fn linear_workgroup(workgroup: vec3<u32>, workgroups: vec3<u32>) -> u32 {
    return workgroup.y * workgroups.x + workgroup.x;
}
