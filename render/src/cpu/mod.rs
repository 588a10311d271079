//! The stages of drawing on the CPU, and the reference they are all measured against.

pub mod reference;
