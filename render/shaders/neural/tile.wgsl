#import shared/neural_layer

// For GPUs: a workgroup stages the input of its tile, halo and all, and the weights of its slots in
// shared memory, group by group, and each invocation holds PIXELS pixels of a row and BLOCK slots
// in registers.

@group(0) @binding(1) var<storage, read> weights: array<Number4>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> features: array<Number4>;

// Columns of a row lie in PIXELS runs, so that neighbours read neighbours: banks do not collide.
var<workgroup> staged_features: array<vec4f, STAGE * TILE_ROWS * TILE_STRIDE>;
var<workgroup> staged_weights: array<vec4f, STAGE * KERNEL * KERNEL * 4u * BLOCK>;

const INVOCATIONS: u32 = WORKGROUP_X * WORKGROUP_Y;

fn stage_features(first_group: u32, corner: vec2u, local: u32) {
    for (var k = local; k < STAGE * TILE_ROWS * TILE_COLUMNS; k += INVOCATIONS) {
        let column = k % TILE_COLUMNS;
        let line = k / TILE_COLUMNS;
        let row = line % TILE_ROWS;
        let group = first_group + line / TILE_ROWS;
        let top = layer.input_row + i32(corner.y + row);
        let buffer_row = u32(clamp(top, 0, layer.input_row_last + i32(KERNEL) - 1));
        let at = buffer_row * layer.input_stride + corner.x + column;
        var value = vec4f();
        if group < IN_GROUPS {
            value = vec4f(features[group * layer.input_plane + at]);
        }
        staged_features[line * TILE_STRIDE + column % PIXELS * TILE_RUN + column / PIXELS] = value;
    }
}

fn stage_weights(block: u32, first_group: u32, local: u32) {
    let each = KERNEL * KERNEL * 4u * BLOCK;
    let first = (block * STAGED_GROUPS + first_group) * each;
    for (var k = local; k < STAGE * each; k += INVOCATIONS) {
        staged_weights[k] = vec4f(weights[first + k]);
    }
}

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y)
fn tile(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(local_invocation_id) invocation: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let corner = workgroup.xy * vec2u(WORKGROUP_X * PIXELS, WORKGROUP_Y);
    let first_slot = workgroup.z * BLOCK;
#repeat s BLOCK
    let bias_{s} = bias[first_slot + {s}u];
#repeat p PIXELS
    var sum_{s}_{p} = bias_{s};
#end
#end
    for (var first_group = 0u; first_group < IN_GROUPS; first_group += STAGE) {
        workgroupBarrier();
        stage_features(first_group, corner, local);
        stage_weights(workgroup.z, first_group, local);
        workgroupBarrier();
        for (var line = 0u; line < STAGE * KERNEL; line++) {
            let row = line / KERNEL * TILE_ROWS + line % KERNEL + invocation.y;
            let at = row * TILE_STRIDE + invocation.x;
            let weight = line * (KERNEL * 4u * BLOCK);
#repeat w WINDOW
            let window_{w} = staged_features[at + {w}u % PIXELS * TILE_RUN + {w}u / PIXELS];
#end
#repeat kx KERNEL
#repeat j 4
#repeat s BLOCK
            let weight_{kx}_{j}_{s} = staged_weights[weight + ({kx}u * 4u + {j}u) * BLOCK + {s}u];
#repeat p PIXELS
            sum_{s}_{p} = fma(vec4f(window_{p+kx}[{j}]), weight_{kx}_{j}_{s}, sum_{s}_{p});
#end
#end
#end
#end
        }
    }
    let x = corner.x + invocation.x * PIXELS;
    let row = corner.y + invocation.y;
#repeat s BLOCK
#repeat p PIXELS
    store(first_slot + {s}u, x + {p}u, row, sum_{s}_{p});
#end
#end
}
