//! Sealing: the key as the settings have it, the seals of passports, visas and emergency documents, and who else is trusted.

use super::TravelPapers;
use crate::travel::{day, zone};
use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use fault::Fault;
use proto::consular::v1::{EmergencyTravelDocument, TravelDocument, Visa};
use proto::policy::v1::Reason as House;
use seal::{
    Authority, Certificate, Emergency, Entries, Header, Misfit, Passport, PublicKey, Seal, Signer, Stay, Trust, Version,
};
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
    #[serde(default)]
    authority: Vec<AuthorityEntry>,
    #[serde(default)]
    certificate: Vec<Entry>,
}

/// A state's signing authority in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorityEntry {
    issuer: String,
    /// The certificate in DER, in base64.
    der: String,
}

/// A signer's certificate in a file: its key and days, or the certificate that an authority of the file has made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    issuer: String,
    signer: String,
    reference: String,
    /// The point, in base64.
    key: Option<String>,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
    revoked: Option<NaiveDate>,
    /// The certificate in DER, in base64.
    #[serde(default)]
    der: String,
}

/// The authorities and certificates of a file.
pub(super) fn trusted(file: &Path) -> anyhow::Result<Trust> {
    let File { authority, certificate } = toml::from_str(&std::fs::read_to_string(file)?)?;
    let authorities = authority.into_iter().map(authority_of).collect::<anyhow::Result<Vec<_>>>()?;
    let told = |entry: Entry| {
        let named = format!("{} {}", entry.signer, entry.reference);
        told_of(entry, &authorities).context(named)
    };
    let certificates = certificate.into_iter().map(told).collect::<anyhow::Result<_>>()?;
    Ok(Trust { certificates, authorities })
}

fn bytes(text: &str) -> anyhow::Result<Vec<u8>> {
    STANDARD.decode(text.trim()).context("is not base64")
}

/// The authority of a state that says the same of itself. Codes that ISO 3166-1 does not know, as the specimen's, are the
/// file's.
fn authority_of(entry: AuthorityEntry) -> anyhow::Result<Authority> {
    let authority = bytes(&entry.der).and_then(|der| Ok(Authority::read(&entry.issuer, &der)?));
    let authority = authority.with_context(|| format!("the authority of {}", entry.issuer))?;
    let own = zone::code(authority.country());
    let fits = own == authority.issuer() || own == zone::UNKNOWN_STATE;
    ensure!(fits, "the authority of {} says that it is one of {}", authority.issuer(), authority.country());
    Ok(authority)
}

/// Told by its key and days; or by what an authority of its state has made.
fn told_of(entry: Entry, authorities: &[Authority]) -> anyhow::Result<Certificate> {
    let der = bytes(&entry.der)?;
    let (key, from, until) = match (entry.key, entry.from, entry.until) {
        (Some(key), Some(from), Some(until)) => (PublicKey::from_point(&bytes(&key)?)?, from, until),
        (None, None, None) => {
            let own = authorities.iter().filter(|authority| authority.issuer() == entry.issuer);
            let made = own.map(|authority| authority.certified(&entry.signer, &entry.reference, &der));
            // A state may have two authorities while it exchanges its key: the one that made it, or what is wrong with it.
            let made = made.min_by_key(|made| match made {
                Ok(_) => 0,
                Err(seal::Unfit::NotIssued) => 2,
                Err(_) => 1,
            });
            let made = made.context("no authority of its issuer is in the file")??;
            (made.key, made.from, made.until)
        }
        _ => bail!("it has its key, first and last day, or none of them and the certificate of an authority"),
    };
    ensure!(from <= until, "it ends before it begins");
    let Entry { issuer, signer, reference, revoked, .. } = entry;
    Ok(Certificate { issuer, signer, reference, key, from, until, revoked, der })
}
