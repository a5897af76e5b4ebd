//! The kit, tested as one: what is printed, that it is printed the same, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod barcodes;
mod limits;
mod sameness;
mod texts;

use chrono::NaiveDate;
use documents::{Most, Order, Template};
use serde_json::{Value, json};

pub(crate) static PAGE: Template = Template {
    name: "page",
    main: include_str!("templates/page.typ"),
    parts: &[("frame.typ", include_str!("templates/frame.typ"))],
};

pub(crate) fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 5, 4).unwrap()
}

/// A page with a heading, these paragraphs, a table, a machine-readable zone and a barcode.
pub(crate) fn page(paragraphs: &[&str]) -> Order {
    let data: Value = json!({
        "title": "A page",
        "paragraphs": paragraphs,
        "zone": ["I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"],
    });
    Order::new(&PAGE, &data, "pages/1", date()).with_barcode("LGS1:ABC").unwrap()
}

/// What a reader reads on the first page.
pub(crate) fn read(paragraphs: &[&str]) -> String {
    documents::reading(&page(paragraphs), &Most::default()).unwrap().remove(0)
}
