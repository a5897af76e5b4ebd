//! Signers that a state's authority has certified: believed for that state alone, on the days on which both are good.

use crate::trust::told;
use chrono::NaiveDate;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use seal::{Authority, SealedJson, Signer, Trust, Unfit, Unverified};

/// A certificate to be made.
struct Made {
    country: &'static str,
    years: (i32, i32),
    authority: bool,
    usages: Vec<KeyUsagePurpose>,
    uses: Vec<ExtendedKeyUsagePurpose>,
}

/// An authority of Utopia, for twenty years.
fn csca() -> Made {
    let usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Made { country: "UT", years: (2020, 2040), authority: true, usages, uses: Vec::new() }
}

/// A signer of Utopia, for 2026.
fn signer() -> Made {
    let usages = vec![KeyUsagePurpose::DigitalSignature];
    Made { country: "UT", years: (2026, 2027), authority: false, usages, uses: Vec::new() }
}

impl Made {
    fn params(&self, name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, self.country);
        params.distinguished_name.push(DnType::CommonName, name);
        (params.not_before, params.not_after) = (date_time_ymd(self.years.0, 1, 1), date_time_ymd(self.years.1, 1, 1));
        if self.authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        }
        params.key_usages.clone_from(&self.usages);
        params.extended_key_usages.clone_from(&self.uses);
        params
    }
}

/// An authority that can make certificates.
struct House {
    issuer: Issuer<'static, KeyPair>,
    der: Vec<u8>,
}

fn house(made: &Made) -> House {
    let key = KeyPair::generate().expect("a key on P-256");
    let params = made.params("CSCA-UTO");
    let der = params.self_signed(&key).expect("it is signed").der().to_vec();
    House { issuer: Issuer::new(params, key), der }
}

impl House {
    /// A signer's key and the certificate made for it.
    fn certifies(&self, made: &Made) -> (Signer, Vec<u8>) {
        let key = KeyPair::generate().expect("a key on P-256");
        let der = self.certificate(made, &key, 1);
        (Signer::from_pkcs8(&key.serialize_der()).expect("a key on P-256"), der)
    }

    fn certificate(&self, made: &Made, key: &KeyPair, number: u64) -> Vec<u8> {
        let mut params = made.params("UTCS");
        params.serial_number = Some(number.into());
        params.signed_by(key, &self.issuer).expect("it is signed").der().to_vec()
    }

    fn authority(&self) -> Authority {
        Authority::read("UTO", &self.der).expect("it is an authority")
    }

    fn trust(&self) -> Trust {
        Trust { authorities: vec![self.authority()], ..Trust::default() }
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn judged(trust: &Trust, signer: &Signer, der: &[u8], issuer: &str, today: &str) -> Result<(), Unverified> {
    let text = signer.seal_json("icao.test", issuer, "{\"name\":\"Anna\"}", der).expect("it fits");
    SealedJson::read(&text).expect("it has the form").judge(trust, day(today))
}

#[test]
fn whoever_the_authority_certified_is_believed_for_its_state_and_days() {
    let house = house(&csca());
    let (signer, der) = house.certifies(&self::signer());
    let trust = house.trust();
    assert_eq!(judged(&trust, &signer, &der, "UTO", "2026-06-01"), Ok(()));
    assert_eq!(judged(&trust, &signer, &der, "XPO", "2026-06-01"), Err(Unverified::UntrustedCertificate));
    assert_eq!(judged(&trust, &signer, &der, "UTO", "2025-12-31"), Err(Unverified::NotYetValid));
    assert_eq!(judged(&trust, &signer, &der, "UTO", "2027-01-02"), Err(Unverified::Expired));
    assert_eq!(judged(&Trust::default(), &signer, &der, "UTO", "2026-06-01"), Err(Unverified::UnknownKey));
    let (other, _) = house.certifies(&self::signer());
    assert_eq!(judged(&trust, &other, &der, "UTO", "2026-06-01"), Err(Unverified::Signature), "another's key");
    // What we were told of goes before: it may be revoked.
    let told_of = house.authority().certified("UTCS", "1A", &der).expect("it is certified");
    let revoked = seal::Certificate { revoked: Some(day("2026-05-01")), ..told_of };
    let trust = Trust { authorities: trust.authorities, ..told(revoked) };
    assert_eq!(judged(&trust, &signer, &der, "UTO", "2026-06-01"), Err(Unverified::Revoked));
}

#[test]
fn a_revoked_key_is_revoked_in_every_certificate() {
    let house = house(&csca());
    let key = KeyPair::generate().expect("a key on P-256");
    let (one, other) = (house.certificate(&signer(), &key, 1), house.certificate(&signer(), &key, 2));
    assert_ne!(one, other);
    let told_of = house.authority().certified("UTCS", "1A", &one).expect("it is certified");
    let revoked = seal::Certificate { revoked: Some(day("2026-05-01")), ..told_of };
    let trust = Trust { authorities: vec![house.authority()], ..told(revoked) };
    let signer = Signer::from_pkcs8(&key.serialize_der()).expect("a key on P-256");
    for der in [one, other] {
        assert_eq!(judged(&trust, &signer, &der, "UTO", "2026-06-01"), Err(Unverified::Revoked));
    }
}

#[test]
fn a_signer_is_good_no_longer_than_its_authority() {
    let house = house(&Made { years: (2020, 2026), ..csca() });
    let (signer, der) = house.certifies(&Made { years: (2025, 2027), ..self::signer() });
    assert_eq!(judged(&house.trust(), &signer, &der, "UTO", "2025-06-01"), Ok(()));
    assert_eq!(judged(&house.trust(), &signer, &der, "UTO", "2026-06-01"), Err(Unverified::Expired));
}

#[test]
fn another_authority_of_the_same_name_certifies_nobody_here() {
    let (known, other) = (house(&csca()), house(&csca()));
    let (signer, der) = other.certifies(&self::signer());
    assert_eq!(known.authority().certified("UTCS", "1A", &der), Err(Unfit::Signature));
    assert_eq!(judged(&known.trust(), &signer, &der, "UTO", "2026-06-01"), Err(Unverified::UntrustedCertificate));
    // Two authorities of one name, as when a state's key is renewed: either's signers are believed.
    let both = Trust { authorities: vec![known.authority(), other.authority()], ..Trust::default() };
    assert_eq!(judged(&both, &signer, &der, "UTO", "2026-06-01"), Ok(()));
    let elsewhere = house(&Made { country: "XY", ..csca() });
    let (signer, der) = elsewhere.certifies(&Made { country: "XY", ..self::signer() });
    assert_eq!(known.authority().certified("UTCS", "1A", &der), Err(Unfit::NotIssued));
    assert_eq!(judged(&known.trust(), &signer, &der, "UTO", "2026-06-01"), Err(Unverified::UnknownKey));
}

#[test]
fn a_certificate_for_something_else_seals_nothing() {
    let house = house(&csca());
    let other = |change: &dyn Fn(&mut Made)| {
        let mut made = signer();
        change(&mut made);
        house.authority().certified("UTCS", "1A", &house.certifies(&made).1).map(drop)
    };
    assert_eq!(other(&|_| {}), Ok(()));
    assert_eq!(other(&|one| one.country = "XY"), Err(Unfit::Country));
    assert_eq!(other(&|one| one.authority = true), Err(Unfit::NoSigner), "an authority below the authority");
    assert_eq!(other(&|one| one.usages.clear()), Err(Unfit::NoSigner));
    assert_eq!(other(&|one| one.usages = vec![KeyUsagePurpose::KeyAgreement]), Err(Unfit::NoSigner));
    assert_eq!(other(&|one| one.uses = vec![ExtendedKeyUsagePurpose::ServerAuth]), Err(Unfit::NoSigner));
    let icao = |last: u64| vec![ExtendedKeyUsagePurpose::Other(vec![2, 23, 136, 1, 1, last])];
    assert_eq!(other(&|one| one.uses = icao(3)), Err(Unfit::NoSigner), "for lists of authorities");
    assert_eq!(other(&|one| one.uses = icao(14)), Ok(()));
}

#[test]
fn who_is_no_authority_is_not_read_as_one() {
    let read = |made: Made| Authority::read("UTO", &house(&made).der).map(drop);
    assert_eq!(read(csca()), Ok(()));
    assert_eq!(read(Made { authority: false, ..csca() }), Err(Unfit::NoAuthority));
    assert_eq!(read(Made { usages: vec![KeyUsagePurpose::DigitalSignature], ..csca() }), Err(Unfit::NoAuthority));
    let made = house(&csca());
    let (_, signer) = made.certifies(&signer());
    assert_eq!(Authority::read("UTO", &signer), Err(Unfit::Signature), "signed by another");
    for wrong in [Vec::new(), b"no certificate".to_vec(), [made.der.as_slice(), b"more"].concat()] {
        assert_eq!(Authority::read("UTO", &wrong), Err(Unfit::Form));
    }
    // One bit changed of what is signed is refused, and nothing breaks off wherever it is.
    let signed = 8 + usize::from(u16::from_be_bytes([made.der[6], made.der[7]]));
    for place in 0..made.der.len() {
        let mut changed = made.der.clone();
        changed[place] ^= 1;
        assert!(Authority::read("UTO", &changed).is_err() || place >= signed, "byte {place}");
    }
}
