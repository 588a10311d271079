//! The zoetrope binary: the window and the command line.

fn main() {}
