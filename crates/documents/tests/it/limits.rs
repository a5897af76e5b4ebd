//! Limits of size and time, and templates that are broken.

use crate::{PAGE, date, page};
use documents::{Error, Most, Order, Press, Template, typeset};
use serde_json::json;
use std::time::Duration;

#[test]
fn a_document_has_an_end() {
    let most = Most { bytes: 1_000, ..Most::default() };
    let long = "word ".repeat(300);
    assert!(matches!(typeset(&page(&[&long]), &most), Err(Error::TooLarge(1_500..))));
    let most = Most { pages: 1, ..Most::default() };
    let paragraphs = vec!["One more paragraph."; 120];
    assert!(matches!(typeset(&page(&paragraphs), &most), Err(Error::TooLong(2..))));
}

#[test]
fn a_broken_template_is_told_from_broken_data() {
    static BROKEN: Template = Template { name: "broken", main: "#let x = (", parts: &[] };
    static LOST: Template = Template { name: "lost", main: "#read(\"/etc/passwd\")", parts: &[] };
    static FOREIGN: Template = Template { name: "foreign", main: "#set text(font: \"Arial\")\nA", parts: &[] };
    for template in [&BROKEN, &LOST, &FOREIGN] {
        let order = Order::new(template, &json!({}), "pages/1", date());
        let refused = typeset(&order, &Most::default());
        assert!(matches!(refused, Err(Error::Template { .. })), "{}: {refused:?}", template.name);
    }
    let order = Order::new(&PAGE, &json!({ "title": "No paragraphs" }), "pages/1", date());
    assert!(matches!(typeset(&order, &Most::default()), Err(Error::Template { template: "page", .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_wait_is_told_so_and_the_place_is_kept_until_the_work_ends() {
    let press = Press::new(Most { time: Duration::ZERO, at_once: 1, ..Most::default() });
    let refused = press.print(page(&["One."])).await;
    assert!(matches!(refused, Err(Error::TooLate | Error::Busy)), "{refused:?}");
    let press = Press::new(Most { at_once: 0, time: Duration::from_millis(1), ..Most::default() });
    assert_eq!(press.print(page(&["One."])).await, Err(Error::Busy));
}
