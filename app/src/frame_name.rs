//! Names with room for the number of a frame: "frames/{frame:04}.ply".

use std::str::FromStr;

/// A name with room for the number of a frame, or one without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameName {
    before: String,
    number: Option<Number>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Number {
    /// Fewest digits.
    digits: usize,
    /// What comes behind it.
    after: String,
}

impl FrameName {
    /// Most digits that make sense: no clip has more frames.
    const MAX_DIGITS: usize = 9;

    /// Whether there is room for a number in it.
    pub fn is_pattern(&self) -> bool {
        self.number.is_some()
    }

    /// The name of frame number `frame`.
    pub fn of(&self, frame: usize) -> String {
        match &self.number {
            Some(Number { digits, after }) => format!("{}{frame:0digits$}{after}", self.before),
            None => self.before.clone(),
        }
    }

    /// Whether `name` is that of a frame.
    pub fn is_of_frame(&self, name: &str) -> bool {
        let Some(Number { digits, after }) = &self.number else {
            return name == self.before;
        };
        let number = name
            .strip_prefix(self.before.as_str())
            .and_then(|name| name.strip_suffix(after.as_str()));
        number.is_some_and(|number| {
            number.len() >= *digits && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    }

    /// A glob that all names of frames match.
    pub fn glob(&self) -> String {
        let before = glob::Pattern::escape(&self.before);
        match &self.number {
            Some(Number { after, .. }) => format!("{before}*{}", glob::Pattern::escape(after)),
            None => before,
        }
    }
}

impl FromStr for FrameName {
    type Err = String;

    /// "out/{frame:04}.ply", "out/{:04}.ply", "out/{frame}.ply", "out/{}.ply" or "out.ply".
    fn from_str(text: &str) -> Result<Self, String> {
        let Some((before, rest)) = text.split_once('{') else {
            return Ok(Self {
                before: text.to_owned(),
                number: None,
            });
        };
        let parsed = rest.split_once('}').and_then(|(inside, after)| {
            let digits = match inside.strip_prefix("frame").unwrap_or(inside) {
                "" => 1,
                digits => digits.strip_prefix(":0")?.parse().ok()?,
            };
            let is_one = (1..=Self::MAX_DIGITS).contains(&digits) && !after.contains('{');
            is_one.then(|| Self {
                before: before.to_owned(),
                number: Some(Number {
                    digits,
                    after: after.to_owned(),
                }),
            })
        });
        parsed.ok_or_else(|| "expected one number in braces, like out_{frame:04}.ply".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> FrameName {
        text.parse().expect("a name")
    }

    #[test]
    fn a_number_takes_the_place_of_the_braces() {
        for (text, frame, wanted) in [
            ("a/{frame:04}.ply", 7, "a/0007.ply"),
            ("a_{:03}b.spz", 1234, "a_1234b.spz"),
            ("{frame}.ply", 12, "12.ply"),
            ("{}.ply", 12, "12.ply"),
            ("a}.ply", 12, "a}.ply"),
        ] {
            assert_eq!(name(text).of(frame), wanted);
            assert!(name(text).is_of_frame(wanted), "{wanted}");
            let glob = glob::Pattern::new(&name(text).glob()).expect("a glob");
            assert!(glob.matches(wanted), "{wanted}");
        }
        assert!(!name("a.ply").is_pattern());
        assert!(name("{}.ply").is_pattern());
    }

    #[test]
    fn names_of_other_files_are_told() {
        let frames = name("a[1]/f_{:03}.ply");
        for other in [
            "a[1]/f_12.ply",
            "a[1]/f_.ply",
            "a[1]/f_0x1.ply",
            "a1/f_001.ply",
            "a[1]/f_001.spz",
            "a[1]/f_00\u{663}1.ply",
        ] {
            assert!(!frames.is_of_frame(other), "{other}");
        }
        let glob = glob::Pattern::new(&frames.glob()).expect("a glob");
        assert!(glob.matches("a[1]/f_001.ply") && !glob.matches("a1/f_001.ply"));
    }

    #[test]
    fn what_is_no_number_in_braces_is_refused() {
        for bad in [
            "{",
            "{frame:4}.ply",
            "{frame:0}.ply",
            "{frame:010}.ply",
            "{time}.ply",
            "{frame}{frame}.ply",
        ] {
            assert!(bad.parse::<FrameName>().is_err(), "{bad}");
        }
    }
}
