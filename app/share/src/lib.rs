//! Serves one clip on the local network.

/// A name that nobody can guess: 128 bits out of the system's randomness.
///
/// # Errors
/// When the system has none.
pub fn random_name() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
