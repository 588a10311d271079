//! Finding what was meant by a few letters.

/// A letter that follows the one before it.
const NEXT: i32 = 5;
/// A letter that starts a word.
const WORD_START: i32 = 8;
/// The very first letter.
const TEXT_START: i32 = 2;
/// Most that a gap costs.
const GAP_MAX: usize = 3;
/// Letters that may be left out within a word.
const SKIP_MAX: usize = 2;
/// What a letter must be worth on average: letters that are merely there in this order are no match.
const WORTH_MIN: i32 = 3;
/// A longer query is no search for anything.
const QUERY_MAX: usize = 200;

/// How well `query` fits `text`, the more the better; `None` when it does not. The letters of every
/// word of the query must be there in their order. Case and the dots of umlauts do not count.
pub fn score(query: &str, text: &str) -> Option<i32> {
    let text = fold(text);
    let mut sum = 0;
    for word in query.split_whitespace().take(QUERY_MAX) {
        sum += word_score(&fold(word), &text)?;
    }
    // Of two that fit equally well, the shorter has less that was not asked for.
    Some(sum - (text.len() / 8) as i32)
}

/// Whether every word of `query` stands in `text` as it is.
pub fn contains(query: &str, text: &str) -> bool {
    let text: String = fold(text).into_iter().collect();
    query.split_whitespace().all(|word| {
        let word: String = fold(word).into_iter().collect();
        text.contains(&word)
    })
}

/// Letters as they are compared.
fn fold(text: &str) -> Vec<char> {
    let mut folded = Vec::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'ä' => folded.push('a'),
            'ö' => folded.push('o'),
            'ü' => folded.push('u'),
            'ß' => folded.extend(['s', 's']),
            other => folded.push(other),
        }
    }
    folded
}

/// The best way to find the letters of `word` in `text`, one behind the other.
fn word_score(word: &[char], text: &[char]) -> Option<i32> {
    if word.len() > text.len() {
        return None;
    }
    // The best scores of ways whose last letter is at each place of the text.
    let mut best: Vec<Option<i32>> = Vec::new();
    for (index, letter) in word.iter().enumerate() {
        let row = (0..text.len()).map(|at| {
            if text[at] != *letter {
                return None;
            }
            let before = if index == 0 {
                0
            } else {
                way_to(&best, at, starts_word(text, at))?
            };
            Some(before + letter_score(text, at))
        });
        best = row.collect();
    }
    let score = best.into_iter().flatten().max()?;
    let length = word.len() as i32;
    (score >= WORTH_MIN * length - 2).then_some(score)
}

/// The best way to a letter at `at`, where `best` are the ways to the letter before it. From
/// anywhere a way leads to the start of a word, but only a short one into its middle.
fn way_to(best: &[Option<i32>], at: usize, starts_word: bool) -> Option<i32> {
    let ways = best[..at].iter().enumerate().filter_map(|(from, score)| {
        let gap = at - from - 1;
        if gap > SKIP_MAX && !starts_word {
            return None;
        }
        let step = if gap == 0 {
            NEXT
        } else {
            -(gap.min(GAP_MAX) as i32)
        };
        Some((*score)? + step)
    });
    ways.max()
}

fn letter_score(text: &[char], at: usize) -> i32 {
    let start = if at == 0 { TEXT_START } else { 0 };
    let word = if starts_word(text, at) { WORD_START } else { 0 };
    1 + start + word
}

fn starts_word(text: &[char], at: usize) -> bool {
    at == 0 || (!text[at - 1].is_alphanumeric() && text[at].is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts that fit, best first.
    fn found(query: &str, texts: &[&'static str]) -> Vec<&'static str> {
        let scored = texts
            .iter()
            .filter_map(|text| Some((score(query, text)?, *text)));
        let mut scored: Vec<_> = scored.collect();
        scored.sort_by_key(|(score, _)| -score);
        scored.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn what_was_meant_comes_first() {
        let texts = [
            "Save a screenshot without background",
            "Full screen",
            "Save a screenshot",
            "Go to the first frame",
        ];
        assert_eq!(
            found("screen", &texts),
            [
                "Full screen",
                "Save a screenshot",
                "Save a screenshot without background"
            ]
        );
        assert_eq!(found("sas", &texts)[0], "Save a screenshot");
        assert_eq!(found("fs", &texts)[0], "Full screen");
        assert_eq!(found("scr full", &texts), ["Full screen"]);
        assert_eq!(found("", &texts).len(), texts.len());
    }

    #[test]
    fn scattered_letters_are_no_match() {
        assert_eq!(score("camera", "Choose what happens at the end"), None);
        assert_eq!(score("sfe", "Keep the window on top"), None);
        assert_eq!(score("scr", "Schneller"), None);
        assert_eq!(score("longer than it", "long"), None);
        assert!(score("x", "Next up axis").is_some());
    }

    #[test]
    fn case_and_umlauts_do_not_count() {
        let title = "Größeres Sichtfeld";
        assert_eq!(score("gro", title), score("GRÖ", title));
        assert!(score("grosseres", title).is_some());
        assert!(contains("SICHT größ", title) && contains("", title));
        assert!(!contains("gsf", title));
    }

    #[test]
    fn long_and_strange_queries_are_harmless() {
        assert!(score(&"ab ".repeat(100_000), "Abba").is_some());
        assert_eq!(score(&"ab".repeat(100_000), "Abba"), None);
        for query in ["\u{0}", "🙂", "İ", "  \u{2028} ", "ẞ"] {
            score(query, "Straße");
            contains(query, "Straße");
        }
    }
}
