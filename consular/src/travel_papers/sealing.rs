//! Sealing: the key as the settings have it, the seals of passports, visas and emergency documents, and who else is trusted.

use super::TravelPapers;
use crate::travel::day;
use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use fault::Fault;
use proto::consular::v1::{EmergencyTravelDocument, TravelDocument, Visa};
use proto::policy::v1::Reason as House;
use seal::{Certificate, Emergency, Entries, Header, Misfit, Passport, PublicKey, Seal, Signer, Stay, Trust, Version};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;

/// How much of the second line a visa's seal has: all but the optional data.
const SECOND_LINE: usize = 28;
/// Up to how many days a seal says days; a longer stay is said in months.
const MOST_DAYS: u32 = 254;
/// The days of a month, for a long stay.
const MONTH: u32 = 30;

/// The private key of seals. Its debug form shows the public half alone.
#[derive(Clone, Debug)]
pub struct SealKey(pub(super) Arc<Signer>);

impl SealKey {
    /// The public half.
    pub(crate) fn public(&self) -> PublicKey {
        self.0.public()
    }
}

impl config::Value for SealKey {
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let der = STANDARD.decode(text.trim()).map_err(|_| "is not base64".to_owned())?;
        Signer::from_pkcs8(&der).map(|signer| Self(Arc::new(signer))).map_err(|error| error.to_string())
    }

    fn kind() -> String {
        "a secret: base64 of a private key on P-256 or P-384 in PKCS #8".into()
    }
}

impl TravelPapers {
    /// The bytes of a passport's seal; none without a key.
    ///
    /// # Errors
    /// Something does not fit a seal.
    pub(crate) fn seal_passport(&self, document: &TravelDocument, today: NaiveDate) -> Result<Vec<u8>, Fault> {
        let [first, second] = document.zone.as_slice() else { return Err(misfit(Misfit::Field("zone"))) };
        let sealed = Passport { zone: [first.clone(), second.clone()] };
        self.sealed(&document.issue_date, today, |header| sealed.seal(header))
    }

    /// The bytes of a visa's seal; none without a key.
    ///
    /// # Errors
    /// Something does not fit a seal.
    pub(crate) fn seal_visa(&self, visa: &Visa, today: NaiveDate) -> Result<Vec<u8>, Fault> {
        let [first, second] = visa.zone.as_slice() else { return Err(misfit(Misfit::Field("zone"))) };
        let entries = match u8::try_from(visa.entries) {
            Ok(0) | Err(_) => Entries::Unlimited,
            Ok(times) => Entries::Times(times),
        };
        let days = u32::try_from(visa.stay_days).unwrap_or(0);
        let (months, days) = if days > MOST_DAYS { (days / MONTH, days % MONTH) } else { (0, days) };
        let small = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
        let sealed = seal::Visa {
            zone: [first.clone(), second.get(..SECOND_LINE).unwrap_or_default().to_owned()],
            entries: Some(entries),
            stay: Stay { days: small(days), months: small(months), years: 0 },
            passport: visa.passport_number.clone(),
        };
        self.sealed(&visa.issue_date, today, |header| sealed.seal(header))
    }

    /// The bytes of an emergency document's seal; none without a key.
    ///
    /// # Errors
    /// Something does not fit a seal.
    pub(crate) fn seal_emergency(
        &self,
        document: &EmergencyTravelDocument,
        today: NaiveDate,
    ) -> Result<Vec<u8>, Fault> {
        let [first, second] = document.zone.as_slice() else { return Err(misfit(Misfit::Field("zone"))) };
        let sealed = Emergency { zone: [first.clone(), second.clone()] };
        self.sealed(&document.issue_date, today, |header| sealed.seal(header))
    }

    fn sealed(
        &self,
        issued: &str,
        today: NaiveDate,
        seal: impl Fn(Header) -> Result<Seal, Misfit>,
    ) -> Result<Vec<u8>, Fault> {
        let Some(key) = &self.0.key else { return Ok(Vec::new()) };
        let header = Header {
            version: Version::Four,
            issuer: self.0.issuer.code.clone(),
            signer: self.0.signer.clone(),
            certificate: self.0.certificate.clone(),
            issued: day(issued)?,
            signed: today,
            profile: 0,
            category: 0,
        };
        seal(header).and_then(|sealed| key.0.seal(&sealed)).map_err(misfit)
    }
}

fn misfit(error: Misfit) -> Fault {
    Fault::new(House::Internal, "a seal could not be made").caused_by(error)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    certificate: Vec<Entry>,
}

/// A certificate in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    issuer: String,
    signer: String,
    reference: String,
    /// The point, in base64.
    key: String,
    from: NaiveDate,
    until: NaiveDate,
    revoked: Option<NaiveDate>,
    /// The certificate in DER, in base64.
    #[serde(default)]
    der: String,
}

/// The certificates of a file.
pub(super) fn trusted(file: &Path) -> anyhow::Result<Trust> {
    let File { certificate: entries } = toml::from_str(&std::fs::read_to_string(file)?)?;
    let bytes = |text: &str| STANDARD.decode(text.trim()).context("is not base64");
    let certificate = |entry: Entry| {
        ensure!(entry.from <= entry.until, "{} {}: it ends before it begins", entry.signer, entry.reference);
        Ok(Certificate {
            key: PublicKey::from_point(&bytes(&entry.key)?)?,
            der: bytes(&entry.der)?,
            issuer: entry.issuer,
            signer: entry.signer,
            reference: entry.reference,
            from: entry.from,
            until: entry.until,
            revoked: entry.revoked,
        })
    };
    entries.into_iter().map(certificate).collect::<anyhow::Result<_>>().map(Trust)
}
