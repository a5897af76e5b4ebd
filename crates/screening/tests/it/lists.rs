//! Real lists are read whole; a list that is broken anywhere is refused whole, with the line.

use super::data;
use chrono::NaiveDate;
use proptest::prelude::*;
use screening::lists::{Broken, OfacFiles, read_ofac, read_un};
use screening::{Birth, Entry, Kind, Sex};

const ENTRY: &str = "7,\"EXAMPLE, Person\",\"individual\",\"SDGT] [IRAQ2\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"DOB 12 Aug 1954; alt. DOB circa 1955; DOB Mar 1956; nationality Iran; alt. citizen Syria; Passport A-123456 (Iran) expires 01 Jan 2030; Gender Male; a.k.a. 'PERSON THE EXAMPLE'.\"\r\n";

fn ofac(sdn: &str, alt: &str, add: &str) -> Result<Vec<Entry>, Broken> {
    read_ofac("ofac-sdn", OfacFiles { sdn: sdn.as_bytes(), alt: alt.as_bytes(), add: add.as_bytes() })
}

#[test]
fn the_treasurys_list_is_read_whole() {
    let [sdn, alt, add] = ["sdn", "alt", "add"].map(|file| data(&format!("sanctions/{file}.csv")));
    let entries = ofac(&sdn, &alt, &add).unwrap();
    let of = |kind| entries.iter().filter(|entry| entry.kind == kind).count();
    assert_eq!([Kind::Person, Kind::Vessel, Kind::Aircraft, Kind::Body].map(of), [3_845, 323, 217, 2_994]);
    let others = alt.lines().filter(|line| !line.trim().is_empty()).count();
    let quoted: usize = entries.iter().map(|entry| entry.names.len() - 1).sum();
    assert!(others == 9_682 && quoted >= others, "{quoted}");
    let born = entries.iter().filter(|entry| entry.kind == Kind::Person && !entry.births.is_empty()).count();
    assert!(born > 3_300, "{born} persons have a date of birth");
    assert!(entries.iter().filter(|entry| !entry.documents.is_empty()).count() > 1_500);
}

#[test]
fn remarks_say_who_is_meant() {
    let mut entry = ofac(ENTRY, "7,1,\"aka\",\"SAMPLE, Person\",-0- \n\u{1a}", "7,1,-0- ,\"Tehran\",\"Iran\",-0- ")
        .unwrap()
        .remove(0);
    let day = NaiveDate::from_ymd_opt(1954, 8, 12).unwrap();
    assert_eq!(entry.names, ["EXAMPLE, Person", "PERSON THE EXAMPLE", "SAMPLE, Person"]);
    assert_eq!(entry.programmes, ["SDGT", "IRAQ2"]);
    assert_eq!(entry.births.remove(0), Birth::on(day));
    assert_eq!(entry.births, [Birth::in_year(1955).unwrap().about(1), Birth::in_month(1956, 3).unwrap()]);
    assert_eq!((entry.nationalities, entry.documents), (vec!["IR".into(), "SY".into()], vec!["A123456".to_owned()]));
    assert_eq!(entry.sex, Some(Sex::Male));
}

#[test]
fn a_broken_file_is_refused_with_its_line() {
    let good = ENTRY.replacen('7', "6", 1);
    for (sdn, alt, add, told) in [
        (format!("{good}8,\"NAME\",\"individual\""), "", "", "sdn.csv, line 2: there are 3 columns, 12 were expected"),
        (format!("{good}{good}"), "", "", "sdn.csv, line 2: the entry 6 is there already"),
        (good.replace("individual", "ghost"), "", "", "sdn.csv, line 1: \"ghost\" is no type of entry"),
        (good.replacen('6', "six", 1), "", "", "sdn.csv, line 1: the entry's number is missing"),
        (
            good.clone(),
            "6,1,\"aka\",\"B\",-0- \n9,2,\"aka\",\"C\",-0- ",
            "",
            "alt.csv, line 2: there is no entry \"9\"",
        ),
        (good.clone(), "6,1,\"aka\",-0- ,-0- ", "", "alt.csv, line 1: the name is missing"),
        (
            good.clone(),
            "",
            "6,1,-0- ,-0- ,-0- ,-0- \n\n\u{1a}\n7",
            "add.csv, line 4: there is more after the end of the file",
        ),
        (String::new(), "", "", "sdn.csv, line 1: there is no entry"),
    ] {
        assert_eq!(ofac(&sdn, alt, add).unwrap_err().to_string(), told);
    }
    let broken = read_ofac("x", OfacFiles { sdn: b"1,\"A\xff\",-0- \n", alt: b"", add: b"" }).unwrap_err();
    assert!(broken.line == 1 && broken.what.contains("UTF-8"), "{broken}");
}

#[test]
fn the_security_councils_list_is_read_whole() {
    let list = read_un("un-sc", &data("sanctions/UN_consolidated.xml")).unwrap();
    assert_eq!(list.generated, "2026-02-27T00:00:09.554Z");
    let of = |kind| list.entries.iter().filter(|entry| entry.kind == kind).count();
    assert_eq!((of(Kind::Person), of(Kind::Body)), (730, 273));
    let first = &list.entries[0];
    assert_eq!((first.reference.as_str(), first.names[0].as_str()), ("CDi.001", "ERIC BADEGE"));
    assert_eq!(
        (first.births.as_slice(), first.nationalities.as_slice()),
        (&[Birth::in_year(1971).unwrap()][..], &["CD".to_owned()][..])
    );
    assert_eq!((first.sex, first.programmes.as_slice()), (Some(Sex::Male), &["DRC".to_owned()][..]));
    let names = |entry: &Entry| entry.names.len();
    assert_eq!(list.entries.iter().map(names).sum::<usize>(), 1_003 + 378 + 2_752);
    let arabic = |name: &String| name.chars().any(|letter| ('\u{600}'..'\u{700}').contains(&letter));
    assert!(list.entries.iter().flat_map(|entry| &entry.names).filter(|name| arabic(name)).count() > 250);
}

#[test]
fn a_broken_list_of_the_council_is_refused_with_its_line() {
    let list = |inside: &str| {
        format!(
            "<?xml version=\"1.0\"?>\n<CONSOLIDATED_LIST dateGenerated=\"2026-01-01\">\n<INDIVIDUALS>\n{inside}</INDIVIDUALS>\n</CONSOLIDATED_LIST>"
        )
    };
    let person =
        "<INDIVIDUAL><REFERENCE_NUMBER>QDi.1</REFERENCE_NUMBER><FIRST_NAME>A &amp; B</FIRST_NAME></INDIVIDUAL>\n";
    let good = list(person);
    assert_eq!(read_un("un", &good).unwrap().entries[0].names, ["A & B"]);
    for (xml, line, what) in [
        (list(&person.replace("A &amp; B", "")), 4, "QDi.1 has no name"),
        (list(&person.replace("REFERENCE_NUMBER", "NOTHING")), 4, "the reference is missing"),
        (list(&format!("{person}<INDIVIDUAL></INDIVIDUALS>")), 5, "INDIVIDUAL"),
        (list(&person.replace("&amp;", "&bomb;")), 4, "an unknown entity"),
        (good.replace("CONSOLIDATED_LIST", "LIST"), 2, "CONSOLIDATED_LIST was expected"),
        (good.replace("dateGenerated", "made"), 2, "dateGenerated is missing"),
        (good.replace("</CONSOLIDATED_LIST>", ""), 6, "ends too soon"),
        (good.replace("<?xml version=\"1.0\"?>", "<!DOCTYPE a>"), 1, "document type"),
        (list(""), 5, "ends too soon"),
        (String::new(), 1, "ends too soon"),
    ] {
        let broken = read_un("un", &xml).unwrap_err();
        assert!(broken.line == line && broken.what.contains(what), "{broken}, expected line {line}: {what}");
    }
}

proptest! {
    /// Whatever is cut off or changed, it is read or refused, never half.
    #[test]
    fn a_list_cut_anywhere_is_answered(at in 0usize..3_000, with in "[<>&\"a,\u{0}é\n]{0,3}") {
        let whole = data("sanctions/UN_consolidated.xml");
        let mut head = whole.get(..at).unwrap_or_default().to_owned();
        head.push_str(&with);
        prop_assert!(read_un("un", &head).is_err());
        let _ = ofac(&with, &head, "");
        let _ = ofac(&format!("{ENTRY}{with}"), "", &with);
    }

    /// Bytes from anywhere are a list read whole, or are refused with the line.
    #[test]
    fn any_bytes_are_answered(
        files in prop::array::uniform3(prop::collection::vec(any::<u8>(), 0..300)),
        xml in any::<String>(),
    ) {
        let [sdn, alt, add] = &files;
        match read_ofac("ofac-sdn", OfacFiles { sdn, alt, add }) {
            Ok(entries) => prop_assert!(!entries.is_empty()),
            Err(broken) => prop_assert!(broken.line > 0, "{broken}"),
        }
        let broken = read_un("un", &xml).unwrap_err();
        prop_assert!(broken.line > 0, "{broken}");
    }
}
