//! Sealed JSON: visible digital seals for non-constrained environments, VDS-NC (ICAO, VDS-NC technical report; Doc 9303-13).
//!
//! `{"data": {"hdr": {"t", "v", "is"}, "msg": {…}}, "sig": {"alg", "cer", "sigvl"}}`, signed over `data` in its canonical
//! form (RFC 8785). The certificate stands in it, in DER; what it is worth, whoever verifies knows ([`Trust`]).

mod canonical;

pub use canonical::canonical;

use crate::{Misfit, Signer, Trust, Unreadable, Unverified};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The version of the header.
const VERSION: u64 = 1;
/// The most bytes that a barcode holds: a QR code of version 40 with the least correction (ISO/IEC 18004, table 7).
pub const MOST_BYTES: usize = 2953;

/// Sealed JSON as it was read. Nothing of it is to be believed before [`SealedJson::judge`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedJson {
    /// What it is, by its type: `icao.test`.
    pub kind: String,
    /// Who issued it, by Doc 9303-3.
    pub issuer: String,
    /// What it says: a JSON object in its canonical form.
    pub message: String,
    /// The algorithm it names.
    pub algorithm: String,
    /// The signer's certificate in DER.
    pub certificate: Vec<u8>,
    signature: Vec<u8>,
    /// What was signed: `data` in its canonical form.
    signed: String,
}

impl Signer {
    /// A message, a JSON object, as sealed JSON in its canonical form. `certificate` is the signer's, in DER.
    ///
    /// # Errors
    /// The message is no object of I-JSON; it is larger than a barcode holds; it could not be signed.
    pub fn seal_json(&self, kind: &str, issuer: &str, message: &str, certificate: &[u8]) -> Result<String, Misfit> {
        let message = canonical(message).filter(|form| form.starts_with('{')).ok_or(Misfit::Field("message"))?;
        let header = json!({ "is": issuer, "t": kind, "v": VERSION });
        // Its members stand in their canonical order already.
        let signed = format!("{{\"hdr\":{header},\"msg\":{message}}}");
        let signature = self.sign(signed.as_bytes())?;
        let sig = json!({
            "alg": self.public().algorithm(),
            "cer": URL_SAFE_NO_PAD.encode(certificate),
            "sigvl": URL_SAFE_NO_PAD.encode(signature),
        });
        let sealed = format!("{{\"data\":{signed},\"sig\":{sig}}}");
        if sealed.len() > MOST_BYTES { Err(Misfit::Field("message")) } else { Ok(sealed) }
    }
}

/// What is signed, as it was written.
#[derive(Deserialize)]
struct Outer<'t> {
    #[serde(borrow)]
    data: &'t RawValue,
}

#[derive(Deserialize)]
struct Inner<'t> {
    #[serde(borrow)]
    msg: &'t RawValue,
}

impl SealedJson {
    /// Takes sealed JSON apart.
    ///
    /// # Errors
    /// It is too large, or has not the form.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        if text.len() > MOST_BYTES {
            return Err(Unreadable::TooLarge(text.len()));
        }
        let no_json = |_| Unreadable::Text("the JSON");
        let value: Value = serde_json::from_str(text).map_err(no_json)?;
        let at = |path: &'static str| value.pointer(path).ok_or(Unreadable::Feature(path));
        let word = |path: &'static str| at(path)?.as_str().map(str::to_owned).ok_or(Unreadable::Feature(path));
        let bytes = |path: &'static str| {
            // Some issuers fill their base64 up.
            URL_SAFE_NO_PAD.decode(word(path)?.trim_end_matches('=')).map_err(|_| Unreadable::Feature(path))
        };
        if at("/data/hdr/v")?.as_u64() != Some(VERSION) {
            return Err(Unreadable::Feature("/data/hdr/v"));
        }
        at("/data/msg")?.as_object().ok_or(Unreadable::Feature("/data/msg"))?;
        let Outer { data } = serde_json::from_str(text).map_err(no_json)?;
        let Inner { msg } = serde_json::from_str(data.get()).map_err(no_json)?;
        Ok(Self {
            kind: word("/data/hdr/t")?,
            issuer: word("/data/hdr/is")?,
            message: canonical(msg.get()).ok_or(Unreadable::Feature("/data/msg"))?,
            algorithm: word("/sig/alg")?,
            certificate: bytes("/sig/cer")?,
            signature: bytes("/sig/sigvl")?,
            signed: canonical(data.get()).ok_or(Unreadable::Feature("/data"))?,
        })
    }

    /// Whether it is believed on a day: it says not when it was signed, so its certificate must be good today.
    ///
    /// # Errors
    /// Why it is not.
    pub fn judge(&self, trust: &Trust, today: NaiveDate) -> Result<(), Unverified> {
        let certificate = trust.with_der(&self.certificate)?;
        certificate.allows(&self.issuer, None, today)?;
        // The key says how it signs; a name that says otherwise is not asked.
        if self.algorithm != certificate.key.algorithm() {
            return Err(Unverified::Signature);
        }
        certificate.key.verify(self.signed.as_bytes(), &self.signature)
    }
}
