//! Makes clips: packs sequences of Gaussians.
