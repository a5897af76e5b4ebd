//! The addresses that papers bear: a public page that asks a register, with what the paper is known by added.

use config::Url;
use documents::Order;
use fault::Fault;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proto::policy::v1::Reason as House;

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

/// The order with a barcode of the page that answers for it; without one if there is no such page.
///
/// # Errors
/// `INTERNAL` if the address does not fit a barcode.
pub(super) fn answered_by(order: Order, page: Option<&Url>, values: &[(&str, &str)]) -> Result<Order, Fault> {
    let Some(page) = page else { return Ok(order) };
    let too_long = |error| Fault::new(House::Internal, "an address does not fit a barcode").caused_by(error);
    order.with_barcode(asking(page, values)).map_err(too_long)
}

/// The page's address with these values added.
fn asking(page: &Url, values: &[(&str, &str)]) -> String {
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
