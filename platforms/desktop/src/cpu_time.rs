//! CPU seconds, the number that means something on a shared machine.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// CPU seconds (user and system, all threads) of this process so far.
pub fn of_this_process() -> f64 {
    usage(UsageWho::RUSAGE_SELF)
}

/// CPU seconds of all child processes that have ended and been waited for.
pub fn of_children() -> f64 {
    usage(UsageWho::RUSAGE_CHILDREN)
}

/// CPU seconds of the calling thread so far, where the system counts them.
pub fn of_this_thread() -> Option<f64> {
    #[cfg(any(target_os = "linux", target_os = "freebsd"))]
    return Some(usage(UsageWho::RUSAGE_THREAD));
    #[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
    return None;
}

fn usage(who: UsageWho) -> f64 {
    getrusage(who).map_or(0.0, |usage| {
        let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        micros as f64 * 1e-6
    })
}
