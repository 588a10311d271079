//! How long the last pictures took: the numbers of the statistics and of the inspector's graph.

use std::collections::VecDeque;

use super::draw_thread::StageTimes;

/// Pictures that are remembered: a few seconds.
pub const KEPT: usize = 120;

/// What one picture took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureTime {
    /// Mean time of decoding a frame when this one was drawn; `None` for one that was there already.
    pub decode_ms: Option<f64>,
    /// Drawing.
    pub stages: StageTimes,
    /// The time there was for it, if something moved.
    pub budget_ms: Option<f64>,
    /// Pixels for each pixel of the screen, along a side.
    pub scale: f32,
}

impl PictureTime {
    /// Decoding and drawing.
    pub fn total_ms(&self) -> f64 {
        self.decode_ms.unwrap_or(0.0) + self.stages.total_ms()
    }
}

/// The last pictures, oldest first.
#[derive(Clone, Debug, Default)]
pub struct FrameLog {
    pictures: VecDeque<PictureTime>,
}

impl FrameLog {
    /// Adds one, and forgets the oldest.
    pub fn push(&mut self, picture: PictureTime) {
        if self.pictures.len() == KEPT {
            self.pictures.pop_front();
        }
        self.pictures.push_back(picture);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.pictures.clear();
    }

    /// The newest.
    pub fn last(&self) -> Option<&PictureTime> {
        self.pictures.back()
    }

    /// All, oldest first.
    pub fn pictures(&self) -> impl ExactSizeIterator<Item = &PictureTime> {
        self.pictures.iter()
    }

    /// What drawing took in the middle of all, and what all but one in twenty stayed below.
    pub fn percentiles_ms(&self) -> Option<(f64, f64)> {
        let mut times: Vec<f64> = self.pictures().map(PictureTime::total_ms).collect();
        times.sort_by(f64::total_cmp);
        let at = |part: f64| times.get(((times.len() as f64 - 1.0) * part).round() as usize);
        Some((*at(0.5)?, *at(0.95)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(draw_ms: f64) -> PictureTime {
        PictureTime {
            decode_ms: Some(1.0),
            stages: StageTimes {
                draw_ms,
                ..StageTimes::default()
            },
            budget_ms: None,
            scale: 1.0,
        }
    }

    #[test]
    fn the_newest_are_kept() {
        let mut log = FrameLog::default();
        assert_eq!(log.percentiles_ms(), None);
        for number in 0..KEPT + 10 {
            log.push(picture(number as f64));
        }
        assert_eq!(log.pictures().len(), KEPT);
        assert_eq!(log.pictures().next(), Some(&picture(10.0)));
        assert_eq!(log.last(), Some(&picture(129.0)));
        log.clear();
        assert_eq!(log.last(), None);
    }

    #[test]
    fn percentiles_are_of_decoding_and_drawing() {
        let mut log = FrameLog::default();
        for number in 0..=100 {
            log.push(picture(f64::from((number * 37) % 101)));
        }
        assert_eq!(log.percentiles_ms(), Some((51.0, 96.0)));
    }
}
