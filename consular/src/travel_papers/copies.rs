//! Sealed copies: what a passport or a visa says as sealed JSON (VDS-NC), signed when it is asked for and kept nowhere.
//!
//! A copy says nothing that can change, so that whoever verifies one makes its message anew from the register and compares:
//! who had our key could not pass a copy of a document that is not there.

use super::{SealKey, TravelPapers};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use proto::consular::v1::{Reason, SealedCopy, TravelDocument, Visa};
use proto::policy::v1::Reason as House;
use seal::SealedJson;
use serde::Deserialize;
use serde_json::{Value, json};

/// What a copy is of. Doc 9303 has no type for either; ours are under the issuing state's own name, as `usa.passport`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copied {
    /// A passport.
    Passport,
    /// A visa.
    Visa,
}

impl Copied {
    /// The type as the header of a copy has it.
    pub(crate) fn kind(self, papers: &TravelPapers) -> String {
        let word = match self {
            Self::Passport => "passport",
            Self::Visa => "visa",
        };
        format!("{}.{word}", papers.issuer().code.to_lowercase())
    }

    /// What a copy of ours is of.
    pub(crate) fn of(sealed: &SealedJson, papers: &TravelPapers) -> Option<Self> {
        [Self::Passport, Self::Visa].into_iter().find(|copied| copied.kind(papers) == sealed.kind)
    }
}

/// What every message of ours says: of which record, its zone, and when the copy was made.
#[derive(Debug, Deserialize)]
pub(crate) struct Said {
    /// The record's name.
    pub(crate) name: String,
    /// The lines of its zone.
    pub(crate) zone: Vec<String>,
    /// The day of issue.
    pub(crate) issued: String,
    /// The day the copy was made.
    pub(crate) sealed: NaiveDate,
}

impl Said {
    /// None of what is not of this form.
    pub(crate) fn of(sealed: &SealedJson) -> Option<Self> {
        serde_json::from_str(&sealed.message).ok()
    }
}

/// What a copy of a passport says that was made on this day.
pub(crate) fn passport(document: &TravelDocument, made: NaiveDate) -> Value {
    json!({
        "name": document.name,
        "zone": document.zone,
        "issued": document.issue_date,
        "expires": document.expire_date,
        "sealed": made,
    })
}

/// What a copy of a visa says that was made on this day.
pub(crate) fn visa(visa: &Visa, made: NaiveDate) -> Value {
    json!({
        "name": visa.name,
        "zone": visa.zone,
        "issued": visa.issue_date,
        "class": visa.visa_class().as_str_name(),
        "entries": visa.entries,
        "stayDays": visa.stay_days,
        "from": visa.valid_from,
        "until": visa.valid_until,
        "passport": visa.passport_number,
        "sealed": made,
    })
}

/// Whether this is the message, whatever its spaces and the order of its fields.
pub(crate) fn is_message(sealed: &SealedJson, message: &Value) -> bool {
    seal::canonical(&message.to_string()).is_some_and(|form| form == sealed.message)
}

impl TravelPapers {
    /// A message as sealed JSON.
    ///
    /// # Errors
    /// `SEAL_CERTIFICATE_MISSING`; the message says nothing, since the caller may not read what it says.
    pub(crate) fn sealed_copy(&self, copied: Copied, message: &Value) -> Result<SealedCopy, Fault> {
        let unseen = message["zone"].as_array().is_none_or(Vec::is_empty);
        let words = "a copy says who the holder is, which this caller may not read";
        refuse_if(unseen, House::PermissionDenied, words)
            .map_err(|fault| fault.with("permission", "consular.personal.read"))?;
        let without = "the house has no certificate that copies are sealed under";
        let missing = || Fault::new(Reason::SealCertificateMissing, without);
        let (SealKey(key), X509(certificate)) = (self.0.key.as_ref().zip(self.0.x509.as_ref())).ok_or_else(missing)?;
        let sealed = key.seal_json(&copied.kind(self), &self.issuer().code, &message.to_string(), certificate);
        let unmade = |error| Fault::new(House::Internal, "a copy could not be sealed").caused_by(error);
        Ok(SealedCopy { json: sealed.map_err(unmade)? })
    }
}

/// The certificate of the seal key, in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct X509(pub(super) Vec<u8>);

impl X509 {
    /// Whether it is the certificate of this key: the point of a key stands in it as it is (RFC 5480, 2.2).
    pub(super) fn is_of(&self, key: &SealKey) -> bool {
        let point = key.public();
        self.0.windows(point.point().len()).any(|bytes| bytes == point.point())
    }
}

impl config::Value for X509 {
    const SECRET: bool = false;

    fn parse(text: &str) -> Result<Self, String> {
        let der = STANDARD.decode(text.trim()).map_err(|_| "is not base64".to_owned())?;
        // A certificate is a sequence; that it is one of the key is seen when both are known.
        if der.first() == Some(&0x30) { Ok(Self(der)) } else { Err("is no certificate in DER".to_owned()) }
    }

    fn kind() -> String {
        "base64 of a certificate (X.509) in DER".into()
    }
}
