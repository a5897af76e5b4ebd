//! The words of a filter.

use super::{Comparator, LONGEST, misunderstood};
use fault::Fault;
use std::iter::Peekable;
use std::str::CharIndices;

/// A word, and where it begins, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word {
    pub(crate) token: Token,
    pub(crate) at: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Open,
    Close,
    Comparator(Comparator),
    /// Text in quotes, without them.
    Quoted(String),
    /// A name, a number, `AND`, `*`, `-`.
    Bare(String),
}

/// Cuts a filter into words.
pub(crate) fn words(filter: &str) -> Result<Vec<Word>, Fault> {
    if filter.len() > LONGEST {
        return Err(misunderstood(format!("the filter is longer than {LONGEST} bytes")));
    }
    let mut words = Vec::new();
    let mut rest = filter.char_indices().peekable();
    while let Some((at, first)) = rest.next() {
        let mut followed_by = |wanted| rest.next_if(|(_, next)| *next == wanted).is_some();
        let token = match first {
            _ if first.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '=' => Token::Comparator(Comparator::Equal),
            ':' => Token::Comparator(Comparator::Has),
            '!' if followed_by('=') => Token::Comparator(Comparator::Unequal),
            '<' if followed_by('=') => Token::Comparator(Comparator::LessOrEqual),
            '<' => Token::Comparator(Comparator::Less),
            '>' if followed_by('=') => Token::Comparator(Comparator::GreaterOrEqual),
            '>' => Token::Comparator(Comparator::Greater),
            '"' | '\'' => Token::Quoted(quoted(&mut rest, first, at)?),
            _ if is_bare(first) => {
                let mut text = String::from(first);
                while let Some((_, next)) = rest.next_if(|(_, next)| is_bare(*next)) {
                    text.push(next);
                }
                Token::Bare(text)
            }
            _ => return Err(misunderstood(format!("{first:?} at {at} has no meaning in a filter"))),
        };
        words.push(Word { token, at });
    }
    Ok(words)
}

/// The rest of a quotation, without the quote that ends it.
fn quoted(rest: &mut Peekable<CharIndices<'_>>, quote: char, at: usize) -> Result<String, Fault> {
    let mut text = String::new();
    while let Some((_, next)) = rest.next() {
        match next {
            '\0' => return Err(misunderstood("a filter cannot hold NUL")),
            '\\' => match rest.next() {
                Some((_, escaped @ ('\\' | '"' | '\''))) => text.push(escaped),
                Some((_, other)) => return Err(misunderstood(format!("\\{other} has no meaning in a quotation"))),
                None => break,
            },
            _ if next == quote => return Ok(text),
            _ => text.push(next),
        }
    }
    Err(misunderstood(format!("the quotation that begins at {at} does not end")))
}

fn is_bare(letter: char) -> bool {
    letter.is_alphanumeric() || "_-.+*/@".contains(letter)
}
