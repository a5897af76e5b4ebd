//! Names as passports write them: transliteration, the machine-readable zone, and whether two names are one (ICAO Doc 9303).

use chrono::NaiveDate;

/// How many characters of the zone are names.
const NAMES: usize = 39;
/// The most spellings of one name that are tried.
const MOST_SPELLINGS: usize = 64;

/// What the two lines at the foot of a passport's data page say (Doc 9303-4, 4.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zone {
    /// The document's number.
    pub(super) number: String,
    /// Names as they stand, fillers and all.
    names: String,
    /// Year, month and day of birth, two figures each.
    birth: String,
}

impl Zone {
    /// Reads the zone; none if its form or a check digit does not fit.
    pub(super) fn read(text: &str) -> Option<Self> {
        let known = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '<';
        if text.len() != 88 || !text.starts_with('P') || !text.chars().all(known) {
            return None;
        }
        let (first, second) = text.split_at(44);
        let fits =
            |part: &str, digit: &str| digit == check_digit(part) || (digit == "<" && part.chars().all(|c| c == '<'));
        let composite = [&second[0..10], &second[13..20], &second[21..43]].concat();
        let sound = fits(&second[0..9], &second[9..10])
            && fits(&second[13..19], &second[19..20])
            && fits(&second[21..27], &second[27..28])
            && fits(&second[28..42], &second[42..43])
            && fits(&composite, &second[43..44]);
        sound.then(|| Self {
            number: second[0..9].trim_end_matches('<').to_owned(),
            names: first[5..].to_owned(),
            birth: second[13..19].to_owned(),
        })
    }

    /// Whether these are the names in it, in one of the spellings that the standard knows; long names are cut short.
    pub(super) fn names(&self, family: &str, given: &str) -> bool {
        let stands = self.names.trim_end_matches('<');
        let cut = self.names.len() == NAMES && !self.names.ends_with('<');
        let whole = if given.is_empty() { family.to_owned() } else { format!("{family}\u{1}{given}") };
        spellings(&whole).iter().any(|name| name == stands || (cut && name.starts_with(stands)))
    }

    /// Whether this is the date of birth in it.
    pub(super) fn born(&self, date: &str) -> bool {
        date.parse::<NaiveDate>().is_ok_and(|date| date.format("%y%m%d").to_string() == self.birth)
    }
}

/// The check digit of a part (Doc 9303-3, 4.9): weights 7, 3, 1.
fn check_digit(part: &str) -> String {
    let value = |c: char| c.to_digit(36).unwrap_or_default();
    let sum: u32 = part.chars().zip([7, 3, 1].into_iter().cycle()).map(|(c, weight)| value(c) * weight).sum();
    (sum % 10).to_string()
}

/// A name in plain capitals, by the first spelling of each letter, with nothing between its parts: two names that fold to
/// the same are spelt alike.
pub(super) fn folded(name: &str) -> String {
    name.chars()
        .flat_map(|letter| spelt(letter).first().copied().unwrap_or_default().chars())
        .filter(|c| *c != '<')
        .collect()
}

/// Every spelling of a name in the zone. `\u{1}` stands between family and given names.
fn spellings(name: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for letter in name.trim().chars() {
        let options: &[&str] = if letter == '\u{1}' { &["<<"] } else { spelt(letter) };
        let kept: Vec<_> = options.iter().take(MOST_SPELLINGS / found.len().max(1)).collect();
        let kept = if kept.is_empty() { options.iter().take(1).collect() } else { kept };
        found = found.iter().flat_map(|begun| kept.iter().map(move |option| format!("{begun}{option}"))).collect();
    }
    found
}

/// How a letter is spelt (Doc 9303-3, section 6, A), the recommended way first. Letters of other scripts are spelt in no
/// way we know, and left out.
fn spelt(letter: char) -> &'static [&'static str] {
    const PLAIN: [&str; 36] = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L",
        "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z",
    ];
    if let Some(value) = letter.to_digit(36) {
        return std::slice::from_ref(&PLAIN[value as usize]);
    }
    match letter.to_uppercase().next().unwrap_or(letter) {
        ' ' | '-' | '\u{2010}' | '\u{2011}' => &["<"],
        'Á' | 'À' | 'Â' | 'Ã' | 'Ă' | 'Ą' | 'Ā' | 'Ǎ' | 'Ạ' | 'Ả' => &["A"],
        'Ä' => &["AE", "A"],
        'Å' => &["AA", "A"],
        'Æ' => &["AE"],
        'Ć' | 'Ĉ' | 'Č' | 'Ç' | 'Ċ' => &["C"],
        'Đ' | 'Ď' | 'Ð' => &["D"],
        'É' | 'È' | 'Ê' | 'Ë' | 'Ě' | 'Ė' | 'Ę' | 'Ē' | 'Ĕ' | 'Ẹ' | 'Ế' | 'Ệ' => &["E"],
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => &["G"],
        'Ĥ' | 'Ħ' => &["H"],
        'Í' | 'Ì' | 'Î' | 'Ï' | 'Ĩ' | 'İ' | 'Ī' | 'Į' | 'Ĭ' => &["I"],
        'Ĳ' => &["IJ"],
        'Ĵ' => &["J"],
        'Ķ' => &["K"],
        'Ł' | 'Ĺ' | 'Ľ' | 'Ļ' | 'Ŀ' => &["L"],
        'Ñ' => &["N", "NXX"],
        'Ń' | 'Ň' | 'Ņ' | 'Ŋ' => &["N"],
        'Ö' => &["OE", "O"],
        'Ø' | 'Œ' => &["OE"],
        'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ő' | 'Ō' | 'Ŏ' | 'Ơ' | 'Ọ' => &["O"],
        'Ŕ' | 'Ř' | 'Ŗ' => &["R"],
        'Ś' | 'Ŝ' | 'Š' | 'Ş' | 'Ș' => &["S"],
        'ẞ' | 'ß' => &["SS"],
        'Ť' | 'Ţ' | 'Ț' | 'Ŧ' => &["T"],
        'Þ' => &["TH"],
        'Ü' => &["UE", "UXX", "U"],
        'Ú' | 'Ù' | 'Û' | 'Ũ' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' | 'Ū' | 'Ư' => &["U"],
        'Ŵ' => &["W"],
        'Ý' | 'Ÿ' | 'Ŷ' => &["Y"],
        'Ź' | 'Ž' | 'Ż' => &["Z"],
        _ => &[""],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specimen of Doc 9303-4, appendix B.
    const SPECIMEN: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10";

    #[test]
    fn the_specimen_is_read() {
        let zone = Zone::read(SPECIMEN).expect("the specimen is sound");
        assert_eq!(zone.number, "L898902C3");
        assert!(zone.names("Eriksson", "Anna Maria") && zone.names("ERIKSSON", "Anna-Maria"));
        assert!(!zone.names("Eriksson", "Anna") && !zone.names("Anna Maria", "Eriksson"));
        assert!(zone.born("1974-08-12") && !zone.born("1974-12-08"));
    }

    #[test]
    fn any_figure_misread_is_noticed() {
        for at in [44, 50, 53, 57, 63, 65, 71, 72, 86, 87] {
            let mut wrong: Vec<u8> = SPECIMEN.bytes().collect();
            wrong[at] = if wrong[at] == b'9' { b'8' } else { b'9' };
            let wrong = String::from_utf8(wrong).expect("it is plain");
            assert_eq!(Zone::read(&wrong), None, "{wrong}");
        }
        assert_eq!(Zone::read(&SPECIMEN[..87]), None);
    }

    #[test]
    fn letters_are_spelt_in_the_ways_of_the_standard() {
        let zone = |names: &str| Zone { number: String::new(), names: format!("{names:<<39}"), birth: String::new() };
        for (family, given, names) in [
            ("Müller", "Jürgen", "MUELLER<<JUERGEN"),
            ("Müller", "Jürgen", "MULLER<<JURGEN"),
            ("Nuñez", "José", "NUNXXEZ<<JOSE"),
            ("O'Connor", "Seán", "OCONNOR<<SEAN"),
            ("Sørensen-Åberg", "Bjørn", "SOERENSEN<AABERG<<BJOERN"),
            ("Weiß", "", "WEISS"),
        ] {
            assert!(zone(names).names(family, given), "{family} {given} is {names}");
        }
        assert!(!zone("MUELLER<<JURGIS").names("Müller", "Jürgen"));
        let long = "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONGKR";
        assert!(zone(long).names("Nilavadhanananda", "Chayapa Dejthamrong Krasuang") == long.ends_with('<'));
        assert!(
            zone("NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K").names("Nilavadhanananda", "Chayapa Dejthamrong Krasuang")
        );
    }

    #[test]
    fn names_fold_alike_whatever_their_accents() {
        assert_eq!(folded("Élise Garnier"), folded("ELISE GARNIER"));
        assert_eq!(folded("Müller"), folded("Mueller"));
        assert_ne!(folded("Müller"), folded("Möller"));
    }
}
