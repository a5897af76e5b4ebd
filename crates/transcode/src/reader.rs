//! A strict JSON reader (RFC 8259) that is asked for one thing at a time, so that its caller can go on past a mistake.

use crate::number::number_length;
use crate::refusal::Malformed;
use crate::text::special;
use std::borrow::Cow;
use std::collections::HashSet;

/// The most objects and lists inside one another.
pub const DEEPEST_JSON: usize = 32;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Object,
    List,
    Text,
    Number,
    Bool,
    Null,
}

impl Token {
    /// What to call it in a violation.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::List => "a list",
            Self::Text => "text",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Null => "null",
        }
    }
}

/// JSON text being read from front to back.
pub(crate) struct Reader<'j> {
    text: &'j str,
    at: usize,
    depth: usize,
    /// Whether the innermost object or list has shown nothing yet.
    fresh: bool,
}

impl<'j> Reader<'j> {
    pub(crate) fn new(json: &'j [u8]) -> Result<Self, Malformed> {
        match std::str::from_utf8(json) {
            Ok(text) => Ok(Self { text, at: 0, depth: 0, fresh: true }),
            Err(error) => Err(malformed(json, error.valid_up_to(), "it is not UTF-8")),
        }
    }

    /// What the next value is; nothing is consumed but space.
    #[inline]
    pub(crate) fn peek(&mut self) -> Result<Token, Malformed> {
        self.space();
        match self.byte() {
            Some(b'"') => Ok(Token::Text),
            Some(b'{') => Ok(Token::Object),
            Some(b'[') => Ok(Token::List),
            Some(b'-' | b'0'..=b'9') => Ok(Token::Number),
            Some(b't' | b'f') => Ok(Token::Bool),
            Some(b'n') => Ok(Token::Null),
            _ => Err(self.fail("a value was expected")),
        }
    }

    /// Enters the object or list that was peeked.
    pub(crate) fn enter(&mut self) -> Result<(), Malformed> {
        if self.depth == DEEPEST_JSON {
            return Err(self.fail(&format!("it is nested deeper than {DEEPEST_JSON} levels")));
        }
        self.depth += 1;
        self.at += 1;
        self.fresh = true;
        Ok(())
    }

    /// The next key of the object that was entered, its colon consumed; none at its end.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<Option<Cow<'j, str>>, Malformed> {
        if !self.go_on(b'}')? {
            return Ok(None);
        }
        if self.byte() != Some(b'"') {
            return Err(self.fail("a key in double quotes was expected"));
        }
        let key = self.string()?;
        self.space();
        if self.byte() != Some(b':') {
            return Err(self.fail("a colon was expected"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Whether the list that was entered has a next item.
    #[inline]
    pub(crate) fn item(&mut self) -> Result<bool, Malformed> {
        self.go_on(b']')
    }

    /// Steps over the comma to what comes next, or over the end.
    #[inline]
    fn go_on(&mut self, end: u8) -> Result<bool, Malformed> {
        self.space();
        match self.byte() {
            Some(byte) if byte == end => {
                self.at += 1;
                self.depth -= 1;
                self.fresh = false;
                return Ok(false);
            }
            Some(b',') if !self.fresh => {
                self.at += 1;
                self.space();
            }
            Some(_) if self.fresh => {}
            _ => return Err(self.fail(&format!("a comma or {} was expected", char::from(end)))),
        }
        self.fresh = false;
        Ok(true)
    }

    /// The text that was peeked.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Cow<'j, str>, Malformed> {
        let start = self.at + 1;
        self.at = start;
        self.plain();
        if self.byte() == Some(b'"') {
            let text = &self.text[start..self.at];
            self.at += 1;
            return Ok(Cow::Borrowed(text));
        }
        self.escaped(start).map(Cow::Owned)
    }

    /// Goes to the next byte that JSON text cannot hold as it is.
    #[inline]
    fn plain(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(word) = bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            let found = special(u64::from_le_bytes(*word));
            if found != 0 {
                self.at += found.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while bytes.get(self.at).is_some_and(|&byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
            self.at += 1;
        }
    }

    fn escaped(&mut self, start: usize) -> Result<String, Malformed> {
        let mut text = self.text[start..self.at].to_owned();
        loop {
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    let c = self.escape()?;
                    text.push(c);
                }
                Some(_) => return Err(self.fail("a control character in text must be escaped")),
                None => return Err(self.fail("the text does not end")),
            }
            let from = self.at;
            self.plain();
            text.push_str(&self.text[from..self.at]);
        }
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        let letter = self.text.as_bytes().get(self.at + 1).copied();
        let c = match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hex()?;
                if let Some(c) = char::from_u32(first) {
                    return Ok(c);
                }
                let second = if self.byte() == Some(b'\\') { self.hex()? } else { 0 };
                let pair = char::decode_utf16([first as u16, second as u16]).next();
                return pair.and_then(Result::ok).ok_or_else(|| self.fail("half of a surrogate pair is missing"));
            }
            _ => return Err(self.fail("the escape is unknown")),
        };
        self.at += 2;
        Ok(c)
    }

    /// The four digits of `\u0000`.
    fn hex(&mut self) -> Result<u32, Malformed> {
        let digits = match self.text.as_bytes().get(self.at..self.at + 6) {
            Some([b'\\', b'u', digits @ ..]) => digits,
            _ => return Err(self.fail("the escape is unknown")),
        };
        let value = digits.iter().try_fold(0, |value, &byte| Some(value * 16 + char::from(byte).to_digit(16)?));
        let value = value.ok_or_else(|| self.fail("the escape needs four hexadecimal digits"))?;
        self.at += 6;
        Ok(value)
    }

    /// The number that was peeked, as it is written.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<&'j str, Malformed> {
        let rest = &self.text[self.at..];
        let length = number_length(rest.as_bytes()).ok_or_else(|| self.fail("the number is incomplete"))?;
        self.at += length;
        Ok(&rest[..length])
    }

    /// The `true` or `false` that was peeked.
    pub(crate) fn boolean(&mut self) -> Result<bool, Malformed> {
        let value = self.byte() == Some(b't');
        self.literal(if value { "true" } else { "false" })?;
        Ok(value)
    }

    /// The `null` that was peeked.
    pub(crate) fn null(&mut self) -> Result<(), Malformed> {
        self.literal("null")
    }

    fn literal(&mut self, word: &str) -> Result<(), Malformed> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.fail("a value was expected"));
        }
        self.at += word.len();
        Ok(())
    }

    /// Reads past one value of any kind, and says what would be wrong with it wherever it stood.
    pub(crate) fn skip(&mut self) -> Result<Option<&'static str>, Malformed> {
        let mut wrong = None;
        match self.peek()? {
            Token::Object => {
                self.enter()?;
                let mut keys = HashSet::new();
                while let Some(key) = self.key()? {
                    wrong = wrong.or(nul(&key));
                    if !keys.insert(key) {
                        wrong = wrong.or(Some("has a key twice"));
                    }
                    wrong = self.skip()?.or(wrong);
                }
            }
            Token::List => {
                self.enter()?;
                while self.item()? {
                    wrong = self.skip()?.or(wrong);
                }
            }
            Token::Text => wrong = nul(&self.string()?),
            Token::Number => drop(self.number()?),
            Token::Bool => drop(self.boolean()?),
            Token::Null => self.null()?,
        }
        Ok(wrong)
    }

    /// As [`Self::skip`], with the value as it is written.
    pub(crate) fn raw(&mut self) -> Result<(&'j str, Option<&'static str>), Malformed> {
        self.space();
        let start = self.at;
        let wrong = self.skip()?;
        Ok((&self.text[start..self.at], wrong))
    }

    /// Only space may be left.
    pub(crate) fn end(&mut self) -> Result<(), Malformed> {
        self.space();
        if self.at < self.text.len() {
            return Err(self.fail("something follows the end"));
        }
        Ok(())
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    /// What is wrong where the reader stands; at the end of the text that is always the same.
    #[cold]
    fn fail(&self, message: &str) -> Malformed {
        let message = if self.at >= self.text.len() { "it ends too early" } else { message };
        malformed(self.text.as_bytes(), self.at, message)
    }
}

fn nul(text: &str) -> Option<&'static str> {
    text.contains('\0').then_some("must not contain the character NUL")
}

#[cold]
fn malformed(json: &[u8], at: usize, message: &str) -> Malformed {
    let before = String::from_utf8_lossy(&json[..at]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    Malformed { message: message.to_owned(), line, column }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reads(json: &[u8]) -> Result<(), Malformed> {
        let mut reader = Reader::new(json)?;
        reader.skip()?;
        reader.end()
    }

    #[test]
    fn what_cannot_be_read_is_told_by_line_and_column() {
        let told = |json: &[u8]| reads(json).map_err(|e| (e.message, e.line, e.column));
        let says = |message: &str, line, column| Err((message.to_owned(), line, column));
        assert_eq!(told(b"{\n  \"a\": tru }"), says("a value was expected", 2, 8));
        assert_eq!(told("{\"é\": 1,}".as_bytes()), says("a key in double quotes was expected", 1, 9));
        assert_eq!(told(b"{} x"), says("something follows the end", 1, 4));
        assert_eq!(told(b"\"a\xff\""), says("it is not UTF-8", 1, 3));
        assert_eq!(told(b"[1, 2"), says("it ends too early", 1, 6));
        assert_eq!(told(b"\"a\nb\""), says("a control character in text must be escaped", 1, 3));
        assert_eq!(told(b""), says("it ends too early", 1, 1));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(reads(nested(DEEPEST_JSON).as_bytes()), Ok(()));
        assert!(reads(nested(DEEPEST_JSON + 1).as_bytes()).unwrap_err().message.contains("deeper than 32"));
        assert!(reads("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn surrogates_come_in_pairs() {
        let text = |json: &str| Reader::new(json.as_bytes()).unwrap().string().map(Cow::into_owned);
        assert_eq!(text(r#""\ud83d\ude00""#).unwrap(), "\u{1F600}");
        for wrong in [r#""\ud83d""#, r#""\ude00\ud83d""#, r#""\ud83dx""#, r#""\ud83d\n""#, r#""\u12g4""#, r#""\x""#] {
            assert!(text(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        /// Whatever serde_json takes for JSON this takes too, and the other way round.
        #[test]
        fn agrees_with_serde_json(text in r#"[-{}\[\]",:.eE+0-9a-u\\ \n]{0,24}"#) {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // serde_json refuses numbers past the range of a double; the grammar does not.
            prop_assume!(!theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range")));
            prop_assert_eq!(reads(text.as_bytes()).is_ok(), theirs.is_ok());
        }
    }
}
