//! Whose seals are believed: certificates with their keys, their days and their issuers.

use crate::{PublicKey, Sealed, Unverified};
use chrono::NaiveDate;

/// A signer's certificate, as whoever verifies has been told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The state that it signs for, by Doc 9303-3: `UTO`, `D`.
    pub issuer: String,
    /// The signer: two letters of the country and two of its own.
    pub signer: String,
    /// Its reference, as seals have it.
    pub reference: String,
    /// The key.
    pub key: PublicKey,
    /// The first day on which it may sign.
    pub from: NaiveDate,
    /// The last one.
    pub until: NaiveDate,
    /// Since when it is revoked.
    pub revoked: Option<NaiveDate>,
    /// The certificate itself in DER, by which sealed JSON names it; empty if it is not known.
    pub der: Vec<u8>,
}

/// The certificates that are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust(pub Vec<Certificate>);

impl Trust {
    /// Whether a seal is believed on a day.
    ///
    /// # Errors
    /// Why it is not.
    pub fn judge(&self, sealed: &Sealed, today: NaiveDate) -> Result<&Certificate, Unverified> {
        let header = &sealed.seal.header;
        let named = |known: &&Certificate| known.signer == header.signer && known.reference == header.certificate;
        let certificate = self.0.iter().find(named).ok_or(Unverified::UnknownKey)?;
        certificate.allows(&header.issuer, Some(header.signed), today)?;
        sealed.verify(&certificate.key)?;
        Ok(certificate)
    }

    /// The certificate that has these bytes.
    pub(crate) fn with_der(&self, der: &[u8]) -> Result<&Certificate, Unverified> {
        let known = |certificate: &&Certificate| !der.is_empty() && certificate.der == der;
        self.0.iter().find(known).ok_or(Unverified::UnknownKey)
    }
}

impl Certificate {
    /// Whether what this issuer sealed on a day, or at the latest today if that is not said, may be believed. What a
    /// certificate signed while it was valid is good when it no longer is; nothing is good of one that was revoked.
    pub(crate) fn allows(&self, issuer: &str, signed: Option<NaiveDate>, today: NaiveDate) -> Result<(), Unverified> {
        let signed = signed.unwrap_or(today);
        if self.issuer != issuer {
            Err(Unverified::UntrustedCertificate)
        } else if self.revoked.is_some_and(|since| since <= today) {
            Err(Unverified::Revoked)
        } else if signed < self.from || signed > today {
            Err(Unverified::NotYetValid)
        } else if signed > self.until {
            Err(Unverified::Expired)
        } else {
            Ok(())
        }
    }
}
