//! Runs every file of the fuzz corpus, and damaged copies of the smaller ones, through the function
//! of its fuzz target.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../fuzz/src/entry.rs"]
#[allow(dead_code)]
mod entry;

/// Single bit flips for each target.
const FLIPS: u64 = 10_000;
/// Seeds up to this length are cut at every byte, longer ones at as many places.
const MAX_CUTS: u64 = 4096;
/// Peak memory of a whole test, MiB: several times what the largest capped allocation takes.
const MAX_PEAK_MIB: u64 = 512;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("has a corpus")
        .map(|entry| entry.expect("can be listed").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{target} has no seeds");
    paths
        .iter()
        .map(|path| fs::read(path).expect("reads"))
        .collect()
}

/// A small generator of numbers (xorshift64*), the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % limit.max(1)
    }
}

#[test]
fn every_target_has_its_program() {
    for (name, _) in entry::TARGETS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fuzz/targets/{name}.rs"));
        assert!(path.is_file(), "{name}");
    }
}

#[test]
fn the_corpus_is_replayed() {
    for (target, run) in entry::TARGETS {
        for seed in seeds(target) {
            run(&seed);
        }
    }
}

#[test]
fn every_cut_is_survived() {
    for (target, run) in entry::TARGETS {
        for seed in seeds(target) {
            let length = seed.len() as u64;
            let cuts = length.min(MAX_CUTS);
            for cut in 0..cuts {
                run(&seed[..(cut * length / cuts.max(1)) as usize]);
            }
        }
    }
    check_peak_memory();
}

#[test]
fn flipped_bits_are_survived() {
    for (target, run) in entry::TARGETS {
        let seeds = seeds(target);
        let mut random = Random(0x5EED);
        for _ in 0..FLIPS {
            let mut bytes = seeds[random.below(seeds.len() as u64) as usize].clone();
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << random.below(8);
            run(&bytes);
        }
    }
    check_peak_memory();
}

/// Asks the system for the most memory that this process ever held.
fn check_peak_memory() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("Linux tells it");
    let kib: u64 = line
        .trim()
        .trim_end_matches(" kB")
        .trim()
        .parse()
        .expect("is a number");
    assert!(kib / 1024 <= MAX_PEAK_MIB, "{} MiB", kib / 1024);
}
