//! A filter's grammar (AIP-160): `OR` binds tighter than `AND`; `NOT` and `-` bind tightest.

use super::lexer::{Token, Word, words};
use super::{Comparator, DEEPEST, Expr, MOST_TESTS, Test, Value, misunderstood};
use fault::Fault;

/// Reads a filter. None if it is empty: then every record passes.
///
/// # Errors
/// `INVALID_FILTER`, saying what is wrong and where.
pub(crate) fn parse(filter: &str) -> Result<Option<Expr>, Fault> {
    let words = words(filter)?;
    if words.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { words: words.into_iter().peekable(), end: filter.len(), tests: 0 };
    let all = parser.all(0)?;
    match parser.words.next() {
        None => Ok(Some(all)),
        Some(word) => Err(misunderstood(format!("AND or OR is missing before what begins at {}", word.at))),
    }
}

struct Parser {
    words: std::iter::Peekable<std::vec::IntoIter<Word>>,
    end: usize,
    tests: usize,
}

impl Parser {
    /// `any AND any …`
    fn all(&mut self, depth: usize) -> Result<Expr, Fault> {
        let mut parts = vec![self.any(depth)?];
        while self.takes("AND") {
            parts.push(self.any(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expr::All(parts) })
    }

    /// `term OR term …`
    fn any(&mut self, depth: usize) -> Result<Expr, Fault> {
        let mut parts = vec![self.term(depth)?];
        while self.takes("OR") {
            parts.push(self.term(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expr::Any(parts) })
    }

    /// `NOT term`, `(all)` or a comparison.
    fn term(&mut self, depth: usize) -> Result<Expr, Fault> {
        if depth > DEEPEST {
            return Err(misunderstood(format!("the filter is nested more than {DEEPEST} deep")));
        }
        if self.takes("NOT") || self.takes("-") {
            return Ok(Expr::Not(Box::new(self.term(depth + 1)?)));
        }
        let word = self.next("a comparison")?;
        match word.token {
            Token::Open => {
                let inside = self.all(depth + 1)?;
                match self.next("a closing parenthesis")? {
                    Word { token: Token::Close, .. } => Ok(inside),
                    other => Err(misunderstood(format!("a closing parenthesis is missing at {}", other.at))),
                }
            }
            Token::Bare(field) => match field.strip_prefix('-') {
                Some(field) => Ok(Expr::Not(Box::new(self.test(field.to_owned())?))),
                None => self.test(field),
            },
            _ => Err(misunderstood(format!("a field is missing at {}", word.at))),
        }
    }

    fn test(&mut self, field: String) -> Result<Expr, Fault> {
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return Err(misunderstood(format!("the filter has more than {MOST_TESTS} comparisons")));
        }
        let comparator = self.comparator(&field)?;
        let word = self.next("a value")?;
        let value = match word.token {
            Token::Quoted(text) => Value::Quoted(text),
            Token::Bare(text) => Value::Bare(text),
            _ => return Err(misunderstood(format!("a value is missing at {}", word.at))),
        };
        Ok(Expr::Test(Test { field, comparator, value }))
    }

    fn comparator(&mut self, field: &str) -> Result<Comparator, Fault> {
        match self.next("a comparison")? {
            Word { token: Token::Comparator(comparator), .. } => Ok(comparator),
            Word { at, .. } => {
                Err(misunderstood(format!("{field} is to be compared with =, !=, <, <=, >, >= or : at {at}")))
            }
        }
    }

    fn takes(&mut self, keyword: &str) -> bool {
        self.words.next_if(|word| matches!(&word.token, Token::Bare(text) if text == keyword)).is_some()
    }

    fn next(&mut self, wanted: &str) -> Result<Word, Fault> {
        let end = self.end;
        self.words.next().ok_or_else(|| misunderstood(format!("{wanted} is missing at the end, at {end}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn test(field: &str, comparator: Comparator, value: Value) -> Expr {
        Expr::Test(Test { field: field.to_owned(), comparator, value })
    }

    fn is(field: &str, value: &str) -> Expr {
        test(field, Comparator::Equal, Value::Bare(value.to_owned()))
    }

    #[test]
    fn or_binds_tighter_than_and_as_the_proposal_says() {
        let expected = Expr::All(vec![is("a", "1"), Expr::Any(vec![is("b", "2"), is("c", "3")]), is("d", "4")]);
        assert_eq!(parse("a=1 AND b=2 OR c=3 AND d=4").unwrap(), Some(expected));
        let grouped = Expr::Any(vec![Expr::All(vec![is("a", "1"), is("b", "2")]), is("c", "3")]);
        assert_eq!(parse("(a = 1 AND b = 2) OR c = 3").unwrap(), Some(grouped));
    }

    #[test]
    fn negation_quotes_and_presence() {
        assert_eq!(parse("NOT a=1").unwrap(), Some(Expr::Not(Box::new(is("a", "1")))));
        assert_eq!(parse("-a=1").unwrap(), Some(Expr::Not(Box::new(is("a", "1")))));
        let quoted = test("title", Comparator::Unequal, Value::Quoted("L'Ambassade \"de\" France".to_owned()));
        assert_eq!(parse(r#"title != "L'Ambassade \"de\" France""#).unwrap(), Some(quoted));
        let present = test("openTime", Comparator::Has, Value::Bare("*".to_owned()));
        assert_eq!(parse("openTime:*").unwrap(), Some(present));
        assert_eq!(parse("  ").unwrap(), None);
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_says_where() {
        for (filter, words) in [
            ("a", "a comparison is missing"),
            ("a =", "a value is missing"),
            ("a = 1 b = 2", "AND or OR is missing"),
            ("(a = 1", "a closing parenthesis is missing"),
            ("a = \"1", "does not end"),
            ("= 1", "a field is missing"),
            ("a ; 1", "has no meaning"),
            ("a b 1", "is to be compared"),
        ] {
            let fault = parse(filter).unwrap_err();
            assert_eq!(fault.reason(), "INVALID_FILTER");
            assert!(fault.message().contains(words), "{filter}: {fault}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = format!("{}a=1{}", "(".repeat(1000), ")".repeat(1000));
        assert!(parse(&deep).unwrap_err().message().contains("deep"));
        let nots = format!("{}a=1", "NOT ".repeat(900));
        assert!(parse(&nots).unwrap_err().message().contains("deep"));
        let many = vec!["a=1"; 61].join(" OR ");
        assert!(parse(&many).unwrap_err().message().contains("comparisons"));
        assert!(parse(&"a".repeat(5000)).unwrap_err().message().contains("longer"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(filter in ".{0,300}") {
            drop(parse(&filter));
        }

        #[test]
        fn nothing_built_of_words_breaks_the_parser(
            words in prop::collection::vec(
                prop::sample::select(
                    vec!["a", "AND", "OR", "NOT", "-", "(", ")", "=", "!=", "<", ">=", ":", "*", "\"x\"", "'", "1"],
                ),
                0..60,
            )
        ) {
            drop(parse(&words.join(" ")));
        }
    }
}
