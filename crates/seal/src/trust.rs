//! Whose seals are believed: certificates with their keys, their days and their issuers.

use crate::{Authority, PublicKey, Sealed, Unfit, Unverified};
use chrono::NaiveDate;
use std::borrow::Cow;

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

/// Whose seals are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// The certificates that we were told of.
    pub certificates: Vec<Certificate>,
    /// The authorities whose certificates are believed as well, where a seal brings its own.
    pub authorities: Vec<Authority>,
}

impl Trust {
    /// Whether a seal is believed on a day.
    ///
    /// # Errors
    /// Why it is not.
    pub fn judge(&self, sealed: &Sealed, today: NaiveDate) -> Result<&Certificate, Unverified> {
        let header = &sealed.seal.header;
        let named = |known: &&Certificate| known.signer == header.signer && known.reference == header.certificate;
        let certificate = self.certificates.iter().find(named).ok_or(Unverified::UnknownKey)?;
        certificate.allows(&header.issuer, Some(header.signed), today)?;
        sealed.verify(&certificate.key)?;
        Ok(certificate)
    }

    /// The certificate that has these bytes: one we were told of, which may be revoked, or one that an authority made.
    pub(crate) fn with_der(&self, der: &[u8]) -> Result<Cow<'_, Certificate>, Unverified> {
        let known = |certificate: &&Certificate| !der.is_empty() && certificate.der == der;
        if let Some(told) = self.certificates.iter().find(known) {
            return Ok(Cow::Borrowed(told));
        }
        let mut why = Unverified::UnknownKey;
        for authority in &self.authorities {
            match authority.certified("", "", der) {
                Ok(certified) => return Ok(Cow::Owned(self.unless_revoked(certified))),
                // Unreadable bytes are nobody's certificate; what names an authority and is not its is not to be trusted.
                Err(Unfit::NotIssued | Unfit::Form) => {}
                Err(_) => why = Unverified::UntrustedCertificate,
            }
        }
        Err(why)
    }

    /// A key that we were told is revoked is so in whatever certificate it comes: the bytes of one can be changed
    /// without its signature breaking (an ECDSA signature has two forms), and an authority may have made another for
    /// it.
    fn unless_revoked(&self, certified: Certificate) -> Certificate {
        let same = self.certificates.iter().filter(|told| told.key == certified.key);
        let revoked = same.filter_map(|told| told.revoked).min();
        Certificate { revoked, ..certified }
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
