//! cargo xtask: sets the machine up, runs the app, runs the tests.

fn main() {}
