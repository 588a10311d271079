#import shared/neural_layer

// For software Vulkan, which runs the invocations of a subgroup as the lanes of a vector. Each holds some
// pixels of a row and some slots in registers, and there are no barriers. A load is a loop over the
// lanes there, even where all read the same; so each lane loads another weight, and they are handed
// round.

@group(0) @binding(1) var<storage, read> weights: array<Number4>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> features: array<Number4>;

@compute @workgroup_size(WORKGROUP_X * WORKGROUP_Y)
fn lanes(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(local_invocation_index) local: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    let x = (workgroup.x * WORKGROUP_X + local % WORKGROUP_X) * PIXELS;
    let row = workgroup.y * WORKGROUP_Y + local / WORKGROUP_X;
    let first_slot = workgroup.z * BLOCK;
#repeat s BLOCK
    let bias_{s} = bias[first_slot + {s}u];
#repeat p PIXELS
    var sum_{s}_{p} = bias_{s};
#end
#end
    let first = input_top(row) * layer.input_stride + x;
    var weight = workgroup.z * (IN_GROUPS * KERNEL * KERNEL * 4u * BLOCK);
    for (var group = 0u; group < IN_GROUPS; group++) {
        for (var ky = 0u; ky < KERNEL; ky++) {
            var loaded: array<vec4f, WEIGHT_LOADS>;
#repeat w WEIGHT_LOADS
            loaded[{w}] = vec4f(weights[weight + {w}u * LANES + lane]);
#end
            let at = first + group * layer.input_plane + ky * layer.input_stride;
#repeat w WINDOW
            let window_{w} = vec4f(features[at + {w}u]);
#end
#repeat kx KERNEL
#repeat j 4
#repeat s BLOCK
            let weight_{kx}_{j}_{s} = subgroupBroadcast(
                loaded[(({kx}u * 4u + {j}u) * BLOCK + {s}u) / LANES],
                (({kx}u * 4u + {j}u) * BLOCK + {s}u) % LANES,
            );
#repeat p PIXELS
            sum_{s}_{p} = fma(vec4f(window_{p+kx}[{j}]), weight_{kx}_{j}_{s}, sum_{s}_{p});
#end
#end
#end
#end
            weight += KERNEL * 4u * BLOCK;
        }
    }
#repeat s BLOCK
#repeat p PIXELS
    store(first_slot + {s}u, x + {p}u, row, sum_{s}_{p});
#end
#end
}
