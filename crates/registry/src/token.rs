//! Tokens for pages and cursors: they say where to go on, and cannot be altered or used for another question.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

/// Bytes of the code in front of the content: enough that guessing is hopeless, half of SHA-256's.
const CODE: usize = 16;

/// What tokens are sealed with.
#[derive(Clone, Debug)]
pub(crate) struct TokenKey(hmac::Key);

impl TokenKey {
    /// Bytes a key should have.
    pub(crate) const LEN: usize = 32;

    pub(crate) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// A token with this content, good for this question only.
    pub(crate) fn seal(&self, question: &[&str], content: &[u8]) -> String {
        let mut bytes = self.code(question, content).to_vec();
        bytes.extend_from_slice(content);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The content, if we made the token for this question.
    pub(crate) fn open(&self, question: &[&str], token: &str) -> Option<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        if bytes.len() < CODE {
            return None;
        }
        let content = bytes.split_off(CODE);
        let expected = self.code(question, &content);
        // Compared in constant time, by comparing codes of the two under a key nobody has seen.
        let compared = hmac::sign(&self.0, &bytes);
        hmac::verify(&self.0, &expected, compared.as_ref()).ok().map(|()| content)
    }

    fn code(&self, question: &[&str], content: &[u8]) -> [u8; CODE] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in question {
            // With its length, so that ("ab", "c") is not ("a", "bc").
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        context.update(content);
        let mut code = [0; CODE];
        code.copy_from_slice(&context.sign().as_ref()[..CODE]);
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_answers_its_own_question_only() {
        let key = TokenKey::new(&[7; 32]);
        let token = key.seal(&["missions", "ab", "c"], b"here");
        assert_eq!(key.open(&["missions", "ab", "c"], &token).as_deref(), Some(&b"here"[..]));
        assert_eq!(key.open(&["missions", "a", "bc"], &token), None);
        assert_eq!(TokenKey::new(&[8; 32]).open(&["missions", "ab", "c"], &token), None);
        assert_eq!(key.open(&["missions", "ab", "c"], "AAAA"), None);
        assert_eq!(key.open(&["missions", "ab", "c"], "no base64!"), None);
    }

    #[test]
    fn no_altered_byte_passes() {
        let key = TokenKey::new(&[7; 32]);
        let token = key.seal(&["missions"], b"missions/fr");
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for n in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[n] ^= 1;
            assert_eq!(key.open(&["missions"], &URL_SAFE_NO_PAD.encode(altered)), None, "byte {n}");
        }
    }

    proptest! {
        #[test]
        fn what_we_did_not_make_is_no_token(text in "\\PC{0,120}", bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let key = TokenKey::new(&[7; 32]);
            prop_assert_eq!(key.open(&["missions"], &text), None);
            prop_assert_eq!(key.open(&["missions"], &URL_SAFE_NO_PAD.encode(&bytes)), None);
            let token = key.seal(&["missions", &text], &bytes);
            prop_assert_eq!(key.open(&["missions", &text], &token), Some(bytes));
        }
    }
}
