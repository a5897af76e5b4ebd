//! Zones as a question: what is read, what is written, and every failure by its name.

use crate::travel_bench::CLERK;
use crate::world::world;
use proto::consular::v1::zone::{Format, Sex};
use proto::consular::v1::zone_failure::Cause;
use proto::consular::v1::{GenerateZoneRequest, ParseZoneRequest, Zone};

const PASSPORT: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";

#[tokio::test]
async fn a_zone_is_read_and_what_is_wrong_is_named() {
    let world = world().await;
    let mut zones = world.zones(CLERK);
    let mut read = async |lines: &str| {
        zones.parse_zone(ParseZoneRequest { lines: lines.into(), years_ahead: 0 }).await.unwrap().into_inner()
    };
    let good = read(PASSPORT).await;
    assert!(good.valid && good.specimen && good.failures.is_empty(), "{good:?}");
    let zone = good.zone.unwrap();
    assert_eq!(
        (zone.format(), zone.family_name.as_str(), zone.birth_date.as_str()),
        (Format::Td3, "ERIKSSON", "1974-08-12")
    );
    let wrong = read(&PASSPORT.replace("7408122", "7408123")).await;
    assert!(!wrong.valid && wrong.zone.is_some(), "it says something, which is not to be relied on");
    let named: Vec<_> =
        wrong.failures.iter().map(|one| (one.field.as_str(), one.place.as_str(), one.cause())).collect();
    assert_eq!(
        named,
        [
            ("check digit of the date of birth", "line 2, column 20", Cause::CheckDigit),
            ("composite check digit", "line 2, column 44", Cause::CheckDigit),
        ]
    );
    let none = read("hello").await;
    assert_eq!((none.valid, none.zone, none.failures[0].cause()), (false, None, Cause::Shape));
}

#[tokio::test]
async fn a_zone_is_written_in_its_own_letters() {
    let world = world().await;
    let zone = Zone {
        format: Format::Td1.into(),
        document_code: "I".into(),
        issuer: "UTO".into(),
        family_name: "Гнатюк".into(),
        given_names: "Оксана".into(),
        number: "D23145890734".into(),
        nationality: "UTO".into(),
        birth_date: "1934-XX-XX".into(),
        sex: Sex::Female.into(),
        expire_date: "2035-07-12".into(),
        ..Zone::default()
    };
    let mut zones = world.zones(CLERK);
    let mut write = async |zone: Zone| {
        let ask = GenerateZoneRequest { zone: Some(zone), language: "uk".into() };
        zones.generate_zone(ask).await.unwrap().into_inner()
    };
    let written = write(zone.clone()).await;
    assert_eq!(written.lines[0], "I<UTOD23145890<7349<<<<<<<<<<<");
    assert_eq!(written.lines[1].get(..7), Some("34<<<<3"), "{written:?}");
    assert_eq!(written.lines[2], "HNATIUK<<OKSANA<<<<<<<<<<<<<<<");
    let strange = write(Zone { family_name: "李".into(), ..zone.clone() }).await;
    assert_eq!((strange.lines.len(), strange.failures[0].cause()), (0, Cause::Letter));
    let unfit = write(Zone { document_code: "P".into(), issuer: "ZZZ".into(), ..zone }).await;
    let causes: Vec<_> = unfit.failures.iter().map(|failure| failure.cause()).collect();
    assert_eq!(causes, [Cause::DocumentCode, Cause::State]);
}
