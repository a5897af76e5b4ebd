//! Whether two records on the list of a crisis are likely to be of one human, and why. Pure.
//!
//! Lists of airlines and ships have names in Latin capitals, in another order and with titles, so names are compared by a key
//! that is the same for all of these. A name alone says nothing: it needs the date of birth beside it.

use proto::consular::v1::CrisisPerson;
use proto::consular::v1::duplicate_pair::Likeness;

/// What stands before or after names on passenger lists.
const TITLES: [&str; 7] = ["MR", "MRS", "MS", "MISS", "MSTR", "DR", "CHD"];
/// Letters that are written as two in machine-readable zones, and as one where marks are dropped (ICAO Doc 9303-3, 6).
const PAIRS: [(&str, &str); 4] = [("AE", "A"), ("OE", "O"), ("UE", "U"), ("AA", "A")];

/// The names as they are compared: in Latin capitals, without titles, in the order of the alphabet.
pub(crate) fn name_key(family_name: &str, given_names: &str) -> String {
    let mut latin = any_ascii::any_ascii(&format!("{family_name} {given_names}")).to_ascii_uppercase();
    for (two, one) in PAIRS {
        latin = latin.replace(two, one);
    }
    let apart = |letter: char| !letter.is_ascii_alphanumeric() && letter != '\'';
    let words = latin.split(apart).map(|word| word.replace('\'', ""));
    let mut words: Vec<_> = words.filter(|word| !word.is_empty() && !TITLES.contains(&word.as_str())).collect();
    words.sort_unstable();
    words.join(" ")
}

/// What the two have in common that makes them likely to be one.
pub(crate) fn likenesses(one: &CrisisPerson, other: &CrisisPerson) -> Vec<Likeness> {
    let same = |one: &str, other: &str| !one.is_empty() && one == other;
    let document = same(&one.document_number, &other.document_number);
    let names = same(&one.name_key, &other.name_key) && same(&one.birth_date, &other.birth_date);
    let found = [(document, Likeness::SameDocument), (names, Likeness::SameNamesAndBirth)];
    found.into_iter().filter_map(|(holds, likeness)| holds.then_some(likeness)).collect()
}

/// What they have in common, and in what they differ, in words that name neither.
pub(crate) fn explanation(one: &CrisisPerson, other: &CrisisPerson) -> String {
    let fields = [
        ("document number", &one.document_number, &other.document_number),
        ("names", &one.name_key, &other.name_key),
        ("date of birth", &one.birth_date, &other.birth_date),
        ("nationality", &one.nationality, &other.nationality),
    ];
    let told = fields.map(|(what, one, other)| match (one.as_str(), other.as_str()) {
        ("", _) | (_, "") => format!("{what} not known of both"),
        (one, other) if one == other => format!("same {what}"),
        _ => format!("different {what}"),
    });
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(family: &str, given: &str, birth: &str, document: &str) -> CrisisPerson {
        CrisisPerson {
            name_key: name_key(family, given),
            birth_date: birth.into(),
            document_number: document.into(),
            ..CrisisPerson::default()
        }
    }

    #[test]
    fn names_are_the_same_in_other_letters_order_and_with_titles() {
        let key = "ANNE EXAMPLE ODONNELL";
        assert_eq!(name_key("O'Donnell-Example", "Anne"), key);
        assert_eq!(name_key("ANNE EXAMPLE", "ODONNELL MRS"), key);
        assert_eq!(name_key("M\u{fc}ller", "J\u{f6}rg"), name_key("MUELLER", "JOERG MR"));
        assert_eq!(name_key("\u{418}\u{432}\u{430}\u{43d}", ""), "IVAN");
        assert_ne!(name_key("Example", "Anne"), name_key("Example", "Ann"));
    }

    #[test]
    fn a_document_is_enough_and_names_need_the_date_of_birth() {
        let one = person("Example", "Person", "1974-08-12", "P1234567");
        let told = |other: &CrisisPerson| likenesses(&one, other);
        assert_eq!(told(&person("Other", "", "", "P1234567")), [Likeness::SameDocument]);
        assert_eq!(told(&person("PERSON", "EXAMPLE", "1974-08-12", "")), [Likeness::SameNamesAndBirth]);
        assert_eq!(told(&person("Example", "Person", "", "")), []);
        assert_eq!(told(&person("Example", "Person", "1974-12-08", "X7654321")), []);
        let bare = person("Example", "Person", "", "");
        assert_eq!(likenesses(&bare, &bare), [], "two who are not known are not one");
        assert_eq!(likenesses(&one, &one).len(), 2);
    }

    #[test]
    fn an_explanation_says_what_differs_and_names_nobody() {
        let one = person("Example", "Person", "1974-08-12", "P1234567");
        let told = explanation(&one, &person("Example", "Person", "1974-12-08", ""));
        let words =
            "document number not known of both, same names, different date of birth, nationality not known of both";
        assert_eq!(told, words);
    }
}
