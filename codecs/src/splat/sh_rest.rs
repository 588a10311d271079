//! Where the SH coefficients of degree 1 and up lie.

use std::borrow::Cow;

/// SH coefficients of degree 1 and up of all Gaussians of a cloud, red, green, blue.
///
/// Formats with a palette (SOG) name an entry of it for each Gaussian. It is kept as it is: a million
/// Gaussians of degree 3 take 180 MB one by one, and 14 MB as the usual palette.
#[derive(Clone, Debug)]
pub struct ShRest(Storage);

#[derive(Clone, Debug)]
enum Storage {
    /// Those of each Gaussian, one Gaussian after the other.
    Each(Vec<[f32; 3]>),
    Palette {
        /// `width` coefficients an entry, one entry after the other.
        entries: Vec<[f32; 3]>,
        width: usize,
        /// The entry of each Gaussian; there are that many.
        labels: Vec<u16>,
    },
}

impl Default for ShRest {
    fn default() -> Self {
        Self(Storage::Each(Vec::new()))
    }
}

impl From<Vec<[f32; 3]>> for ShRest {
    /// The coefficients of each Gaussian, one Gaussian after the other.
    fn from(each: Vec<[f32; 3]>) -> Self {
        Self(Storage::Each(each))
    }
}

impl PartialEq for ShRest {
    /// Whether all Gaussians have the same, wherever it lies.
    fn eq(&self, other: &Self) -> bool {
        self.each() == other.each()
    }
}

impl ShRest {
    /// Entries of `width` coefficients each, and the entry of each Gaussian; `None` where a label is
    /// beyond the last whole entry.
    pub fn palette(entries: Vec<[f32; 3]>, width: usize, labels: Vec<u16>) -> Option<Self> {
        let count = entries.len().checked_div(width)?;
        let largest = labels.iter().fold(0, |largest, label| largest.max(*label));
        let fits = labels.is_empty() || usize::from(largest) < count;
        fits.then_some(Self(Storage::Palette {
            entries,
            width,
            labels,
        }))
    }

    /// Those of Gaussian `k` where each has `width`.
    pub(super) fn of(&self, k: usize, width: usize) -> &[[f32; 3]] {
        match &self.0 {
            Storage::Each(each) => &each[k * width..(k + 1) * width],
            Storage::Palette {
                entries, labels, ..
            } => &entries[usize::from(labels[k]) * width..][..width],
        }
    }

    /// Whether it is `width` coefficients for each of `count` Gaussians.
    pub fn is_for(&self, count: usize, width: usize) -> bool {
        match &self.0 {
            Storage::Each(each) => Some(each.len()) == count.checked_mul(width),
            Storage::Palette {
                width: own, labels, ..
            } => (labels.len(), *own) == (count, width),
        }
    }

    /// The coefficients of each Gaussian, one Gaussian after the other. Of a palette this is a copy.
    pub fn each(&self) -> Cow<'_, [[f32; 3]]> {
        match &self.0 {
            Storage::Each(each) => Cow::Borrowed(each),
            Storage::Palette {
                entries,
                width,
                labels,
            } => {
                let mut each = Vec::with_capacity(labels.len() * width);
                for label in labels {
                    let first = usize::from(*label) * width;
                    each.extend_from_slice(&entries[first..first + width]);
                }
                Cow::Owned(each)
            }
        }
    }

    /// The coefficients of each Gaussian, one Gaussian after the other, to be changed one by one: a
    /// palette is given up for it.
    pub fn each_mut(&mut self) -> &mut Vec<[f32; 3]> {
        if let Storage::Palette { .. } = self.0 {
            self.0 = Storage::Each(self.each().into_owned());
        }
        match &mut self.0 {
            Storage::Each(each) => each,
            // It was replaced above.
            Storage::Palette { entries, .. } => entries,
        }
    }

    /// All coefficients that there are, in no order that says whose they are.
    pub fn stored(&self) -> &[[f32; 3]] {
        match &self.0 {
            Storage::Each(each) => each,
            Storage::Palette { entries, .. } => entries,
        }
    }

    /// As [`Self::stored`], for what is done to all alike.
    pub(super) fn stored_mut(&mut self) -> &mut [[f32; 3]] {
        match &mut self.0 {
            Storage::Each(each) => each,
            Storage::Palette { entries, .. } => entries,
        }
    }

    /// Bytes of memory it takes.
    pub fn size_bytes(&self) -> usize {
        let labels = match &self.0 {
            Storage::Each(_) => &[][..],
            Storage::Palette { labels, .. } => labels,
        };
        size_of_val(self.stored()) + size_of_val(labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<[f32; 3]> {
        (0..6).map(|k| [k as f32; 3]).collect()
    }

    #[test]
    fn a_palette_is_what_it_stands_for() {
        let palette = ShRest::palette(entries(), 2, vec![2, 0, 2]).expect("labels fit");
        let each = ShRest::from([4, 5, 0, 1, 4, 5].map(|k| [k as f32; 3]).to_vec());
        assert_eq!(palette, each);
        for k in 0..3 {
            assert_eq!(palette.of(k, 2), each.of(k, 2));
        }
        assert!(palette.is_for(3, 2) && each.is_for(3, 2));
        assert!(!palette.is_for(2, 3) && each.is_for(2, 3));
        assert!(!palette.is_for(2, 2) && !each.is_for(4, 2));
        assert_eq!(palette.size_bytes(), 6 * 12 + 3 * 2);
        assert_eq!(each.size_bytes(), 6 * 12);
        let mut changed = palette.clone();
        changed.each_mut()[1] = [9.0; 3];
        assert_eq!(changed.of(0, 2), [[4.0; 3], [9.0; 3]]);
        assert_eq!(changed.of(2, 2), palette.of(2, 2));
        assert_ne!(changed, palette);
    }

    #[test]
    fn labels_must_be_those_of_whole_entries() {
        assert!(ShRest::palette(entries(), 2, vec![2]).is_some());
        assert!(ShRest::palette(entries(), 2, vec![3]).is_none());
        assert!(ShRest::palette(entries(), 4, vec![0]).is_some());
        assert!(ShRest::palette(entries(), 4, vec![1]).is_none());
        assert!(ShRest::palette(vec![], 3, vec![0]).is_none());
        assert!(ShRest::palette(vec![], 3, vec![]).is_some());
        assert!(ShRest::palette(entries(), 0, vec![0]).is_none());
    }
}
