//! `docs/settings.md` says every setting there is: it is written from the settings themselves.
//!
//! `LEGATION_WRITE_DOCS=1 cargo test -p e2e settings` writes it anew.

use accreditation::Accreditation;
use consular::Consular;
use std::fs;
use std::path::Path;

/// The text of `docs/settings.md`.
fn text() -> String {
    format!(
        "# Settings\n\nEvery setting is an environment variable. A secret may be given as the name of a file in \
         `…_FILE`. A process that is given a setting it does not know, or one that makes no sense, says so of all of \
         them at once and does not start.\n\n\
         ## accreditation\n\n{}\n## consular\n\n{}\n## gateway\n\n{}\n## standalone\n\n\
         The settings of all of them, but for those that only matter between processes (`ACCREDITATION_LISTEN`, \
         `ACCREDITATION_PRINCIPAL_KEYS`, `GATEWAY_SIGNING_KEY` and the like), and `STANDALONE_ADMIN_LISTEN`, \
         `STANDALONE_SIGNING_KEY`, `STANDALONE_DRAIN`.\n",
        config::table(&serve::describe::<Accreditation>()),
        config::table(&serve::describe::<Consular>()),
        config::table(&gateway::describe()),
    )
}

#[test]
fn the_reference_of_settings_is_as_the_settings_are() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/settings.md");
    if std::env::var_os("LEGATION_WRITE_DOCS").is_some() {
        fs::write(&file, text()).expect("docs/settings.md can be written");
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(written == text(), "docs/settings.md is out of date: see the first lines of this test");
}
