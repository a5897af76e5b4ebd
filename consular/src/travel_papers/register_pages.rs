//! The addresses that papers bear: a public page that asks a register, with what the paper is known by added.

use config::Url;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A page that can be asked about something: an address to which a query is added.
///
/// # Errors
/// Why it is none.
pub(super) fn is_page(page: &Option<Url>) -> Result<(), String> {
    let more = page.as_ref().is_some_and(|page| page.contains(['?', '#']));
    if more { Err("has a query or a fragment already".into()) } else { Ok(()) }
}

/// What is escaped in a value: all but the unreserved characters (RFC 3986, 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The page's address with these values added.
pub(super) fn asking(page: &Url, values: &[(&str, &str)]) -> String {
    let pairs = values.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, ESCAPED)));
    format!("{page}?{}", pairs.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Value as _;

    #[test]
    fn what_is_no_letter_of_an_address_is_escaped() {
        let page = Url::parse("https://register.example/civil").unwrap();
        let address = asking(&page, &[("reference", "lyon B 12/2026-1"), ("code", "É&=")]);
        assert_eq!(address, "https://register.example/civil?reference=lyon%20B%2012%2F2026-1&code=%C3%89%26%3D");
        is_page(&Some(page)).unwrap();
        is_page(&Some(Url::parse("https://register.example/?lang=en").unwrap())).unwrap_err();
    }
}
