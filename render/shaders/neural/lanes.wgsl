#import shared/neural_layer

// For software Vulkan, which runs the invocations of a subgroup as the lanes of a vector: each holds
// some pixels of a row and some slots in registers, weights are the same for all lanes, and there
// are no barriers.

@group(0) @binding(1) var<storage, read> weights: array<Number4>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> features: array<Number4>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y)
fn lanes(
    @builtin(global_invocation_id) id: vec3u,
    @builtin(workgroup_id) workgroup: vec3u,
) {
    let x = id.x * PIXELS;
    let first_slot = workgroup.z * BLOCK;
#repeat s BLOCK
    let bias_{s} = bias[first_slot + {s}u];
#repeat p PIXELS
    var sum_{s}_{p} = bias_{s};
#end
#end
    let first = input_top(id.y) * layer.input_stride + x;
    var weight = workgroup.z * (IN_GROUPS * KERNEL * KERNEL * 4u * BLOCK);
    for (var group = 0u; group < IN_GROUPS; group++) {
        for (var ky = 0u; ky < KERNEL; ky++) {
            let at = first + group * layer.input_plane + ky * layer.input_stride;
#repeat w WINDOW
            let window_{w} = vec4f(features[at + {w}u]);
#end
#repeat kx KERNEL
#repeat j 4
#repeat s BLOCK
            let weight_{kx}_{j}_{s} = vec4f(weights[weight + ({kx}u * 4u + {j}u) * BLOCK + {s}u]);
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
    store(first_slot + {s}u, x + {p}u, id.y, sum_{s}_{p});
#end
#end
}
