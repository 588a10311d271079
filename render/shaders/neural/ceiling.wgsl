// How fast a device multiplies and adds at best: chains that do not wait for each other, nothing read.
struct CeilingParameters {
    rounds: u32,
    factor: f32,
    addend: f32,
    padding: u32,
}

@group(0) @binding(0) var<uniform> parameters: CeilingParameters;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;

@compute @workgroup_size(WORKGROUP_X)
fn ceiling(@builtin(global_invocation_id) id: vec3u) {
    let factor = vec4f(parameters.factor);
    let addend = vec4f(parameters.addend);
    let start = vec4f(f32(id.x)) + vec4f(0.0, 0.25, 0.5, 0.75);
#repeat c CHAINS
    var chain_{c} = start + {c}.0;
#end
    for (var round = 0u; round < parameters.rounds; round++) {
#repeat u UNROLL
#repeat c CHAINS
        chain_{c} = fma(chain_{c}, factor, addend);
#end
#end
    }
    // Something must depend on each of them, or it would not be computed.
    var sum = vec4f();
#repeat c CHAINS
    sum += chain_{c};
#end
    results[id.x] = dot(sum, vec4f(1.0));
}
