//! Names that do not fit are truncated so that a reader can see it (Doc 9303-4, 4.2.3).

use crate::read;
use mrz::{Format, generate, may_be_truncated};

fn written(primary: &str, secondary: &str) -> String {
    let specimen = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
    let mut zone = read(specimen).expect("the specimen");
    (zone.primary, zone.secondary) = (primary.to_owned(), secondary.to_owned());
    let lines = generate(&zone).expect("a name of any length");
    let again = read(&lines).expect("what was written");
    assert_eq!(again.names_are_cut(), lines[..44].ends_with(|last| last != '<'));
    lines[5..44].to_owned()
}

trait Cut {
    fn names_are_cut(&self) -> bool;
}

impl Cut for mrz::Zone {
    fn names_are_cut(&self) -> bool {
        may_be_truncated(self.format, &self.primary, &self.secondary)
    }
}

#[test]
fn what_fits_stands_whole() {
    assert_eq!(written("VAN DER MUELLEN", "BEATRIX"), "VAN<DER<MUELLEN<<BEATRIX<<<<<<<<<<<<<<<");
    assert_eq!(written("ARKFREITH", ""), "ARKFREITH<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<");
    assert_eq!(written("A", &"B".repeat(36)), format!("A<<{}", "B".repeat(36)));
}

#[test]
fn the_secondary_identifier_is_cut_at_its_end() {
    assert_eq!(written("NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG KRASUANG"), "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K");
    // The cut falls between two parts: the one before gives up a letter to the initial of the one after.
    assert_eq!(written("NILAVADHANANANDA", "ARNPOL PETCHARONGUA NG"), "NILAVADHANANANDA<<ARNPOL<PETCHARONGUA<N");
    assert_eq!(written("NILAVADHANANANDA", "ARNPOL PETCHARONGUAN GX"), "NILAVADHANANANDA<<ARNPOL<PETCHARONGUA<G");
}

#[test]
fn a_long_primary_identifier_leaves_room_for_one_letter_of_the_secondary() {
    let name = written("BENNELONG WOOLOOMOOLOO WARRANDYTE WARNAMBOOL", "DINGO POTOROO");
    assert_eq!(name, "BENNELONG<WOOLOOMO<WARRANDY<WARNAMBO<<D");
    assert_eq!(written(&"X".repeat(60), "ANNA"), format!("{}<<A", "X".repeat(36)));
}

#[test]
fn a_long_primary_identifier_alone_fills_the_field() {
    assert_eq!(written("PAPANDROPOULOUS ".repeat(4).trim_end(), ""), "PAPANDROPOULOUS<PAPANDROPOULOUS<PAPANDR");
    // Parts of one letter have none to give; of too many, the last go.
    let initials = vec!["A"; 30].join(" ");
    assert_eq!(written(&initials, ""), vec!["A"; 20].join("<"));
    assert_eq!(written(&initials, "B"), format!("{}<<B", vec!["A"; 18].join("<")) + "<");
}

#[test]
fn a_field_that_is_full_may_hold_less_than_the_name() {
    assert!(may_be_truncated(Format::Td1, "CACADOR DE ARAUJO", "ANDRE ESTEV"));
    assert!(!may_be_truncated(Format::Td1, "CACADOR DE ARAUJO", "ANDRE ESTE"));
}
