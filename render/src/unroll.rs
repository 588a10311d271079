//! Unrolls loops in the text of a shader.
//!
//! Registers cannot be indexed by a variable: an array that is ends in slow memory on most devices.
//! So `#repeat NAME COUNT` … `#end` is written out COUNT times (a number or one of the constants), with
//! `{NAME}` replaced by 0, 1, … ; `{a+b}` is a sum.

/// Text with its repetitions written out.
///
/// What is not understood stays as it is, and the compiler's message then names it.
pub fn unroll(text: &str, constants: &[(&str, u32)]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut unrolled = String::new();
    append(&mut unrolled, &lines, constants, &mut Vec::new());
    unrolled
}

/// Appends lines with what the enclosing repetitions have counted.
fn append<'a>(
    unrolled: &mut String,
    lines: &[&'a str],
    constants: &[(&str, u32)],
    counters: &mut Vec<(&'a str, u32)>,
) {
    let mut next = 0;
    while let Some(line) = lines.get(next) {
        next += 1;
        if let Some((name, count)) = repetition(line, constants) {
            let body = &lines[next..];
            let end = matching_end(body);
            for value in 0..count {
                counters.push((name, value));
                append(unrolled, &body[..end], constants, counters);
                counters.pop();
            }
            next += end + 1;
        } else {
            substitute(unrolled, line, counters);
            unrolled.push('\n');
        }
    }
}

/// Counter and count of a line that begins a repetition.
fn repetition<'a>(line: &'a str, constants: &[(&str, u32)]) -> Option<(&'a str, u32)> {
    let (name, count) = line.strip_prefix("#repeat ")?.trim().split_once(' ')?;
    let constant = || constants.iter().find(|(known, _)| *known == count);
    let count = count
        .parse()
        .ok()
        .or_else(|| constant().map(|(_, value)| *value))?;
    Some((name, count))
}

/// How many lines there are in front of the `#end` of a repetition.
fn matching_end(body: &[&str]) -> usize {
    let mut depth = 0;
    for (index, line) in body.iter().enumerate() {
        if line.starts_with("#repeat ") {
            depth += 1;
        } else if line.starts_with("#end") {
            if depth == 0 {
                return index;
            }
            depth -= 1;
        }
    }
    body.len()
}

/// Appends a line with sums of counters in braces replaced by their value.
fn substitute(unrolled: &mut String, line: &str, counters: &[(&str, u32)]) {
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('{') {
        unrolled.push_str(before);
        let sum = behind.split_once('}').and_then(|(terms, after)| {
            let value = |term| {
                let counter = counters.iter().rev().find(|(name, _)| *name == term);
                counter.map(|(_, value)| *value)
            };
            let sum: Option<u32> = terms.split('+').map(value).sum();
            sum.map(|sum| (sum, after))
        });
        match sum {
            Some((sum, after)) => {
                unrolled.push_str(&sum.to_string());
                rest = after;
            }
            None => {
                unrolled.push('{');
                rest = behind;
            }
        }
    }
    unrolled.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_repetitions_and_sums() {
        let text = "fn f() {\n#repeat a 2\n#repeat b N\nx{a+b} = y[{a}][{b}];\n#end\n#end\n}\n";
        let expected = "fn f() {\nx0 = y[0][0];\nx1 = y[0][1];\nx2 = y[0][2];\n\
                        x1 = y[1][0];\nx2 = y[1][1];\nx3 = y[1][2];\n}\n";
        assert_eq!(unroll(text, &[("N", 3)]), expected);
    }

    #[test]
    fn what_is_not_understood_stays() {
        for text in ["#repeat a M\nx\n", "if a { b{c} }\n", "{\n"] {
            assert_eq!(unroll(text, &[("N", 3)]), text);
        }
        assert_eq!(unroll("#repeat a 2\nx{a}\n", &[]), "x0\nx1\n");
        assert_eq!(unroll("#repeat a 0\nx{a}\n#end\ny", &[]), "y\n");
    }
}
