// Projection of one Gaussian to the picture. The file that imports this declares the bindings
// `parameters`, `keys` and `records`, and how to load attributes: `load_position`, `load_opacity`,
// `load_scale`, `load_rotation`, `load_dc` and `load_rest`, which gives eight SH coefficients.

#import shared/record

fn finite(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

// Writes the depth key of row `k`, and its record unless it is culled.
fn project_row(k: u32) {
    keys[k] = KEY_CULLED;
    let opacity = load_opacity(k);
    let position = load_position(k);
    let p = (parameters.view_from_world * vec4<f32>(position, 1.0)).xyz;
    let may_be_seen = opacity >= ALPHA_MIN && p.z > parameters.near;
    if !(may_be_seen && finite(opacity) && finite(p.x) && finite(p.y) && finite(p.z)) {
        return;
    }
    // The rows of J W R S: the covariance is this times its transpose.
    let rotation = load_rotation(k);
    let norm = length(rotation);
    if norm < 1e-12 || !finite(norm) {
        return;
    }
    let axes = rotation_matrix(rotation / norm);
    let scale = load_scale(k);
    let limit = parameters.tangent_limit;
    let tangent = clamp(p.xy / p.z, -limit, limit);
    let focal_by_depth = parameters.focal_px / p.z;
    let world_from_view = transpose(mat3x3<f32>(
        parameters.view_from_world[0].xyz,
        parameters.view_from_world[1].xyz,
        parameters.view_from_world[2].xyz,
    ));
    let world_x = focal_by_depth * (world_from_view[0] - tangent.x * world_from_view[2]);
    let world_y = focal_by_depth * (world_from_view[1] - tangent.y * world_from_view[2]);
    var u = scale * (world_x * axes);
    var v = scale * (world_y * axes);
    let largest_axes = max(abs(u), abs(v));
    let largest = max(largest_axes.x, max(largest_axes.y, largest_axes.z));
    if !finite(u.x + u.y + u.z) || !finite(v.x + v.y + v.z) {
        return;
    }
    if largest > SIGMA_MAX_PX {
        u *= SIGMA_MAX_PX / largest;
        v *= SIGMA_MAX_PX / largest;
    }
    write_ellipse(k, position, p, opacity, u, v);
}

fn write_ellipse(
    k: u32,
    position: vec3<f32>,
    p: vec3<f32>,
    stored_opacity: f32,
    u: vec3<f32>,
    v: vec3<f32>,
) {
    let sharp_xx = dot(u, u);
    let xy = dot(u, v);
    let sharp_yy = dot(v, v);
    let low_pass = parameters.low_pass_px2;
    let xx = sharp_xx + low_pass;
    let yy = sharp_yy + low_pass;
    // |u x v|^2 is the determinant without the cancellation of xx yy - xy^2.
    let normal = cross(u, v);
    let sharp_determinant = dot(normal, normal);
    let determinant = sharp_determinant + low_pass * (sharp_xx + sharp_yy + low_pass);
    var opacity = stored_opacity;
    if parameters.keep_integral != 0u {
        opacity *= sqrt(sharp_determinant / determinant);
    }
    if opacity < ALPHA_MIN {
        return;
    }
    let viewport = parameters.viewport_px;
    let centre_px = parameters.focal_px * p.xy / p.z + 0.5 * viewport;
    let radius = sqrt(2.0 * log(255.0 * opacity));
    let extent = radius * sqrt(vec2<f32>(xx, yy));
    // No pixel centre inside: they lie half a pixel from the edges.
    let inside = all(centre_px + extent >= vec2<f32>(0.5))
        && all(centre_px - extent <= viewport - 0.5);
    if !inside || !finite(centre_px.x) || !finite(centre_px.y) {
        return;
    }
    let colour = colour_of(k, position);
    if !finite(colour.x) || !finite(colour.y) || !finite(colour.z) {
        return;
    }
    let half_difference = 0.5 * (xx - yy);
    let root = sqrt(half_difference * half_difference + xy * xy);
    let major_variance = 0.5 * (xx + yy) + root;
    var direction = vec2<f32>(half_difference + root, xy);
    if half_difference < 0.0 {
        direction = vec2<f32>(xy, root - half_difference);
    }
    let direction_length = length(direction);
    let circular = direction_length < 1e-20;
    let unit = select(direction / direction_length, vec2<f32>(1.0, 0.0), circular);
    let major_px = unit * sqrt(major_variance);
    let minor_px = sqrt(determinant / major_variance);
    records[k] = SplatRecord(
        array<f32, 2>(centre_px.x, centre_px.y),
        pack2x16float(major_px),
        pack2x16float(vec2<f32>(minor_px, opacity)),
        pack_rgb9e5(colour),
    );
    keys[k] = depth_key(p.z);
}

fn depth_key(depth: f32) -> u32 {
    let bits = bitcast<u32>(depth);
    let above = max(bits, parameters.key_near_bits) - parameters.key_near_bits;
    return min(u32(f32(above) * parameters.key_scale), parameters.key_max);
}

// Columns are the Gaussian's own axes in world space; `q` is x, y, z, w.
fn rotation_matrix(q: vec4<f32>) -> mat3x3<f32> {
    let d = 2.0 * q.xyz * q.xyz;
    let xy = 2.0 * q.x * q.y;
    let xz = 2.0 * q.x * q.z;
    let yz = 2.0 * q.y * q.z;
    let w = 2.0 * q.w * q.xyz;
    return mat3x3<f32>(
        vec3<f32>(1.0 - d.y - d.z, xy + w.z, xz - w.y),
        vec3<f32>(xy - w.z, 1.0 - d.x - d.z, yz + w.x),
        vec3<f32>(xz + w.y, yz - w.x, 1.0 - d.x - d.y),
    );
}

// Colour seen from the camera: real spherical harmonics with 3DGS's signs, not below 0.
fn colour_of(k: u32, position: vec3<f32>) -> vec3<f32> {
    var sum = SH_C0 * load_dc(k) + 0.5;
    let degree = parameters.sh_degree;
    if degree == 0u {
        return max(sum, vec3<f32>(0.0));
    }
    let offset = position - parameters.camera_position;
    let distance = length(offset);
    let d = select(offset / distance, vec3<f32>(0.0), distance < 1e-20);
    let x = d.x;
    let y = d.y;
    let z = d.z;
    let xx = x * x;
    let yy = y * y;
    let zz = z * z;
    let low = load_rest(k, 0u);
    sum += SH_C1 * (z * low[1] - y * low[0] - x * low[2]);
    if degree >= 2u {
        sum += SH_C2_0 * (x * y * low[3] - y * z * low[4] - x * z * low[6])
            + SH_C2_1 * (2.0 * zz - xx - yy) * low[5]
            + SH_C2_2 * (xx - yy) * low[7];
    }
    if degree >= 3u {
        let high = load_rest(k, 8u);
        sum += -SH_C3_0 * y * (3.0 * xx - yy) * high[0]
            + SH_C3_1 * x * y * z * high[1]
            - SH_C3_2 * y * (4.0 * zz - xx - yy) * high[2]
            + SH_C3_3 * z * (2.0 * zz - 3.0 * xx - 3.0 * yy) * high[3]
            - SH_C3_2 * x * (4.0 * zz - xx - yy) * high[4]
            + SH_C3_4 * z * (xx - yy) * high[5]
            - SH_C3_0 * x * (xx - 3.0 * yy) * high[6];
    }
    return max(sum, vec3<f32>(0.0));
}
