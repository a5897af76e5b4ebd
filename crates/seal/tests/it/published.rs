//! The worked examples of BSI TR-03137 part 1, version 2.5, annexes C, E and F. Their signatures are on Brainpool curves.

use seal::{Emergency, Header, Stay, Unreadable, Version, Visa, read};

const VISA: &str = "dc036abc6d32c8a72cb10f7134b798155d01022cdd52134a74da1347c6fed95cb89f9fce133c133c133c133c203833734aaf47f0c32f1a1e\
    20eb2625393afe310403a00000050633be1fed20c6ff38d5573247608c9b64cae022c1c5249660e51ae316d600f974aac2129c3f093c3595531402\
    6304705cd24c1b8100711bd4411f068e8d93e8b7";
const RESIDENCE_PERMIT: &str = "dc036abc6d32c8a727390f71341145f4fb0602305cba135875976ec066d417b59e8c6abc133c133c133c133c3fef3a2938ee\
    43f1593d1ae52dbb26751fe64b7c133c136b0306d79519a65306ff40158cf5b0bb7fbda099e8e7c94abefc9677b2e71e9885f5cd9057a8bfcf930a\
    6046bcf897650af8f9b0343c034d2f64ce081f95fbf3d01292d1f8165ece27d327";
const ARRIVAL: &str = "dc026abc6d32c8a519fc0f71341145f4fd020230a5621353d9a275735bd4134bc549133c133c133c133c133ca32519a519a4344a5e68\
    1ae7204b20d532cf4b7c133c133f030820d5201019a51aeaff404a1f218ca4392647ecff6c8abf9e796a78eebe0b1ac8cc25c4ee17eed961d11890\
    91358d7d616f1a517abc747f6c4490ff159d4dcf50248b00b1e32e9e7805e7";

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).expect("the example is in hexadecimal digits")
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("a day")
}

#[test]
fn a_visa() {
    let sealed = read(&bytes(VISA)).expect("annex F");
    let expected = Header {
        version: Version::Four,
        issuer: "D".into(),
        signer: "DETS".into(),
        certificate: "32".into(),
        issued: day("2020-01-01"),
        signed: day("2021-12-03"),
        profile: 0x5d,
        category: 0x01,
    };
    assert_eq!(sealed.seal.header, expected);
    assert_eq!(sealed.signature.len(), 56);
    let visa = Visa::of(&sealed).expect("a visa");
    assert_eq!(visa.zone, ["VCD<<DENT<<ARTHUR<PHILIP<<<<<<<<<<<<", "1234567XY7GBR5203116M2005250"]);
    assert_eq!((visa.entries, visa.stay), (None, Stay { days: 160, months: 0, years: 0 }));
    assert_eq!(visa.passport, "47110815P");
    // Written again it is the same seal, but for the signature, which has another key and another nonce.
    assert_eq!(visa.seal(expected).expect("what was read can be written"), sealed.seal);
}

#[test]
fn a_residence_permit_and_an_arrival_attestation() {
    let permit = read(&bytes(RESIDENCE_PERMIT)).expect("annex E");
    assert_eq!((permit.seal.header.certificate.as_str(), permit.seal.header.signed), ("27", day("2020-01-13")));
    assert_eq!((permit.seal.features.len(), permit.signature.len()), (2, 64));
    let arrival = read(&bytes(ARRIVAL)).expect("annex C");
    assert_eq!((arrival.seal.header.version, arrival.seal.header.certificate.as_str()), (Version::Three, "00027"));
    assert_eq!((arrival.seal.header.profile, arrival.seal.header.category), (0xfd, 0x02));
    assert_eq!(Visa::of(&arrival), Err(Unreadable::Feature("kind of document")));
}

/// The emergency travel document that readers of these seals are commonly tried with (`dc03 … 5e03`).
const EMERGENCY: &str = "dc03d9c5d9cac8a73a990f7134b834595e0302308a0d62b9d917a4cca93ca4d0edfc133c133c133c133c133c3fef3a2938ee43f1593d1ae52dbb\
    26751fe64b7c133c136bff403644690e5f2dd4e39b8bf10b4db669a38e60c8e6a46b3da0d7ad0f6aaf59af2326e924e4f96033ea096e89b8a5265a\
    a9f2a39435f17120febf9334af51618d94";

#[test]
fn an_emergency_travel_document() {
    let sealed = read(&bytes(EMERGENCY)).expect("a seal");
    assert_eq!((sealed.seal.header.profile, sealed.seal.header.category), (0x5e, 0x03));
    let document = Emergency::of(&sealed).expect("an emergency travel document");
    assert_eq!(document.zone, ["I<GBRSUPAMANN<<MARY<<<<<<<<<<<<<<<<<", "6525845096USA7008038M2201018<<<<<<06"]);
    assert_eq!(document.seal(sealed.seal.header.clone()).expect("what was read can be written"), sealed.seal);
    assert_eq!(Visa::of(&sealed), Err(Unreadable::Feature("kind of document")));
}

#[test]
fn a_seal_that_is_cut_or_longer_is_none() {
    let whole = bytes(VISA);
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "cut at {end}");
    }
    let longer = [whole.as_slice(), &[0]].concat();
    assert_eq!(read(&longer), Err(Unreadable::Signature));
    let mut other = whole.clone();
    other[0] = 0xdd;
    assert_eq!(read(&other), Err(Unreadable::NoSeal));
    other[0] = 0xdc;
    other[1] = 9;
    assert_eq!(read(&other), Err(Unreadable::Version(9)));
    let mut date = whole;
    date[10..13].copy_from_slice(&[0xff; 3]);
    assert_eq!(read(&date), Err(Unreadable::Date("the day of issue")));
}
