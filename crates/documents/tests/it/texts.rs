//! Texts of users: shown as they are, in every script we have, and never read as code.

use crate::{PAGE, page, read};
use documents::{Error, Most, typeset, unprintable};

#[test]
fn what_looks_like_code_is_text() {
    let hostile = [
        "#import \"@preview/cades:0.3.0\": *",
        "#eval(\"1 + 1\")",
        "#read(\"/etc/passwd\")",
        "\\u{41}\\ \\#",
        "$ sum_(k=0)^n k $",
        "= Not a heading",
        "*not strong* _not emphasis_ `not raw`",
        "<label> @reference",
        "// not a comment",
        "/* nor this",
        "\"] + panic(\"out\") + [\"",
        "{{template}} %s ${env}",
        "-- --- ...",
    ];
    let text = read(&hostile);
    let plain: String = text.split_whitespace().collect();
    for line in hostile {
        let wanted: String = line.split_whitespace().collect();
        assert!(plain.matches(&wanted).count() >= 2, "{line} stands in the paragraph and in the table: {text}");
    }
}

#[test]
fn every_script_of_the_house_has_its_letters() {
    let scripts = [
        "ÀÉÎÕÜ ßøłđžţ ƏŊÞ ẞ Việt Nam",
        "Министерство иностранных дел Ђ Ѓ Є І Ї Ґ Ў",
        "Υπουργείο Εξωτερικών ΐ ΰ",
        "وزارة الشؤون الخارجية پ چ ژ گ",
        "№ § – — “ ” « » € £ …",
    ];
    for script in scripts {
        assert_eq!(unprintable(script), None, "{script}");
    }
    typeset(&page(&scripts), &Most::default()).unwrap();
}

#[test]
fn what_no_font_shows_is_refused_and_named() {
    for (text, character) in [
        ("日本", '日'),
        ("\u{10FFFF}", '\u{10FFFF}'),
        ("bell\u{7}", '\u{7}'),
        ("turned \u{202E}around", '\u{202E}'),
        ("hidden \u{2066}mark", '\u{2066}'),
    ] {
        let refused = typeset(&page(&["Good.", text]), &Most::default());
        assert_eq!(refused, Err(Error::Unprintable(character)), "{text:?}");
    }
    assert_eq!(unprintable("a line\nand\ta tab"), None);
}

#[test]
fn the_document_bears_its_own_date() {
    assert!(read(&["One."]).contains("2026-05-04"));
    let pdf = typeset(&page(&["One."]), &Most::default()).unwrap();
    let holds = |wanted: &str| pdf.windows(wanted.len()).any(|window| window == wanted.as_bytes());
    assert!(holds("2026-05-04T00:00:00"), "its metadata has the date");
    let year = chrono::Utc::now().format("%Y-%m-%dT").to_string();
    assert!(!holds(&year), "its metadata has not the clock's");
}

#[test]
fn a_template_that_would_read_data_as_code_is_found() {
    PAGE.check().unwrap();
    let bad = documents::Template { main: "#eval(json(\"data.json\").code)", ..PAGE };
    assert!(bad.check().is_err());
}
