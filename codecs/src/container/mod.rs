//! Clips out of files and folders.

pub mod v3;
