//! States' signing authorities (CSCA): whoever they certified to sign seals is believed, though nobody told us of each.
//!
//! ICAO Doc 9303-12 has the certificates: the authority's is signed by itself and may sign certificates; a signer's is
//! signed by it, may sign and no more, and is of the same country. What is checked here once does not change; what
//! depends on the day of a seal, [`Certificate`] says.

use crate::{Certificate, PublicKey, Unfit};
use chrono::{DateTime, NaiveDate};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ExtendedKeyUsage, KeyUsage, ParsedExtension};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_PKCS1_RSASSAPSS, OID_PKCS1_SHA256WITHRSA,
    OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384, Oid,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::time::ASN1Time;

/// Uses of keys that ICAO names, below which those of seals are (Doc 9303-12, 7.1.1).
const ICAO: &str = "2.23.136.1.1.";
/// Those of them that are for lists of authorities and of deviations, and for nothing else.
const FOR_LISTS: [&str; 2] = ["2.23.136.1.1.3", "2.23.136.1.1.8"];

/// A state's signing authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The state that it certifies signers for, by Doc 9303-3: `UTO`, `D`.
    issuer: String,
    /// The same in its certificate, by ISO 3166-1 alpha-2.
    country: String,
    der: Vec<u8>,
}

impl Authority {
    /// The authority of a state, by its certificate in DER.
    ///
    /// # Errors
    /// It is no certificate of an authority, signed by itself with what is strong enough.
    pub fn read(issuer: &str, der: &[u8]) -> Result<Self, Unfit> {
        let own = certificate(der)?;
        let itself = own.subject().as_raw() == own.issuer().as_raw();
        signed(&own, &own)?;
        let certifies = usage(&own)?.is_some_and(|usage| usage.key_cert_sign());
        if !itself || !is_authority(&own)? || !certifies {
            return Err(Unfit::NoAuthority);
        }
        Ok(Self { issuer: issuer.to_owned(), country: country(&own)?, der: der.to_vec() })
    }

    /// The state that it certifies signers for, by Doc 9303-3.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The country in its certificate, by ISO 3166-1 alpha-2.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// A signer's certificate in DER, if this authority made it for signing. It is good on the days on which both are.
    ///
    /// # Errors
    /// `NotIssued` if it names another authority; otherwise what is wrong with it.
    pub fn certified(&self, signer: &str, reference: &str, der: &[u8]) -> Result<Certificate, Unfit> {
        let own = certificate(&self.der)?;
        let made = certificate(der)?;
        if made.issuer().as_raw() != own.subject().as_raw() {
            return Err(Unfit::NotIssued);
        }
        signed(&made, &own)?;
        if country(&made)? != self.country {
            return Err(Unfit::Country);
        }
        let signs = usage(&made)?.is_some_and(|usage| usage.digital_signature());
        let seals = made.extended_key_usage().map_err(unread)?.is_none_or(|uses| for_seals(uses.value));
        if is_authority(&made)? || !signs || !seals {
            return Err(Unfit::NoSigner);
        }
        let (from, until) = (day(&made.validity().not_before)?, day(&made.validity().not_after)?);
        let (first, last) = (day(&own.validity().not_before)?, day(&own.validity().not_after)?);
        Ok(Certificate {
            issuer: self.issuer.clone(),
            signer: signer.to_owned(),
            reference: reference.to_owned(),
            key: key(&made)?,
            from: from.max(first),
            until: until.min(last),
            revoked: None,
            der: der.to_vec(),
        })
    }
}

/// A certificate with nothing behind it and no critical part that we do not know (RFC 5280, 4.2).
fn certificate(der: &[u8]) -> Result<X509Certificate<'_>, Unfit> {
    let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| Unfit::Form)?;
    let known = |parsed: &ParsedExtension<'_>| {
        use ParsedExtension as One;
        matches!(
            parsed,
            One::KeyUsage(_)
                | One::BasicConstraints(_)
                | One::ExtendedKeyUsage(_)
                | One::SubjectKeyIdentifier(_)
                | One::AuthorityKeyIdentifier(_)
                | One::SubjectAlternativeName(_)
                | One::IssuerAlternativeName(_)
                | One::CertificatePolicies(_)
                | One::CRLDistributionPoints(_)
        )
    };
    let strange = certificate.extensions().iter().any(|one| one.critical && !known(one.parsed_extension()));
    if !rest.is_empty() || strange { Err(Unfit::Form) } else { Ok(certificate) }
}

/// The certificate is signed with the other's key, by what is strong enough (Doc 9303-12, 4.1.6: nothing with SHA-1).
fn signed(certificate: &X509Certificate<'_>, by: &X509Certificate<'_>) -> Result<(), Unfit> {
    let strong = [
        OID_SIG_ECDSA_WITH_SHA256,
        OID_SIG_ECDSA_WITH_SHA384,
        OID_PKCS1_SHA256WITHRSA,
        OID_PKCS1_SHA384WITHRSA,
        OID_PKCS1_SHA512WITHRSA,
        OID_PKCS1_RSASSAPSS,
    ];
    let named = &certificate.signature_algorithm.algorithm;
    if !strong.contains(named) || certificate.tbs_certificate.signature.algorithm != *named {
        return Err(Unfit::Algorithm);
    }
    certificate.verify_signature(Some(by.public_key())).map_err(|_| Unfit::Signature)
}

fn usage<'c>(certificate: &'c X509Certificate<'_>) -> Result<Option<&'c KeyUsage>, Unfit> {
    Ok(certificate.key_usage().map_err(unread)?.map(|usage| usage.value))
}

fn is_authority(certificate: &X509Certificate<'_>) -> Result<bool, Unfit> {
    Ok(certificate.basic_constraints().map_err(unread)?.is_some_and(|basic| basic.value.ca))
}

/// A key that says what it is for is for documents, and not for lists, servers or mail.
fn for_seals(uses: &ExtendedKeyUsage<'_>) -> bool {
    let fits = |one: &Oid<'_>| {
        let name = one.to_id_string();
        name.starts_with(ICAO) && !FOR_LISTS.contains(&name.as_str())
    };
    uses.other.iter().any(fits)
}

/// The one country of the subject, in capitals: certificates have it in either case.
fn country(certificate: &X509Certificate<'_>) -> Result<String, Unfit> {
    let mut named = certificate.subject().iter_country();
    match (named.next(), named.next()) {
        (Some(one), None) => one.as_str().map(str::to_ascii_uppercase).map_err(unread),
        _ => Err(Unfit::Country),
    }
}

/// The key, on one of the two curves.
fn key(certificate: &X509Certificate<'_>) -> Result<PublicKey, Unfit> {
    let known = &certificate.public_key().algorithm;
    let curve = known.parameters.as_ref().and_then(|named| named.as_oid().ok());
    let fits = known.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY
        && curve.is_some_and(|curve| curve == OID_EC_P256 || curve == OID_NIST_EC_P384);
    let point = &certificate.public_key().subject_public_key.data;
    PublicKey::from_point(point).ok().filter(|_| fits).ok_or(Unfit::Key)
}

fn day(time: &ASN1Time) -> Result<NaiveDate, Unfit> {
    DateTime::from_timestamp(time.timestamp(), 0).map(|instant| instant.date_naive()).ok_or(Unfit::Form)
}

fn unread(_: impl std::error::Error) -> Unfit {
    Unfit::Form
}
