//! Tables of frequencies: counted, made to add up, written and read.

use super::{MAX_TABLES, PROBABILITY_SUM, Reader, TOKENS, put_varint};
use crate::{Error, Result};

/// Frequencies of the tokens of one context, adding up to [`PROBABILITY_SUM`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// Frequency of each token; as many as the last used one needs.
    pub frequencies: Vec<u16>,
}

impl Table {
    /// The table nearest to `counts`, where every token that was seen keeps a share.
    pub fn of(counts: &[u32; TOKENS]) -> Self {
        let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        let used = counts
            .iter()
            .rposition(|count| *count > 0)
            .map_or(0, |k| k + 1);
        let mut frequencies: Vec<u16> = counts[..used]
            .iter()
            .map(|count| match count {
                0 => 0,
                count => {
                    let share = u64::from(*count) * u64::from(PROBABILITY_SUM);
                    ((share + total / 2) / total).max(1) as u16
                }
            })
            .collect();
        // What rounding left over or short goes to the most frequent one, where it costs least.
        loop {
            let sum: u32 = frequencies.iter().map(|f| u32::from(*f)).sum();
            let Some(largest) = frequencies.iter_mut().max() else {
                break;
            };
            if sum <= PROBABILITY_SUM {
                *largest += (PROBABILITY_SUM - sum) as u16;
                break;
            }
            *largest -= ((sum - PROBABILITY_SUM) as u16).min(*largest / 2);
        }
        Self { frequencies }
    }

    pub fn write(&self, bytes: &mut Vec<u8>) {
        put_varint(bytes, self.frequencies.len() as u32);
        for frequency in &self.frequencies {
            put_varint(bytes, u32::from(*frequency));
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let used = reader.varint()? as usize;
        if used > TOKENS {
            return Err(reader.damaged("one of its tables has too many tokens"));
        }
        let mut frequencies = Vec::with_capacity(used);
        let mut sum = 0;
        for _ in 0..used {
            let frequency = reader.varint()?.min(PROBABILITY_SUM + 1);
            sum += frequency;
            frequencies.push(frequency as u16);
        }
        if sum != PROBABILITY_SUM {
            return Err(reader.damaged("the frequencies of one of its tables do not add up"));
        }
        Ok(Self { frequencies })
    }
}

/// The tables of a stream, and which one each context uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tables {
    /// Index into `tables` for each context.
    pub map: Vec<u8>,
    pub tables: Vec<Table>,
}

impl Tables {
    pub fn write(&self, bytes: &mut Vec<u8>) {
        put_varint(bytes, self.tables.len() as u32);
        if self.tables.len() > 1 {
            bytes.extend(&self.map);
        }
        for table in &self.tables {
            table.write(bytes);
        }
    }

    /// Reads the tables of `contexts` contexts.
    pub fn read(reader: &mut Reader<'_>, contexts: usize) -> Result<Self> {
        let count = reader.varint()? as usize;
        if count > MAX_TABLES || count > contexts {
            return Err(reader.damaged("it has more tables than contexts"));
        }
        let map = match count {
            0 | 1 => vec![0; contexts],
            _ => reader.take(contexts)?.to_vec(),
        };
        if count > 0 && map.iter().any(|table| usize::from(*table) >= count) {
            return Err(reader.damaged("one of its contexts has no table"));
        }
        let tables = (0..count)
            .map(|_| Table::read(reader))
            .collect::<Result<Vec<_>, Error>>()?;
        Ok(Self { map, tables })
    }

    /// Few tables for the counts of many contexts: contexts share one where the worse fit costs less
    /// than another table would.
    pub fn cluster(counts: &[[u32; TOKENS]]) -> Self {
        let mut clusters: Vec<Cluster> = Vec::new();
        let mut map = vec![0u8; counts.len()];
        // The fullest first: they shape the tables that the others may join.
        let mut order: Vec<usize> = (0..counts.len()).collect();
        let total = |k: usize| counts[k].iter().map(|c| u64::from(*c)).sum::<u64>();
        order.sort_by_key(|k| std::cmp::Reverse(total(*k)));
        for context in order {
            if total(context) == 0 {
                continue;
            }
            let own = Cluster::new(counts[context]);
            let best = clusters
                .iter()
                .enumerate()
                .map(|(index, cluster)| {
                    let joined = cluster.joined(&own);
                    (index, joined.cost - cluster.cost - own.cost, joined)
                })
                .min_by(|a, b| a.1.total_cmp(&b.1));
            match best {
                Some((index, extra, joined)) if extra <= 0.0 || clusters.len() == MAX_TABLES => {
                    clusters[index] = joined;
                    map[context] = index as u8;
                }
                _ => {
                    map[context] = clusters.len() as u8;
                    clusters.push(own);
                }
            }
        }
        Self {
            map,
            tables: clusters.iter().map(|c| Table::of(&c.counts)).collect(),
        }
    }
}

/// Contexts that share a table, and what it costs in bits, the table included.
struct Cluster {
    counts: [u32; TOKENS],
    cost: f64,
}

impl Cluster {
    fn new(counts: [u32; TOKENS]) -> Self {
        let total: f64 = counts.iter().map(|c| f64::from(*c)).sum();
        let mut cost = 8.0;
        for count in counts.iter().map(|c| f64::from(*c)) {
            if count > 0.0 {
                let share = count / total;
                cost -= count * share.log2();
                cost += if share * f64::from(PROBABILITY_SUM) < 128.0 {
                    8.0
                } else {
                    16.0
                };
            }
        }
        let used = counts.iter().rposition(|c| *c > 0).map_or(0, |k| k + 1);
        let unseen = counts[..used].iter().filter(|c| **c == 0).count();
        Self {
            counts,
            cost: cost + 8.0 * unseen as f64,
        }
    }

    fn joined(&self, other: &Self) -> Self {
        Self::new(std::array::from_fn(|k| self.counts[k] + other.counts[k]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_add_up_and_keep_what_was_seen() {
        let mut many = [0; TOKENS];
        for (k, count) in many.iter_mut().enumerate() {
            *count = 1 + (k as u32 % 3) * 100_000;
        }
        let mut one = [0; TOKENS];
        one[5] = 1;
        let mut rare = [1; TOKENS];
        rare[0] = u32::MAX / 2;
        for counts in [many, one, rare, [1; TOKENS], [u32::MAX; TOKENS]] {
            let table = Table::of(&counts);
            let sum: u32 = table.frequencies.iter().map(|f| u32::from(*f)).sum();
            assert_eq!(sum, PROBABILITY_SUM);
            for (frequency, count) in table.frequencies.iter().zip(counts) {
                assert_eq!(*frequency > 0, count > 0);
            }
        }
    }

    #[test]
    fn alike_contexts_share_a_table_and_all_come_back() {
        let mut counts = vec![[0; TOKENS]; 6];
        counts[0][0] = 10_000;
        counts[1][0] = 9_000;
        counts[2][3] = 5_000;
        counts[4][0] = 100;
        counts[4][1] = 1;
        let tables = Tables::cluster(&counts);
        assert_eq!(tables.tables.len(), 2);
        assert_eq!(tables.map[0], tables.map[1]);
        assert_ne!(tables.map[0], tables.map[2]);
        let mut bytes = Vec::new();
        tables.write(&mut bytes);
        let mut reader = Reader::new("test", &bytes);
        let back = Tables::read(&mut reader, counts.len()).expect("tables");
        assert_eq!(back, tables);
        assert!(reader.rest().is_empty());
    }
}
