//! Pages: what stands on them, and that their zones are read back letter by letter.

use super::apostille::{TEMPLATE as APOSTILLE, apostille};
use super::cash_day::cash_day;
use super::extract::{TEMPLATE as EXTRACT, extract};
use super::pages::{EMERGENCY, PASSPORT, VISA, emergency, passport, visa};
use super::refusal::TEMPLATE as REFUSAL;
use super::{Settings, TravelPapers};
use crate::travel::zone;
use config::{Env, Home};
use documents::{Most, Order, reading};
use proto::consular::v1::civil_record::Kind;
use proto::consular::v1::{
    Apostille, CivilCertificate, CivilParent, CivilPerson, CivilRecord, EmergencyTravelDocument, TravelDocument, Visa,
    visa_application::VisaClass,
};

fn papers(more: &[(&str, &str)]) -> TravelPapers {
    let env = more.iter().fold(Env::default(), |env, (name, value)| env.with(*name, *value));
    let settings: Settings = config::read(&env, "P").unwrap();
    TravelPapers::new(&settings, &Home::default()).unwrap()
}

fn read(order: &Order) -> String {
    let mut pages = reading(order, &Most::default()).unwrap();
    assert_eq!(pages.len(), 1, "one page");
    pages.remove(0)
}

/// The lines of a zone, each letter of which is set by itself.
fn zone_of(page: &str, width: usize) -> String {
    let letters: Vec<char> = page.lines().filter(|line| line.chars().count() == 1).flat_map(str::chars).collect();
    let lines = &letters[letters.len() - 2 * width..];
    let (first, second) = lines.split_at(width);
    format!("{}\n{}", first.iter().collect::<String>(), second.iter().collect::<String>())
}

fn window() -> mrz::Window {
    mrz::Window::on("2026-05-04".parse().unwrap())
}

fn document() -> TravelDocument {
    let holder = zone::Holder {
        family_name: "Lefèvre-Üstün",
        given_names: "Élise Marie",
        birth_date: "1974-08-12",
        sex: 0,
        nationality: "US",
    };
    TravelDocument {
        name: "travelDocuments/L898902C3".into(),
        number: "L898902C3".into(),
        post: "posts/example".into(),
        family_name: "Lefèvre-Üstün".into(),
        given_names: "Élise Marie".into(),
        birth_date: "1974-08-12".into(),
        birth_place: "Zürich".into(),
        issue_date: "2026-05-04".into(),
        expire_date: "2036-05-03".into(),
        zone: zone::lines(mrz::Format::Td3, "P", "US", holder, "L898902C3", "2036-05-03").unwrap(),
        seal: vec![220, 3, 7],
        ..TravelDocument::default()
    }
}

#[test]
fn a_data_page_says_what_the_register_says_and_its_zone_reads_back() {
    let page = read(&passport(&papers(&[]), &document()).unwrap());
    for wanted in ["LEFÈVRE-ÜSTÜN", "ÉLISE MARIE", "12 AUG 1974", "03 MAY 2036", "ZÜRICH", "L898902C3", "X"] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert_eq!(zone_of(&page, 44), document().zone.join("\n"));
    assert!(mrz::parse(&zone_of(&page, 44), &window()).is_ok());
}

#[test]
fn a_long_name_is_made_smaller_and_a_specimen_says_so() {
    let long = TravelDocument { given_names: "Anna Maria Magdalena ".repeat(5).trim().into(), ..document() };
    assert!(read(&passport(&papers(&[("P_SPECIMEN", "true")]), &long).unwrap()).contains("SPECIMEN"));
    assert!(!read(&passport(&papers(&[]), &long).unwrap()).contains("SPECIMEN"));
}

#[test]
fn pages_need_their_seal() {
    let unsealed = TravelDocument { seal: Vec::new(), ..document() };
    assert_eq!(passport(&papers(&[]), &unsealed).unwrap_err().reason(), "TRAVEL_SEAL_KEY_MISSING");
    let made = Visa {
        name: "visas/V00000001".into(),
        number: "V00000001".into(),
        visa_class: VisaClass::C.into(),
        family_name: "Traveller".into(),
        given_names: "Ravi".into(),
        passport_number: "Z1234567".into(),
        stay_days: 20,
        valid_from: "2026-07-01".into(),
        valid_until: "2026-08-04".into(),
        issue_date: "2026-05-04".into(),
        diplomatic: true,
        ..Visa::default()
    };
    let papers = papers(&[("P_TERRITORY", "Schengen States")]);
    assert_eq!(visa(&papers, &made).unwrap_err().reason(), "TRAVEL_SEAL_KEY_MISSING");
    let page = read(&visa(&papers, &Visa { seal: vec![220, 3, 7], ..made }).unwrap());
    for wanted in ["SCHENGEN STATES", "MULT", "20 DAYS", "TRAVELLER, RAVI", "DIPLOMATIC", "01-07-26", "04-08-26"] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    let issued = EmergencyTravelDocument {
        birth_date: "1990-01-31".into(),
        issue_date: "2026-05-04".into(),
        expire_date: "2026-05-11".into(),
        destination: "FR".into(),
        seal: vec![220, 3, 7],
        ..EmergencyTravelDocument::default()
    };
    assert!(read(&emergency(&papers, &issued).unwrap()).contains("FRANCE"));
}

fn issued() -> Apostille {
    Apostille {
        name: "apostilles/example".into(),
        country: "US".into(),
        official: "Registrar Example".into(),
        capacity: "Registrar".into(),
        authority: "Office of Vital Records".into(),
        place: "Washington".into(),
        date: "2026-05-04".into(),
        certified_by: "Department of State".into(),
        reference: "2026-000012".into(),
        seal: "DS-1".into(),
        signed_by: "Officer Example".into(),
        code: "ABCDEFGHJKLM".into(),
        ..Apostille::default()
    }
}

#[test]
fn an_apostille_has_the_title_and_the_ten_items_of_the_model_on_one_page_however_long_they_are() {
    let papers = papers(&[("P_APOSTILLE_REGISTER", "https://register.example/apostilles")]);
    let order = apostille(&papers, &issued()).unwrap();
    // Lines break where they have to.
    let page = read(&order).split_whitespace().collect::<Vec<_>>().join(" ");
    for wanted in [
        "APOSTILLE",
        "(Convention de La Haye du 5 octobre 1961)",
        "United States",
        "Registrar Example",
        "Office of Vital Records",
        "Washington",
        "4 May 2026",
        "Department of State",
        "2026-000012",
        "Officer Example",
        "https://register.example/apostilles",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    let items = (1..=10).map(|item| format!("{item}.")).filter(|item| page.contains(item.as_str())).count();
    assert_eq!(items, 10, "{page}");
    assert_eq!(order, apostille(&papers, &issued()).unwrap(), "equal orders print the same bytes");
    let long = Apostille {
        official: "Registrar of the Long Name ".repeat(7).trim().into(),
        authority: "Office of Vital Records of the County ".repeat(5).trim().into(),
        certified_by: "Department of State of the Republic ".repeat(5).trim().into(),
        ..issued()
    };
    let order = apostille(&papers, &long).unwrap();
    assert!(read(&order).contains("10."));
}

#[test]
fn an_extract_says_what_the_edition_in_force_says() {
    let person = |given: &str, born: &str| CivilPerson {
        family_name: "Example".into(),
        given_names: given.into(),
        birth_date: born.into(),
        nationality: "US".into(),
        ..CivilPerson::default()
    };
    let record = CivilRecord {
        name: "civilRecords/example".into(),
        kind: Kind::Birth.into(),
        post: "posts/lyon".into(),
        event_date: "2026-03-01".into(),
        place: "Lyon".into(),
        country: "FR".into(),
        subject: Some(person("Sofía", "2026-03-01")),
        parents: vec![CivilParent { person: Some(person("Ann", "1990-01-01")), citizen: true, presence_days: 7_000 }],
        reference: "lyon B 12/2026".into(),
        edition: 1,
        ..CivilRecord::default()
    };
    let certificate = CivilCertificate {
        number: 2,
        reference: "lyon B 12/2026-2".into(),
        edition: 1,
        date: "2026-05-04".into(),
        applicant: "Ann Example, mother".into(),
        code: "ABCDEFGHJKLM".into(),
        ..CivilCertificate::default()
    };
    let page = read(&extract(&papers(&[]), &record, &certificate).unwrap());
    for wanted in ["register of births", "EXAMPLE, Sofía", "1 March 2026", "Lyon, France", "lyon B 12/2026-2", "Parent"]
    {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert!(!page.contains("7000") && !page.contains("Annotations"), "{page}");
}

#[test]
fn templates_are_code_and_read_no_data_as_such() {
    for template in [&PASSPORT, &VISA, &EMERGENCY, &REFUSAL, &APOSTILLE, &EXTRACT] {
        template.check().unwrap();
    }
}

#[test]
fn the_report_of_a_day_says_what_is_over_or_short_and_names_every_receipt() {
    use proto::consular::v1::receipt::{Method, NoFee, State as Paid};
    use proto::consular::v1::{CashDay, Fee, Receipt, ReceiptLine, cash_day::State};
    let receipt = |number: i32, minor_units, method: Method| Receipt {
        reference: format!("lyon {number}/2026"),
        lines: vec![ReceiptLine { code: "PASSPORT_ADULT".into(), ..ReceiptLine::default() }],
        total: Some(Fee { currency: "USD".into(), minor_units }),
        method: method.into(),
        state: Paid::Issued.into(),
        ..Receipt::default()
    };
    let free = Receipt { no_fee: NoFee::Destitute.into(), ..receipt(3, 0, Method::None) };
    let receipts = [receipt(1, 13_000, Method::Cash), receipt(2, 123_450, Method::Card), free];
    let day = CashDay {
        name: "cashDays/one".into(),
        post: "posts/lyon".into(),
        cashier: "people/cashier".into(),
        date: "2026-05-04".into(),
        currency: "USD".into(),
        float_minor_units: 10_000,
        cash_taken_minor_units: 13_000,
        counted_minor_units: 22_900,
        difference_minor_units: -100,
        explanation: "A dollar too much was given in change.".into(),
        state: State::Counted.into(),
        ..CashDay::default()
    };
    let page = read(&cash_day(&papers(&[]), &day, &receipts).unwrap());
    for words in [
        "LYON",
        "4 May 2026",
        "230.00",
        "229.00",
        "-1.00",
        "A dollar too much was given in change.",
        "lyon 2/2026",
        "1,234.50",
        "no fee: without means",
        "not closed",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    let closed = CashDay { state: State::Closed.into(), ..day };
    assert!(read(&cash_day(&papers(&[]), &closed, &[]).unwrap()).contains("closed by another person"));
}

#[test]
fn papers_of_the_counter_say_what_was_paid_certified_and_legalised() {
    use super::office::{legalisation, notarial_act, receipt};
    use proto::consular::v1::receipt::{Method, State as Paid};
    use proto::consular::v1::{
        ChainLink, Fee, IdentityEvidence, Legalisation, NotarialAct, Receipt, ReceiptLine, identity_evidence,
        notarial_act::Kind as Act,
    };
    let zone = chrono_tz::America::New_York;
    let noon = Some(prost_types::Timestamp { seconds: 1_777_910_400, nanos: 0 });
    let papers = papers(&[]);
    let holds = |order: Order, words: &[&str]| {
        let page = read(&order);
        words.iter().for_each(|word| assert!(page.contains(word), "{word} in {page}"));
    };
    let paid = Receipt {
        name: "receipts/one".into(),
        reference: "lyon 7/2026".into(),
        post: "posts/lyon".into(),
        payer: "Person Example".into(),
        order_date: "2026-05-04".into(),
        lines: vec![ReceiptLine { code: "VISA_C".into(), quantity: 2, minor_units: 18_000, ..ReceiptLine::default() }],
        total: Some(Fee { currency: "EUR".into(), minor_units: 18_000 }),
        method: Method::Card.into(),
        state: Paid::Issued.into(),
        create_time: noon,
        ..Receipt::default()
    };
    holds(receipt(&papers, &paid, zone).unwrap(), &["7/2026", "VISA_C", "180.00", "EUR", "card"]);
    let back = Receipt { state: Paid::Refunded.into(), refunded_minor_units: 18_000, ..paid };
    holds(receipt(&papers, &back, zone).unwrap(), &["nothing"]);
    let act = NotarialAct {
        name: "notarialActs/one".into(),
        reference: "lyon N 3/2026".into(),
        post: "posts/lyon".into(),
        kind: Act::CertifiedCopy.into(),
        signer: "Person Example".into(),
        evidence: Some(IdentityEvidence {
            kind: identity_evidence::Kind::Passport.into(),
            number: "P123".into(),
            issuer: "FR".into(),
            witnesses: Vec::new(),
        }),
        capacity: "Consul".into(),
        document: "A diploma".into(),
        seal: "LYON-3".into(),
        act_time: noon,
        ..NotarialAct::default()
    };
    holds(notarial_act(&papers, &act, zone).unwrap(), &["3/2026", "P123", "France", "diploma", "Consul"]);
    let link = ChainLink {
        authority: "Ministry of Foreign Affairs".into(),
        official: "Attaché Example".into(),
        date: "2026-02-01".into(),
    };
    let seen = Legalisation {
        name: "legalisations/one".into(),
        reference: "cairo L 1/2026".into(),
        post: "posts/cairo".into(),
        country: "EG".into(),
        destination: "US".into(),
        document: "Power of attorney".into(),
        document_date: "2026-01-10".into(),
        official: "Notary Example".into(),
        authority: "Cairo Notary Office".into(),
        applicant: "Person Example".into(),
        links: vec![link],
        issue_time: noon,
        ..Legalisation::default()
    };
    let words = ["1/2026", "Attaché", "February", "Egypt", "nothing"];
    holds(legalisation(&papers, &seen, zone).unwrap(), &words);
}
