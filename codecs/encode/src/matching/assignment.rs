//! The cheapest one-to-one assignment over a sparse set of candidates.

use std::collections::VecDeque;

use zoetrope_codecs::{Cancel, Result};

/// Marks a row without a column, and the other way round.
pub(crate) const NONE: u32 = u32::MAX;

/// Rows to be assigned and, for each, the columns that it may get.
pub(crate) struct Candidates {
    /// Candidates of each row.
    pub width: usize,
    /// `width` columns for each row.
    pub columns: Vec<u32>,
    /// What each costs; not negative.
    pub costs: Vec<f32>,
}

impl Candidates {
    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.columns.len().checked_div(self.width).unwrap_or(0)
    }

    fn of(&self, row: usize) -> impl Iterator<Item = (u32, f32)> {
        let range = row * self.width..(row + 1) * self.width;
        self.columns[range.clone()]
            .iter()
            .copied()
            .zip(self.costs[range].iter().copied())
    }
}

/// How the auction goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Auction {
    /// Least raise: the result is at most this much for each row above the cheapest.
    pub raise: f32,
    /// Cost and price together at which a row gives up on its candidates.
    pub give_up: f32,
    /// Bids for each row on average, after which those still without a column go without.
    pub bids: usize,
}

/// Assigns to each row one of its candidates so that no column is used twice and the sum of costs
/// is near the smallest, after Bertsekas's auction algorithm ("The auction algorithm: a distributed
/// relaxation method for the assignment problem", 1988): rows bid for columns, a better bid throws
/// the last one out. Returns the column of each row, [`NONE`] where its candidates are all dearer
/// than it is worth to fight for.
///
/// # Errors
/// When `cancel` is set.
pub(crate) fn assign(
    candidates: &Candidates,
    columns: usize,
    auction: Auction,
    cancel: &Cancel,
) -> Result<Vec<u32>> {
    let rows = candidates.rows();
    let mut column_of = vec![NONE; rows];
    let mut row_of = vec![NONE; columns];
    let mut price = vec![0.0f32; columns];
    let mut bidders: VecDeque<u32> = (0..rows as u32).collect();
    for bid in 0..rows.saturating_mul(auction.bids) {
        let Some(row) = bidders.pop_front() else {
            break;
        };
        if bid.is_multiple_of(1 << 16) {
            cancel.check()?;
        }
        let mut best = (NONE, f32::INFINITY);
        let mut second = f32::INFINITY;
        for (column, cost) in candidates.of(row as usize) {
            let total = cost + price[column as usize];
            if total < best.1 {
                second = best.1;
                best = (column, total);
            } else if total < second {
                second = total;
            }
        }
        let (column, total) = best;
        if column == NONE || total > auction.give_up {
            continue;
        }
        let column = column as usize;
        // With one candidate only, the bid goes up to what it is worth at most.
        price[column] += second.min(auction.give_up) - total + auction.raise;
        let thrown_out = std::mem::replace(&mut row_of[column], row);
        column_of[row as usize] = column as u32;
        if thrown_out != NONE {
            column_of[thrown_out as usize] = NONE;
            bidders.push_back(thrown_out);
        }
    }
    Ok(column_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zoetrope_codecs::random::Random;

    const AUCTION: Auction = Auction {
        raise: 0.001,
        give_up: 100.0,
        bids: 10_000,
    };

    /// The cheapest assignment of all permutations.
    fn cheapest(costs: &[Vec<f32>], used: &mut Vec<bool>, row: usize) -> f32 {
        if row == costs.len() {
            return 0.0;
        }
        let mut best = f32::INFINITY;
        for column in 0..used.len() {
            if !used[column] {
                used[column] = true;
                best = best.min(costs[row][column] + cheapest(costs, used, row + 1));
                used[column] = false;
            }
        }
        best
    }

    #[test]
    fn as_cheap_as_the_best_of_all_permutations() {
        let mut random = Random::new(1);
        for (rows, columns) in [(1, 1), (2, 2), (4, 6), (6, 6), (7, 7)] {
            for _ in 0..50 {
                let costs: Vec<Vec<f32>> = (0..rows)
                    .map(|_| (0..columns).map(|_| random.unit() * 10.0).collect())
                    .collect();
                let candidates = Candidates {
                    width: columns,
                    columns: (0..rows).flat_map(|_| 0..columns as u32).collect(),
                    costs: costs.concat(),
                };
                let assigned =
                    assign(&candidates, columns, AUCTION, &Cancel::new()).expect("assign");
                let mut used = vec![false; columns];
                let mut sum = 0.0;
                for (row, column) in assigned.iter().enumerate() {
                    assert!(!std::mem::replace(&mut used[*column as usize], true));
                    sum += costs[row][*column as usize];
                }
                let best = cheapest(&costs, &mut vec![false; columns], 0);
                assert!(
                    sum <= best + 0.001 * rows as f32 + 1e-4,
                    "{sum} against {best}"
                );
            }
        }
    }

    #[test]
    fn rows_without_room_go_without_a_column() {
        let candidates = Candidates {
            width: 1,
            columns: vec![0, 0, 0],
            costs: vec![3.0, 1.0, 2.0],
        };
        let assigned = assign(&candidates, 2, AUCTION, &Cancel::new()).expect("assign");
        assert_eq!(assigned.iter().filter(|column| **column == NONE).count(), 2);
        let none = Candidates {
            width: 0,
            columns: Vec::new(),
            costs: Vec::new(),
        };
        assert!(
            assign(&none, 2, AUCTION, &Cancel::new())
                .expect("assign")
                .is_empty()
        );
    }

    #[test]
    fn cancel_stops_a_long_fight() {
        let rows = 40_000;
        let candidates = Candidates {
            width: 2,
            columns: (0..rows).flat_map(|_| [0, 1]).collect(),
            costs: vec![0.0; 2 * rows as usize],
        };
        let cancel = Cancel::new();
        cancel.cancel();
        assert!(assign(&candidates, 2, AUCTION, &cancel).is_err());
    }
}
