//! The error reference, as Markdown for the repository and as the page at `/docs/errors`.

use proto::contract::{Contract, ReasonEntry};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const INTRODUCTION: &str = "\
Every refusal carries one of these reasons: in HTTP as `reason` of an `application/problem+json` body (RFC 9457), in \
gRPC as `reason` of `google.rpc.ErrorInfo`. Decide by the reason, not by the words, which may change.";

/// `docs/errors.md`: every reason, what it means, how it travels and what to do.
pub fn errors_md(contract: &Contract) -> String {
    let mut text = format!("# Errors\n\n{INTRODUCTION}\n");
    for (title, reasons) in sections(contract) {
        write!(text, "\n## {title}\n").expect("writing to a string cannot fail");
        for reason in reasons {
            write!(
                text,
                "\n### {}\n\n{}\n\n`{}`, HTTP {}. {}\n",
                reason.name,
                reason.doc(),
                reason.code(),
                reason.http(),
                reason.rule.remedy
            )
            .expect("writing to a string cannot fail");
        }
    }
    text
}

/// The page at `/docs/errors`, with an anchor for each reason: the `type` of a problem leads there.
pub(crate) fn errors_page(contract: &Contract) -> String {
    let (mut list, mut body) = (String::new(), String::new());
    for (title, reasons) in sections(contract) {
        write!(list, "<h2>{title}</h2><ul>").expect("writing to a string cannot fail");
        write!(body, "<h2>{title}</h2>").expect("writing to a string cannot fail");
        for reason in reasons {
            let name = &reason.name;
            write!(list, "<li><a href=\"#{name}\">{name}</a></li>").expect("writing to a string cannot fail");
            write!(
                body,
                "<section class=\"reason\" id=\"{name}\"><h3><a href=\"#{name}\">{name}</a></h3>\
                 <p class=\"chips\"><span class=\"chip status-{}\">HTTP {}</span><span class=\"chip\">{}</span></p>\
                 <p>{}</p><p class=\"remedy\"><strong>What to do.</strong> {}</p></section>",
                reason.http() / 100,
                reason.http(),
                reason.code(),
                inline(reason.doc()),
                inline(&reason.rule.remedy)
            )
            .expect("writing to a string cannot fail");
        }
        list.push_str("</ul>");
    }
    include_str!("page/errors.html")
        .replace("{{introduction}}", &inline(INTRODUCTION))
        .replace("{{list}}", &list)
        .replace("{{reasons}}", &body)
}

/// The reasons by whose they are: the house's first, then each service's.
fn sections(contract: &Contract) -> Vec<(String, Vec<&ReasonEntry>)> {
    let mut services: BTreeMap<&str, Vec<&ReasonEntry>> = BTreeMap::new();
    for reason in contract.reasons() {
        services.entry(reason.service()).or_default().push(reason);
    }
    let house = services.remove("policy").map(|reasons| ("Of every method".to_owned(), reasons));
    house.into_iter().chain(services.into_iter().map(|(name, reasons)| (capital(name), reasons))).collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// Text with `code` as HTML.
pub(crate) fn inline(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let mut html = String::new();
    for (at, part) in escaped.split('`').enumerate() {
        if at % 2 == 1 {
            write!(html, "<code>{part}</code>").expect("writing to a string cannot fail");
        } else {
            html.push_str(part);
        }
    }
    html
}
