//! The header in which a credential comes.

use http::{HeaderMap, header};

/// The one bearer credential of the headers (RFC 6750, section 2.1). Two are none: which of them counted would be a guess.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let (scheme, text) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !text.is_empty()).then_some(text)
}

/// Whether a credential says that it is a key, and no token.
pub(super) fn is_key_text(text: &str) -> bool {
    text.starts_with("lg_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn one_bearer_credential_is_read_and_two_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(bearer(&headers), None);
        headers.insert("authorization", HeaderValue::from_static("bEARER abc"));
        assert_eq!(bearer(&headers), Some("abc"));
        headers.append("authorization", HeaderValue::from_static("Bearer def"));
        assert_eq!(bearer(&headers), None);
        for text in ["Basic abc", "Bearer", "Bearer ", "abc"] {
            headers.insert("authorization", HeaderValue::from_static(text));
            assert_eq!(bearer(&headers), None, "{text}");
        }
    }
}
