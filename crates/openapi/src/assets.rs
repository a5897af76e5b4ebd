//! The documentation page and what belongs to it: ours, whole, and without outside hosts.

use crate::changelog::changelog_page;
use crate::errors::errors_page;
use std::borrow::Cow;
use std::sync::LazyLock;

/// A file of the documentation: its path, its content type, its bytes.
pub type Asset = (&'static str, &'static str, Cow<'static, [u8]>);

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! script {
    ($name:literal) => {
        (concat!("/docs/", $name), SCRIPT, Cow::Borrowed(include_bytes!(concat!("page/", $name))))
    };
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    vec![
        ("/docs", HTML, Cow::Borrowed(docs_page().as_bytes())),
        ("/docs/errors", HTML, Cow::Owned(errors_page(proto::contract::contract()).into_bytes())),
        ("/docs/changelog", HTML, Cow::Owned(changelog_page().into_bytes())),
        ("/docs/docs.css", "text/css; charset=utf-8", Cow::Borrowed(include_bytes!("page/docs.css"))),
        ("/docs/seal.svg", "image/svg+xml", Cow::Borrowed(include_bytes!("page/seal.svg"))),
        script!("docs.js"),
        script!("elements.js"),
        script!("operation.js"),
        script!("schema.js"),
        script!("try.js"),
    ]
});

/// The page that reads `/openapi.json`. It works under the policy `default-src 'self'`.
pub fn docs_page() -> &'static str {
    include_str!("page/docs.html")
}

/// Every file under `/docs`, the page and the error reference among them.
pub fn assets() -> &'static [Asset] {
    &ASSETS
}
