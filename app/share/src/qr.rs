//! QR codes, for handing a link to a phone.

use qrcodegen::QrCodeEcc;

/// Light modules around a code that readers need (ISO 18004).
const QUIET: i32 = 4;

/// A QR code.
#[derive(Clone, PartialEq, Eq)]
pub struct QrCode(qrcodegen::QrCode);

impl QrCode {
    /// The code of a text; `None` when it is too long for one.
    pub fn of(text: &str) -> Option<Self> {
        let code = qrcodegen::QrCode::encode_text(text, QrCodeEcc::Medium);
        code.ok().map(Self)
    }

    /// Modules along a side, with the light ones around it.
    pub fn side(&self) -> usize {
        (self.0.size() + 2 * QUIET).unsigned_abs() as usize
    }

    /// Whether a module is dark, counted from the upper left corner of the light ones around it.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        let place = |at: usize| i32::try_from(at).unwrap_or(i32::MAX).saturating_sub(QUIET);
        self.0.get_module(place(x), place(y))
    }

    /// For a terminal: black on white whatever its own colours are, two modules in a letter.
    pub fn terminal(&self) -> String {
        let side = self.side();
        let mut text = String::new();
        for y in (0..side).step_by(2) {
            text += "\x1b[30;107m";
            for x in 0..side {
                text.push(match (self.is_dark(x, y), self.is_dark(x, y + 1)) {
                    (false, false) => ' ',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (true, true) => '█',
                });
            }
            text += "\x1b[0m\n";
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_corners_and_light_around_it() {
        let code = QrCode::of("http://192.168.1.5:41233/0123456789abcdef/").expect("short");
        let side = code.side();
        // A finder is 7 modules wide: a dark ring, a light one, a dark square.
        for (left, top) in [(4, 4), (side - 11, 4), (4, side - 11)] {
            for y in 0..7 {
                for x in 0..7 {
                    let edge = x.min(y).min(6 - x).min(6 - y);
                    assert_eq!(code.is_dark(left + x, top + y), edge != 1, "{x} {y}");
                }
            }
        }
        for at in 0..side {
            for edge in [0, 3, side - 4, side - 1, side, side + 5] {
                assert!(!code.is_dark(at, edge) && !code.is_dark(edge, at));
            }
        }
        let text = code.terminal();
        assert_eq!(text.lines().count(), side.div_ceil(2));
        assert!(text.contains('█') && text.contains('▀'));
    }

    #[test]
    fn a_text_that_is_too_long_has_none() {
        // The largest code with medium correction.
        assert!(QrCode::of(&"ä".repeat(2331 / 2)).is_some());
        assert!(QrCode::of(&"ä".repeat(2331 / 2 + 1)).is_none());
    }
}
