//! A small network for every few frames, each beginning as the one before: after NIRVANA (Maiya et al., CVPR 2023).

mod checkpoint;
mod groups;
mod plan;
mod trainer;

pub use plan::NirvanaOptions;
pub use trainer::NirvanaFit;
