//! Whether names are those of a passport's machine-readable zone, and whether two names are one (ICAO Doc 9303-3, 9303-4).

use mrz::{Zone, may_be_truncated, transliterate};

/// Letters that some issuers write without their marks, though the standard spells them in two.
const BARE: [(char, &str); 6] = [('Ä', "A"), ('Å', "A"), ('Ñ', "N"), ('Ö', "O"), ('Ø', "O"), ('Ü', "U")];
/// Where the second line of a passport's zone begins.
const SECOND_LINE: usize = 44;

/// The zone as it is read: its two lines.
pub(super) fn lines(zone: &str) -> String {
    let (first, second) = zone.split_at_checked(SECOND_LINE).unwrap_or((zone, ""));
    format!("{first}\n{second}")
}

/// Whether these are the names in a zone, in one of the spellings that are in use; names too long for it are cut short.
pub(super) fn stands_in(zone: &Zone, family: &str, given: &str) -> bool {
    let cut = may_be_truncated(zone.format, &zone.primary, &zone.secondary);
    let same = |name: &str, stands: &str| {
        let spelt = [folded(name), folded(&bare(name))];
        spelt.iter().any(|name| name == stands || (cut && !stands.is_empty() && name.starts_with(stands)))
    };
    same(family, &zone.primary) && same(given, &zone.secondary)
}

/// A name in plain capitals: two names that fold to the same are spelt alike. Letters that no table knows stay.
pub(super) fn folded(name: &str) -> String {
    transliterate(name, "").unwrap_or_else(|_| name.to_uppercase())
}

fn bare(name: &str) -> String {
    let letter = |letter: char| match BARE.iter().find(|(marked, _)| *marked == letter) {
        Some((_, bare)) => (*bare).to_owned(),
        None => letter.to_string(),
    };
    name.to_uppercase().chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use mrz::{Window, parse};

    /// The specimen of Doc 9303-4, appendix B.
    const SPECIMEN: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10";

    fn zone(primary: &str, secondary: &str) -> Zone {
        let window = Window::on(NaiveDate::from_ymd_opt(2012, 1, 1).expect("a day"));
        let specimen = parse(&lines(SPECIMEN), &window).expect("the specimen is sound");
        Zone { primary: primary.into(), secondary: secondary.into(), ..specimen }
    }

    #[test]
    fn names_are_held_against_the_zone_in_the_spellings_in_use() {
        for (family, given, primary, secondary) in [
            ("Eriksson", "Anna Maria", "ERIKSSON", "ANNA MARIA"),
            ("Müller", "Jürgen", "MUELLER", "JUERGEN"),
            ("Müller", "Jürgen", "MULLER", "JURGEN"),
            ("O'Connor", "Seán", "OCONNOR", "SEAN"),
            ("Sørensen-Åberg", "Bjørn", "SOERENSEN AABERG", "BJOERN"),
            ("Nilavadhanananda", "Chayapa Dejthamrong Krasuang", "NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG K"),
        ] {
            assert!(stands_in(&zone(primary, secondary), family, given), "{family} {given} is {primary} {secondary}");
        }
        for (family, given) in [("Eriksson", "Anna"), ("Anna Maria", "Eriksson"), ("Erikson", "Anna Maria")] {
            assert!(!stands_in(&zone("ERIKSSON", "ANNA MARIA"), family, given), "{family} {given}");
        }
    }

    #[test]
    fn names_fold_alike_whatever_their_accents() {
        assert_eq!(folded("Élise Garnier"), folded("ELISE GARNIER"));
        assert_eq!(folded("Müller"), folded("Mueller"));
        assert_ne!(folded("Müller"), folded("Möller"));
    }
}
