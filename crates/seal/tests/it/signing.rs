//! Seals of our own: signed, read, verified; any change is noticed.

use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use seal::{
    Emergency, Entries, Feature, Header, Misfit, Passport, PublicKey, Seal, Signer, Stay, Unreadable, Unverified,
    Version, Visa, read,
};

pub(crate) fn signer() -> Signer {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).expect("a key");
    Signer::from_pkcs8(key.as_ref()).expect("a key on P-256")
}

pub(crate) fn header() -> Header {
    Header {
        version: Version::Four,
        issuer: "UTO".into(),
        signer: "UTCS".into(),
        certificate: "1A".into(),
        issued: "2026-05-04".parse().expect("a day"),
        signed: "2026-05-05".parse().expect("a day"),
        profile: 0,
        category: 0,
    }
}

pub(crate) fn visa() -> Visa {
    Visa {
        zone: ["V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<".into(), "L8988901C4XXX4009078F9612109".into()],
        entries: Some(Entries::Unlimited),
        stay: Stay { days: 90, months: 0, years: 0 },
        passport: "L898902C3".into(),
    }
}

#[test]
fn a_visa_is_sealed_and_believed() {
    let signer = signer();
    let printed = signer.seal(&visa().seal(header()).expect("it fits")).expect("it is signed");
    let sealed = read(&printed).expect("a seal");
    assert_eq!(sealed.verify(&signer.public()), Ok(()));
    assert_eq!(Visa::of(&sealed), Ok(visa()));
    assert_eq!(sealed.verify(&self::signer().public()), Err(Unverified::Signature), "another's key");
}

#[test]
fn a_passport_is_sealed_by_its_whole_zone_in_a_profile_of_its_own() {
    let zone = [
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<".to_owned(),
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10".to_owned(),
    ];
    let (signer, passport) = (signer(), Passport { zone: zone.clone() });
    let printed = signer.seal(&passport.seal(header()).expect("it fits")).expect("it is signed");
    let sealed = read(&printed).expect("a seal");
    assert_eq!((Passport::of(&sealed), sealed.verify(&signer.public())), (Ok(passport), Ok(())));
    assert_eq!(sealed.seal.header.category % 2, 0, "odd categories are those of Doc 9303-13");
    for other in [Visa::of(&sealed).err(), Emergency::of(&sealed).err()] {
        assert_eq!(other, Some(Unreadable::Feature("kind of document")));
    }
    let visa = read(&signer.seal(&visa().seal(header()).expect("it fits")).expect("it is signed")).expect("a seal");
    assert_eq!(Passport::of(&visa), Err(Unreadable::Feature("kind of document")));
    let [first, second] = zone;
    let short = Passport { zone: [first, second[..36].to_owned()] };
    assert_eq!(short.seal(header()), Err(Misfit::Field("zone")));
}

#[test]
fn a_longer_key_signs_too() {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &SystemRandom::new()).expect("a key");
    let signer = Signer::from_pkcs8(key.as_ref()).expect("a key on P-384");
    let sealed = read(&signer.seal(&visa().seal(header()).expect("it fits")).expect("signed")).expect("a seal");
    assert_eq!((sealed.signature.len(), sealed.verify(&signer.public())), (96, Ok(())));
}

#[test]
fn any_bit_that_changes_is_noticed() {
    let signer = signer();
    let printed = signer.seal(&visa().seal(header()).expect("it fits")).expect("it is signed");
    for bit in 0..printed.len() * 8 {
        let mut changed = printed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let believed = read(&changed).is_ok_and(|sealed| sealed.verify(&signer.public()).is_ok());
        assert!(!believed, "bit {bit}");
    }
}

#[test]
fn what_does_not_fit_is_not_sealed() {
    let signer = signer();
    let refused = |change: &dyn Fn(&mut Seal)| {
        let mut seal = visa().seal(header()).expect("it fits");
        change(&mut seal);
        signer.seal(&seal).expect_err("it does not fit")
    };
    assert_eq!(refused(&|seal| seal.header.issuer = "utopia".into()), Misfit::Field("issuer"));
    assert_eq!(refused(&|seal| seal.header.signer = "U".into()), Misfit::Field("signer"));
    assert_eq!(refused(&|seal| seal.header.certificate.clear()), Misfit::Field("certificate"));
    assert_eq!(refused(&|seal| seal.header.certificate = "é".into()), Misfit::Field("certificate"));
    assert_eq!(refused(&|seal| seal.features[0].tag = 0xff), Misfit::Feature(0xff));
    assert_eq!(refused(&|seal| seal.features[0].value = vec![0; 70_000]), Misfit::Feature(1));
    let zone = ["V<UTO".to_owned(), String::new()];
    assert_eq!(Visa { zone, ..visa() }.seal(header()), Err(Misfit::Field("zone")));
    assert_eq!(Signer::from_pkcs8(&[1, 2, 3]).expect_err("no key"), Misfit::Key);
    assert_eq!(PublicKey::from_point(&[4; 64]), Err(Misfit::Key));
}

proptest! {
    #[test]
    fn any_seal_comes_back(
        issuer in "[A-Z]{1,3}", signer_id in "[A-Z]{4}", three in any::<bool>(), reference in "[0-9A-F]{1,40}",
        values in proptest::collection::vec((1u8..255, proptest::collection::vec(any::<u8>(), 0..400)), 0..5),
        days in (0i64..40_000, 0i64..40_000), kind in any::<(u8, u8)>(),
    ) {
        let start: chrono::NaiveDate = "1970-01-01".parse().expect("a day");
        let on = |days| start + chrono::TimeDelta::days(days);
        let (version, certificate) =
            if three { (Version::Three, format!("{reference:0<5}")[..5].to_owned()) } else { (Version::Four, reference) };
        let header = Header {
            version, issuer, signer: signer_id, certificate,
            issued: on(days.0), signed: on(days.1), profile: kind.0, category: kind.1,
        };
        let features = values.into_iter().map(|(tag, value)| Feature { tag, value }).collect();
        let (seal, signer) = (Seal { header, features }, signer());
        let sealed = read(&signer.seal(&seal).expect("it fits")).expect("a seal");
        prop_assert_eq!(&sealed.seal, &seal);
        prop_assert_eq!(sealed.verify(&signer.public()), Ok(()));
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200), head in any::<bool>()) {
        let bytes = if head { [&[0xdc, 3, 0x6a, 0xbc, 0x6d, 0x32, 0xc8, 0xa7], bytes.as_slice()].concat() } else { bytes };
        if let Ok(sealed) = read(&bytes) {
            let _ = Visa::of(&sealed);
        }
    }
}
