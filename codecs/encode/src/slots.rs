//! The Gaussians of a group in slots: one slot is one Gaussian through all frames of the group.

use zoetrope_codecs::{Cancel, Result, SplatCloud};

use crate::canonical::pick;
use crate::matching::{NONE, pair_nearest};

/// A frame of a group on its way into slots.
pub(crate) struct TrackedFrame {
    /// Its Gaussians, in the order of the file.
    pub cloud: SplatCloud,
    /// Index of each in the frame before, [`NONE`] for those that were not there.
    pub origin: Vec<u32>,
}

/// The frames of a group, all with as many Gaussians as the fullest of them, each in the same row
/// throughout. Where one is not there, its row holds it as it was when last (or first) seen, with
/// opacity 0: the pictures stay smooth and nothing is seen.
pub(crate) struct Slots {
    /// A cloud for each frame.
    pub clouds: Vec<SplatCloud>,
    /// For each frame, the row of the file in each slot; [`NONE`] where there is none.
    pub rows: Vec<Vec<u32>>,
}

/// Puts the frames of a group into slots. An empty group gets one invisible Gaussian.
///
/// # Errors
/// When `cancel` is set.
pub(crate) fn into_slots(frames: &[TrackedFrame], sh_degree: u8, cancel: &Cancel) -> Result<Slots> {
    let Some(fullest) = fullest(frames) else {
        return Ok(Slots {
            clouds: Vec::new(),
            rows: Vec::new(),
        });
    };
    let count = frames[fullest].cloud.len();
    if count == 0 {
        return Ok(Slots {
            clouds: vec![invisible(sh_degree); frames.len()],
            rows: vec![vec![NONE]; frames.len()],
        });
    }
    let mut rows = vec![Vec::new(); frames.len()];
    let mut clouds = vec![SplatCloud::default(); frames.len()];
    rows[fullest] = (0..count as u32).collect();
    clouds[fullest] = pick(&frames[fullest].cloud, &rows[fullest], sh_degree);
    for t in fullest + 1..frames.len() {
        let slot_of_origin = inverse(&rows[t - 1], frames[t - 1].cloud.len());
        let slots = frames[t].origin.iter().map(|origin| match *origin {
            NONE => NONE,
            origin => slot_of_origin[origin as usize],
        });
        let slots: Vec<u32> = slots.collect();
        (rows[t], clouds[t]) = place(&frames[t].cloud, &slots, &clouds[t - 1], sh_degree, cancel)?;
    }
    for t in (0..fullest).rev() {
        let slot_of_next = inverse(&rows[t + 1], frames[t + 1].cloud.len());
        let mut slots = vec![NONE; frames[t].cloud.len()];
        for (next, origin) in frames[t + 1].origin.iter().enumerate() {
            if *origin != NONE {
                slots[*origin as usize] = slot_of_next[next];
            }
        }
        (rows[t], clouds[t]) = place(&frames[t].cloud, &slots, &clouds[t + 1], sh_degree, cancel)?;
    }
    Ok(Slots { clouds, rows })
}

/// The first of the frames with the most Gaussians.
fn fullest(frames: &[TrackedFrame]) -> Option<usize> {
    (0..frames.len()).min_by_key(|t| std::cmp::Reverse(frames[*t].cloud.len()))
}

/// One Gaussian that is not seen.
fn invisible(sh_degree: u8) -> SplatCloud {
    let mut cloud = SplatCloud::with_capacity(1, sh_degree);
    let rest = vec![[0.0; 3]; cloud.rest_coefficients()];
    cloud.push(
        [0.0; 3],
        [1.0, 0.0, 0.0, 0.0],
        [0.0; 3],
        0.0,
        [0.0; 3],
        &rest,
    );
    cloud
}

/// The slot of each row.
fn inverse(rows: &[u32], count: usize) -> Vec<u32> {
    let mut slots = vec![NONE; count];
    for (slot, row) in rows.iter().enumerate() {
        if *row != NONE {
            slots[*row as usize] = slot as u32;
        }
    }
    slots
}

/// Puts a frame into slots next to a frame that is there already, `beside`. `slots` is the slot of
/// each row where it is known; the others get the nearest slot that is free.
fn place(
    cloud: &SplatCloud,
    slots: &[u32],
    beside: &SplatCloud,
    sh_degree: u8,
    cancel: &Cancel,
) -> Result<(Vec<u32>, SplatCloud)> {
    let mut rows = inverse(slots, beside.len());
    let strangers: Vec<u32> = (0..cloud.len() as u32)
        .filter(|row| slots[*row as usize] == NONE)
        .collect();
    let free: Vec<u32> = (0..beside.len() as u32)
        .filter(|slot| rows[*slot as usize] == NONE)
        .collect();
    let stranger_points: Vec<_> = strangers
        .iter()
        .map(|k| cloud.positions[*k as usize])
        .collect();
    let free_points: Vec<_> = free.iter().map(|k| beside.positions[*k as usize]).collect();
    let places = pair_nearest(&stranger_points, &free_points, cancel)?;
    for (row, place) in strangers.iter().zip(places) {
        rows[free[place as usize] as usize] = *row;
    }
    // The frame's Gaussians and, behind them, those that are not there, as they are beside it.
    let mut both = pick(
        cloud,
        &(0..cloud.len() as u32).collect::<Vec<_>>(),
        sh_degree,
    );
    append_invisible(&mut both, beside);
    let picked: Vec<u32> = (0u32..)
        .zip(&rows)
        .map(|(slot, row)| match *row {
            NONE => cloud.len() as u32 + slot,
            row => row,
        })
        .collect();
    let placed = pick(&both, &picked, sh_degree);
    Ok((rows, placed))
}

fn append_invisible(cloud: &mut SplatCloud, other: &SplatCloud) {
    cloud.positions.extend_from_slice(&other.positions);
    cloud.rotations.extend_from_slice(&other.rotations);
    cloud.scales.extend_from_slice(&other.scales);
    cloud.opacities.resize(cloud.positions.len(), 0.0);
    cloud.sh_dc.extend_from_slice(&other.sh_dc);
    cloud
        .sh_rest
        .each_mut()
        .extend_from_slice(&other.sh_rest.each());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gaussians at x = each of `xs`.
    fn cloud(xs: &[f32]) -> SplatCloud {
        let mut cloud = SplatCloud::with_capacity(xs.len(), 0);
        for x in xs {
            cloud.push(
                [*x, 0.0, 0.0],
                [1.0, 0.0, 0.0, 0.0],
                [0.1; 3],
                0.5,
                [*x; 3],
                &[],
            );
        }
        cloud
    }

    fn xs(cloud: &SplatCloud) -> Vec<f32> {
        cloud.positions.iter().map(|p| p[0]).collect()
    }

    #[test]
    fn gaussians_keep_their_slot_while_others_come_and_go() {
        let frames = [
            TrackedFrame {
                cloud: cloud(&[1.0, 2.0]),
                origin: vec![NONE; 2],
            },
            // A third comes, and the rows turn round.
            TrackedFrame {
                cloud: cloud(&[3.1, 2.1, 1.1]),
                origin: vec![NONE, 1, 0],
            },
            // The second goes, and comes back.
            TrackedFrame {
                cloud: cloud(&[1.2, 3.2]),
                origin: vec![2, 0],
            },
            TrackedFrame {
                cloud: cloud(&[3.3, 2.2, 1.3]),
                origin: vec![1, NONE, 0],
            },
        ];
        let slots = into_slots(&frames, 1, &Cancel::new()).expect("slots");
        let found: Vec<Vec<f32>> = slots.clouds.iter().map(xs).collect();
        assert_eq!(
            found,
            [
                [3.1, 2.0, 1.0],
                [3.1, 2.1, 1.1],
                [3.2, 2.1, 1.2],
                [3.3, 2.2, 1.3]
            ]
        );
        let visible: Vec<Vec<bool>> = slots
            .clouds
            .iter()
            .map(|cloud| cloud.opacities.iter().map(|o| *o > 0.0).collect())
            .collect();
        assert_eq!(visible[0], [false, true, true]);
        assert_eq!(visible[2], [true, false, true]);
        assert!(visible[1].iter().chain(&visible[3]).all(|v| *v));
        assert_eq!(slots.rows[2], [1, NONE, 0]);
        assert!(slots.clouds.iter().all(|cloud| cloud.sh_rest.is_for(3, 3)));
    }

    #[test]
    fn groups_of_nothing_have_one_invisible_gaussian() {
        let frames = [TrackedFrame {
            cloud: cloud(&[]),
            origin: Vec::new(),
        }];
        let slots = into_slots(&frames, 0, &Cancel::new()).expect("slots");
        assert_eq!(slots.clouds[0].opacities, [0.0]);
        assert!(
            into_slots(&[], 0, &Cancel::new())
                .expect("slots")
                .clouds
                .is_empty()
        );
    }
}
