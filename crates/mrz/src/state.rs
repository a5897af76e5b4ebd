//! Which codes of three letters stand for a state or an organisation (Doc 9303-3, section 5).

use std::sync::LazyLock;

/// The state of the standard's examples. It issues nothing, but its specimens are well formed.
const SPECIMEN: &str = "UTO";

/// One bit for each code of up to three letters: reading a zone must not cost a search.
static KNOWN: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let mut known = vec![false; 27 * 27 * 27];
    let iso = rust_iso3166::ALL_ALPHA3.iter().copied();
    let others = include_str!("../data/states.csv").lines().filter_map(|line| line.split(',').next());
    for code in iso.chain(others.filter(|code| !code.starts_with('#'))).chain([SPECIMEN]) {
        if let Some(index) = index(code) {
            known[index] = true;
        }
    }
    // Doc 9303 has D for Germany and not the code of ISO 3166.
    known[index("DEU").expect("three letters")] = false;
    known
});

fn index(code: &str) -> Option<usize> {
    let mut index = 0;
    let mut length = 0;
    for letter in code.bytes() {
        if !letter.is_ascii_uppercase() {
            return None;
        }
        index = index * 27 + usize::from(letter - b'A') + 1;
        length += 1;
    }
    (1..=3).contains(&length).then_some(index)
}

/// Whether this is a code of Doc 9303-3, the specimens' `UTO` among them.
pub fn is_state(code: &str) -> bool {
    index(code).is_some_and(|index| KNOWN[index])
}

/// Whether this is Utopia, whose documents are examples.
pub fn is_specimen(code: &str) -> bool {
    code == SPECIMEN
}
