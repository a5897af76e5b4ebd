//! A text that matches a regular expression: short, and the same every time.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Letters and digits to choose from, so that samples read as what they are.
const WISHES: &str = "example7EXAMPLE";

/// A sample for the expression; nothing if the expression is broken.
pub(crate) fn matching(pattern: &str) -> Option<String> {
    let mut text = String::new();
    write(&regex_syntax::parse(pattern).ok()?, &mut text);
    Some(text)
}

fn write(part: &Hir, text: &mut String) {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.push(choose(class, text.len())),
        HirKind::Capture(capture) => write(&capture.sub, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, text)),
        HirKind::Alternation(parts) => parts.iter().take(1).for_each(|part| write(part, text)),
        HirKind::Repetition(repetition) => {
            // Enough to show the form, not to fill it.
            let most = repetition.max.unwrap_or(u32::MAX);
            for _ in 0..repetition.min.max(most.min(5)) {
                write(&repetition.sub, text);
            }
        }
    }
}

/// The wish whose turn it is, or the next one in the class, or the class's first character.
fn choose(class: &Class, at: usize) -> char {
    let wishes: Vec<char> = WISHES.chars().collect();
    let in_turn = (0..wishes.len()).map(|step| wishes[(at + step) % wishes.len()]);
    match class {
        Class::Unicode(class) => {
            let has = |wish: &char| class.ranges().iter().any(|range| range.start() <= *wish && *wish <= range.end());
            in_turn.into_iter().find(has).or_else(|| class.ranges().first().map(|range| range.start())).unwrap_or('x')
        }
        Class::Bytes(class) => class.ranges().first().map_or('x', |range| char::from(range.start())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_matches_its_expression() {
        for pattern in [
            "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
            "people/[a-z0-9-]{1,63}",
            "[A-Z0-9]{3,15}",
            r"\+[0-9][0-9 ().\-]{3,30}",
            "missions/[^/]+",
            "a|b",
        ] {
            let sample = matching(pattern).expect("the expression is sound");
            let whole = regex::Regex::new(&format!("^(?:{pattern})$")).expect("the expression is sound");
            assert!(whole.is_match(&sample), "{sample} for {pattern}");
        }
    }
}
