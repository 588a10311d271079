//! Code books: 256 numbers that stand for many, by Lloyd's method ("Least squares quantization in
//! PCM", 1982) in one dimension.

use rayon::prelude::*;

/// Entries of a code book.
pub(super) const ENTRIES: usize = 256;
/// Values that a book is made out of; of more, as many evenly spaced in rising order.
const MAX_SAMPLES: usize = 1 << 20;
/// Rounds of Lloyd's method at most.
const ROUNDS: usize = 64;

/// A code book.
pub(super) struct CodeBook {
    /// Rising. The first and last are the least and the largest value that the book is made out of,
    /// so that no value is farther from its entry than half the step to the next.
    entries: Vec<f32>,
    /// Between each entry and the next.
    middles: Vec<f32>,
}

impl CodeBook {
    /// The book for `values`, which are finite. Up to 256 different ones are kept exactly.
    pub(super) fn new(mut values: Vec<f32>) -> Self {
        values.par_sort_unstable_by(f32::total_cmp);
        let mut distinct = values.clone();
        distinct.dedup();
        let mut entries = if distinct.len() <= ENTRIES {
            distinct
        } else {
            drop(distinct);
            thin_out(&mut values);
            lloyd(&values)
        };
        let last = entries.last().copied().unwrap_or(0.0);
        entries.resize(ENTRIES, last);
        let middles = entries.windows(2).map(|pair| middle(pair[0], pair[1]));
        Self {
            middles: middles.collect(),
            entries,
        }
    }

    /// The entries.
    pub(super) fn entries(&self) -> &[f32] {
        &self.entries
    }

    /// Code of the entry nearest to `value`.
    pub(super) fn code(&self, value: f32) -> u8 {
        self.middles.partition_point(|middle| *middle < value) as u8
    }
}

fn middle(a: f32, b: f32) -> f32 {
    // Halved first: the sum of two large numbers need not be finite.
    0.5 * a + 0.5 * b
}

/// Leaves [`MAX_SAMPLES`] of sorted values, the first and the last among them.
fn thin_out(values: &mut Vec<f32>) {
    let count = values.len();
    if count > MAX_SAMPLES {
        for sample in 0..MAX_SAMPLES {
            values[sample] = values[sample * (count - 1) / (MAX_SAMPLES - 1)];
        }
        values.truncate(MAX_SAMPLES);
    }
}

/// Sums over any stretch of sorted values in constant time.
struct Sums {
    /// Sum of the values before each.
    values: Vec<f64>,
    /// The same of their squares.
    squares: Vec<f64>,
}

impl Sums {
    fn new(sorted: &[f32]) -> Self {
        let running = |of: fn(f64) -> f64| {
            let mut sum = 0.0;
            let sums = sorted.iter().map(|value| {
                sum += of(f64::from(*value));
                sum
            });
            std::iter::once(0.0).chain(sums).collect()
        };
        Self {
            values: running(|value| value),
            squares: running(|value| value * value),
        }
    }

    fn mean(&self, from: usize, to: usize) -> f64 {
        (self.values[to] - self.values[from]) / (to - from).max(1) as f64
    }

    /// Sum of squared distances from the mean.
    fn error(&self, from: usize, to: usize) -> f64 {
        let sum = self.values[to] - self.values[from];
        self.squares[to] - self.squares[from] - sum * sum / (to - from).max(1) as f64
    }
}

/// [`ENTRIES`] numbers for more than as many different sorted ones.
fn lloyd(sorted: &[f32]) -> Vec<f32> {
    let sums = Sums::new(sorted);
    let mut entries = Vec::with_capacity(ENTRIES);
    entries.push(sorted[0]);
    entries.extend(split(sorted, &sums));
    entries.push(sorted[sorted.len() - 1]);
    for _ in 0..ROUNDS {
        let bounds: Vec<usize> = entries
            .windows(2)
            .map(|pair| {
                let middle = middle(pair[0], pair[1]);
                sorted.partition_point(|value| *value <= middle)
            })
            .collect();
        let mut moved = false;
        // The first and the last stay where they are.
        for (entry, bounds) in entries[1..].iter_mut().zip(bounds.windows(2)) {
            if bounds[0] < bounds[1] {
                let mean = sums.mean(bounds[0], bounds[1]) as f32;
                moved |= mean != *entry;
                *entry = mean;
            }
        }
        if !moved {
            break;
        }
    }
    entries
}

/// Means of stretches of `sorted`, two fewer than [`ENTRIES`], found by splitting at its mean the
/// stretch with the largest error again and again.
fn split(sorted: &[f32], sums: &Sums) -> Vec<f32> {
    let mut stretches = vec![(sums.error(0, sorted.len()), 0, sorted.len())];
    while stretches.len() < ENTRIES - 2 {
        let worst = (0..stretches.len())
            .filter(|at| {
                let (_, from, to) = stretches[*at];
                sorted[from] < sorted[to - 1]
            })
            .max_by(|a, b| stretches[*a].0.total_cmp(&stretches[*b].0));
        let Some(worst) = worst else {
            break;
        };
        let (_, from, to) = stretches[worst];
        let mean = sums.mean(from, to) as f32;
        let middle = sorted[from..to].partition_point(|value| *value <= mean);
        // Rounding may put the mean on one of the ends.
        let first = sorted[from..to].partition_point(|value| *value <= sorted[from]);
        let last = sorted[from..to].partition_point(|value| *value < sorted[to - 1]);
        let middle = from + middle.clamp(first, last);
        stretches[worst] = (sums.error(from, middle), from, middle);
        stretches.push((sums.error(middle, to), middle, to));
    }
    stretches.sort_by_key(|(_, from, _)| *from);
    let mean = |(_, from, to): &(f64, usize, usize)| sums.mean(*from, *to) as f32;
    stretches.iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn check_nearest(book: &CodeBook, values: &[f32]) {
        for value in values {
            let code = usize::from(book.code(*value));
            let error = (book.entries()[code] - value).abs();
            for entry in book.entries() {
                assert!(error <= (entry - value).abs(), "{value} got {code}");
            }
        }
    }

    #[test]
    fn few_values_are_kept_exactly() {
        let values: Vec<f32> = (0..1000).map(|k| ((k * 7) % 256) as f32 - 0.25).collect();
        let book = CodeBook::new(values.clone());
        for value in values {
            assert_eq!(book.entries()[usize::from(book.code(value))], value);
        }
    }

    #[test]
    fn no_value_is_farther_than_half_a_step() {
        let mut random = Random::new(3);
        let mut values: Vec<f32> = (0..5000).map(|_| random.normal()).collect();
        values.extend([-87.0, 60.0]);
        let book = CodeBook::new(values.clone());
        assert_eq!((book.entries()[0], book.entries()[255]), (-87.0, 60.0));
        assert!(book.entries().is_sorted());
        check_nearest(&book, &values);
        // The outliers take entries of their own and the rest stays fine: a uniform step over four
        // standard deviations would leave 0.009.
        let square: f64 = values
            .iter()
            .map(|value| f64::from(book.entries()[usize::from(book.code(*value))] - value).powi(2))
            .sum();
        let error = (square / values.len() as f64).sqrt();
        assert!(error < 0.008, "{error}");
    }

    #[test]
    fn nothing_and_one_value_work() {
        assert_eq!(CodeBook::new(Vec::new()).entries(), [0.0; ENTRIES]);
        let book = CodeBook::new(vec![3.0; 10]);
        assert_eq!(book.entries()[usize::from(book.code(3.0))], 3.0);
    }
}
