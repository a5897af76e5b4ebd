//! The fonts we ship: Latin, Greek and Cyrillic with and without serifs, Arabic, and OCR-B. Licences in `fonts/`.

use std::sync::LazyLock;
use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

/// The files, in the binary; nothing of them is touched before the first document.
const FILES: [&[u8]; 8] = [
    include_bytes!("../fonts/LibertinusSerif-Regular.otf"),
    include_bytes!("../fonts/LibertinusSerif-Italic.otf"),
    include_bytes!("../fonts/LibertinusSerif-Bold.otf"),
    include_bytes!("../fonts/NotoSans-Regular.ttf"),
    include_bytes!("../fonts/NotoSans-Bold.ttf"),
    include_bytes!("../fonts/NotoNaskhArabic-Regular.ttf"),
    include_bytes!("../fonts/NotoNaskhArabic-Bold.ttf"),
    include_bytes!("../fonts/OCRB.otf"),
];

/// Characters that show nothing and are part of words in Persian or Arabic, or say where a word may break.
const SILENT: [char; 5] = ['\u{AD}', '\u{200C}', '\u{200D}', '\u{200E}', '\u{200F}'];

/// Our fonts, read.
pub(crate) struct Shelf {
    pub(crate) book: LazyHash<FontBook>,
    pub(crate) fonts: Vec<Font>,
}

static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
    let fonts: Vec<_> = FILES.into_iter().flat_map(|file| Font::iter(Bytes::new(file))).collect();
    assert_eq!(fonts.len(), FILES.len(), "every file we ship is one font");
    Shelf { book: LazyHash::new(FontBook::from_fonts(&fonts)), fonts }
});

/// Our fonts; read with the first call.
pub(crate) fn shelf() -> &'static Shelf {
    &SHELF
}

/// The first character that none of our fonts shows, if there is one. Controls, and marks that turn the direction of
/// reading around, are never printed: with them a document would read otherwise than it is.
pub fn unprintable(text: &str) -> Option<char> {
    text.chars().find(|character| match character {
        '\n' | '\t' => false,
        ' '..='~' => false,
        known if SILENT.contains(known) => false,
        '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' => true,
        other if other.is_control() => true,
        other => !shelf().fonts.iter().any(|font| font.info().coverage.contains(u32::from(*other))),
    })
}
