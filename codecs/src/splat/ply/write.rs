//! Writing.

use std::io;

use super::super::SplatCloud;

/// Writes an INRIA PLY file: binary little-endian floats, columns in the order of the original
/// training code, normals zero, in the cloud's own space, which ought to be
/// [`Axes::RightDownFront`](super::super::Axes).
///
/// Opacities of exactly 0 and 1 and scales of 0 have no finite logit or logarithm; the nearest
/// finite one is written.
///
/// # Errors
/// Those of `out`.
pub fn write(cloud: &SplatCloud, out: &mut impl io::Write) -> io::Result<()> {
    let rest = cloud.rest_coefficients();
    let mut header = format!(
        "ply\nformat binary_little_endian 1.0\n{}element vertex {}\n",
        if cloud.antialiased {
            "comment SplatRenderMode: mip\n"
        } else {
            ""
        },
        cloud.len()
    );
    let names = ["x", "y", "z", "nx", "ny", "nz"].map(str::to_owned);
    let names = names
        .into_iter()
        .chain((0..3).map(|number| format!("f_dc_{number}")))
        .chain((0..3 * rest).map(|number| format!("f_rest_{number}")))
        .chain(["opacity".to_owned()])
        .chain((0..3).map(|number| format!("scale_{number}")))
        .chain((0..4).map(|number| format!("rot_{number}")));
    for name in names {
        header.push_str("property float ");
        header.push_str(&name);
        header.push('\n');
    }
    header.push_str("end_header\n");
    out.write_all(header.as_bytes())?;
    let mut row: Vec<u8> = Vec::new();
    for k in 0..cloud.len() {
        row.clear();
        let mut put = |values: &[f32]| {
            for value in values {
                row.extend_from_slice(&value.to_le_bytes());
            }
        };
        put(&cloud.positions[k]);
        put(&[0.0; 3]);
        put(&cloud.sh_dc[k]);
        for channel in 0..3 {
            for coefficient in cloud.rest_of(k) {
                put(&[coefficient[channel]]);
            }
        }
        let opacity = cloud.opacities[k].clamp(f32::MIN_POSITIVE, 1.0 - f32::EPSILON);
        put(&[(opacity / (1.0 - opacity)).ln()]);
        put(&cloud.scales[k].map(|scale| scale.max(f32::MIN_POSITIVE).ln()));
        put(&cloud.rotations[k]);
        out.write_all(&row)?;
    }
    Ok(())
}
