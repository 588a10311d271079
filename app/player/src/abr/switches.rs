//! Quality that does not flicker.

use super::{History, Ladder};

/// After a change quality does not rise for so many groups.
const HOLD_GROUPS: f64 = 2.0;

/// The layers that are read when `wanted` are, and the network with what is buffered carries `carried`.
pub fn settle(wanted: u8, carried: u8, history: &History<'_>, ladder: &Ladder) -> u8 {
    let present = history.layers.min(ladder.top());
    if present == 0 || wanted <= present {
        return wanted;
    }
    if history.since_switch_s < HOLD_GROUPS * ladder.group_s() {
        return present;
    }
    // BOLA-O (of the paper named in `bola`, where it deals with oscillations): quality rises no higher than what the network
    // carries, so that it need not fall again at once; but what is there is kept.
    wanted.min(carried.max(present))
}
