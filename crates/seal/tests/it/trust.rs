//! Whose seals are believed, and when: every reason to doubt by its name.

use crate::signing::{header, signer, visa};
use chrono::NaiveDate;
use seal::{Certificate, Header, Signer, Trust, Unverified, read};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// A certificate of this signer's key, good for the year 2026.
pub(crate) fn certificate(signer: &Signer) -> Certificate {
    Certificate {
        issuer: "UTO".into(),
        signer: "UTCS".into(),
        reference: "1A".into(),
        key: signer.public(),
        from: day("2026-01-01"),
        until: day("2026-12-31"),
        revoked: None,
        der: b"a certificate".to_vec(),
    }
}

/// Who was told of this one alone.
pub(crate) fn told(certificate: Certificate) -> Trust {
    Trust { certificates: vec![certificate], ..Trust::default() }
}

#[test]
fn every_reason_to_doubt_has_its_name() {
    let signer = signer();
    let good = certificate(&signer);
    let printed = signer.seal(&visa().seal(header()).expect("it fits")).expect("it is signed");
    let sealed = read(&printed).expect("a seal");
    let judged = |certificate: Certificate, today: &str| {
        told(certificate).judge(&sealed, day(today)).map(|found| found.reference.clone())
    };
    assert_eq!(judged(good.clone(), "2026-06-01"), Ok("1A".to_owned()));
    assert_eq!(judged(good.clone(), "2031-06-01"), Ok("1A".to_owned()), "signed while the certificate was valid");
    let other = |change: &dyn Fn(&mut Certificate)| {
        let mut certificate = good.clone();
        change(&mut certificate);
        judged(certificate, "2026-06-01")
    };
    assert_eq!(other(&|one| one.reference = "2B".into()), Err(Unverified::UnknownKey));
    assert_eq!(other(&|one| one.issuer = "XPO".into()), Err(Unverified::UntrustedCertificate));
    assert_eq!(other(&|one| one.from = day("2026-05-06")), Err(Unverified::NotYetValid));
    assert_eq!(other(&|one| one.until = day("2026-05-04")), Err(Unverified::Expired));
    assert_eq!(other(&|one| one.revoked = Some(day("2026-06-01"))), Err(Unverified::Revoked));
    assert_eq!(other(&|one| one.revoked = Some(day("2026-06-02"))), Ok("1A".to_owned()));
    assert_eq!(other(&|one| one.key = self::signer().public()), Err(Unverified::Signature));
    assert_eq!(judged(good.clone(), "2026-05-04"), Err(Unverified::NotYetValid), "signed tomorrow");
    let foreign = Header { signer: "XXCS".into(), ..header() };
    let printed = signer.seal(&visa().seal(foreign).expect("it fits")).expect("it is signed");
    let judged = told(good).judge(&read(&printed).expect("a seal"), day("2026-06-01")).cloned();
    assert_eq!(judged, Err(Unverified::UnknownKey));
}
