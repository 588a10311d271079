//! From a frame to the next.

use super::latents::{Decoder, Latents};
use super::state::{ATTRIBUTES, State, XYZ};
use crate::pickle::{ARRAYS, Allowed, Id, Pickle};
use crate::source::Source;
use crate::{Cancel, Error, Result, SplatCloud};

/// Parts of a world unit that residuals of positions count in.
const POSITION_STEPS: f32 = 10_000.0;

/// What QUEEN's pickles may name. Its own classes are data like any other.
const ALLOWED: Allowed = Allowed {
    globals: ARRAYS,
    names: &[
        "CompressedLatents",
        "DecoderIdentity",
        "LatentDecoder",
        "LatentDecoderRes",
    ],
};

/// The Gaussians after the pickle `bytes`, called `name`, has changed those of the PLY file `first`.
///
/// # Errors
/// [`Error::Malformed`] where the pickle does not hold what it must, and as [`Pickle::parse`] and
/// [`crate::splat::ply::read`].
pub fn next_cloud(
    first: &dyn Source,
    name: &str,
    bytes: &[u8],
    cancel: &Cancel,
) -> Result<SplatCloud> {
    let state = State::read_ply(first, cancel)?;
    next(&state, name, bytes, cancel)?.activate(cancel)
}

/// The state after the pickle `bytes` has changed the `last` one.
pub(super) fn next(last: &State, name: &str, bytes: &[u8], cancel: &Cancel) -> Result<State> {
    let pickle = Pickle::parse(name, bytes, ALLOWED)?;
    let missing = |what: &str| {
        Error::malformed(
            name,
            format!("its {what} do not hold what a compressed frame of QUEEN has"),
        )
    };
    let root = pickle.root();
    let latents = pickle
        .get(root, "latents")
        .ok_or_else(|| missing("entries"))?;
    let positions = pickle.get(latents, ATTRIBUTES[XYZ]);
    let parents = match positions.and_then(|positions| pickle.get(positions, "mapping")) {
        Some(mapping) => indices(&pickle, mapping).ok_or_else(|| missing("parents"))?,
        None => (0..last.count()).collect(),
    };
    State::check_count(name, parents.len())?;
    let mut state = last.children(&parents).ok_or_else(|| missing("parents"))?;
    if let Some(positions) = positions {
        move_positions(&pickle, positions, &mut state).ok_or_else(|| missing("positions"))?;
    }
    for (attribute, title) in ATTRIBUTES.iter().enumerate().filter(|(at, _)| *at != XYZ) {
        cancel.check()?;
        let Some(stored) = pickle.get(latents, title) else {
            continue;
        };
        let width = state.widths()[attribute];
        change(&pickle, title, stored, &mut state.values[attribute], width)
            .ok_or_else(|| missing(&format!("latents of {title}")))?;
    }
    Ok(state)
}

fn indices(pickle: &Pickle, id: Id) -> Option<Vec<usize>> {
    let numbers = pickle.array(id)?.ints()?;
    numbers
        .into_iter()
        .map(|number| usize::try_from(number).ok())
        .collect()
}

/// Positions: an array of all of them, or residuals for those that the gate has let through.
fn move_positions(pickle: &Pickle, stored: Id, state: &mut State) -> Option<()> {
    let Some(moved) = pickle.get(stored, "ungated_indices") else {
        if pickle.pairs(stored).is_some() {
            // Nothing but parents: nobody has moved.
            return Some(());
        }
        let all = Latents::read(pickle, stored, state.count())?;
        return replace(&mut state.values[XYZ], all.values);
    };
    let moved = indices(pickle, moved)?;
    if moved.len() > state.count() {
        return None;
    }
    let residuals = pickle.get(stored, "ungated_residuals_compressed")?;
    let residuals = Latents::read(pickle, residuals, moved.len())?;
    if !moved.is_empty() && residuals.dim != 3 {
        return None;
    }
    let positions = &mut state.values[XYZ];
    for (index, residual) in moved.into_iter().zip(residuals.values.chunks_exact(3)) {
        let first = index.checked_mul(3)?;
        let position = positions.get_mut(first..first.checked_add(3)?)?;
        for (part, step) in position.iter_mut().zip(residual) {
            *part += step / POSITION_STEPS;
        }
    }
    Some(())
}

/// Decodes the latents of an attribute of `width` numbers, and adds them to what was there before where
/// its decoder is for differences.
fn change(
    pickle: &Pickle,
    title: &str,
    stored: Id,
    values: &mut Vec<f32>,
    width: usize,
) -> Option<()> {
    if width == 0 {
        return Some(());
    }
    let latents = Latents::read(pickle, stored, values.len() / width)?;
    let root = pickle.root();
    let decoders = pickle.get(root, "latent_decoders_dict");
    let decoder = decoders.and_then(|decoders| pickle.get(decoders, title));
    let class = decoder.and_then(|class| pickle.text(class).or_else(|| pickle.global(class)));
    let class = class.unwrap_or("DecoderIdentity");
    if class == "DecoderIdentity" {
        return replace(values, latents.values);
    }
    let states = pickle.get(root, "decoder_state_dict")?;
    let state = pickle.get(states, title)?;
    let decoded = Decoder::read(pickle, state, latents.dim, width)?.decode(&latents);
    match class {
        "LatentDecoder" => replace(values, decoded),
        "LatentDecoderRes" => {
            if decoded.len() != values.len() {
                return None;
            }
            for (value, change) in values.iter_mut().zip(decoded) {
                *value += change;
            }
            Some(())
        }
        _ => None,
    }
}

/// Puts other numbers in the place of as many.
fn replace(values: &mut Vec<f32>, new: Vec<f32>) -> Option<()> {
    let fits = new.len() == values.len();
    fits.then(|| *values = new)
}
