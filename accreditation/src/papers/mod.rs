//! Papers: what this service prints, on the ministry's letterhead and sealed with its key.

pub(crate) mod card;
#[cfg(test)]
mod card_tests;
pub(crate) mod certificate;
pub(crate) mod circular;
mod forms;
mod letterhead;
pub(crate) mod list;
pub(crate) mod note;
mod photograph;
mod seals;

pub(crate) use forms::speaks;
pub(crate) use letterhead::Letterhead;
pub use letterhead::Settings;
pub(crate) use seals::Seals;

use crate::papers::card::Faces;
use anyhow::Context as _;
use config::Home;
use documents::seal::{PublicKey, SealKey};
use documents::{Order, Press};
use fault::Fault;
use prost::Message as _;
use proto::accreditation::v1::{Reason, Seal};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long to wait when the press is busy.
const PAUSE: Duration = Duration::from_secs(2);

/// Where papers are printed. A clone is the same press.
#[derive(Clone, Debug)]
pub struct Papers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    press: Press,
    letterhead: Letterhead,
    key: Option<SealKey>,
    retired: Vec<PublicKey>,
    faces: Faces,
    photos: Option<PathBuf>,
    specimen: bool,
}

impl Papers {
    /// The papers of a house, by its settings.
    ///
    /// # Errors
    /// The data of a paper is broken.
    pub fn new(settings: &Settings, home: &Home) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Inner {
            press: Press::default(),
            letterhead: Letterhead::new(settings, home).context("make the letterhead")?,
            key: settings.seal_key.clone(),
            retired: settings.retired_seal_keys.clone(),
            faces: Faces::shipped().context("read the faces of identity cards")?,
            photos: settings.photos.clone(),
            specimen: settings.specimen,
        })))
    }

    pub(crate) fn letterhead(&self) -> &Letterhead {
        &self.0.letterhead
    }

    pub(crate) fn faces(&self) -> &Faces {
        &self.0.faces
    }

    /// The folder with the photographs, if there is one.
    pub(crate) fn photos(&self) -> Option<&Path> {
        self.0.photos.as_deref()
    }

    /// Whether all that is printed is marked as a specimen, good for nothing.
    pub(crate) fn specimen(&self) -> bool {
        self.0.specimen
    }

    /// The public keys of our seals, the one in use first.
    pub(crate) fn keys(&self) -> (Option<PublicKey>, &[PublicKey]) {
        (self.0.key.as_ref().map(SealKey::public), &self.0.retired)
    }

    /// The order with its seal as a barcode.
    ///
    /// # Errors
    /// `SEAL_KEY_MISSING`.
    pub(crate) fn sealed(&self, order: Order, seal: &Seal) -> Result<Order, Fault> {
        let missing = || Fault::new(Reason::SealKeyMissing, "this house has no key to seal papers with");
        let key = self.0.key.as_ref().ok_or_else(missing)?;
        let too_long = |error| Fault::new(House::Internal, "a seal does not fit a barcode").caused_by(error);
        order.with_barcode(key.seal(&seal.encode_to_vec())).map_err(too_long)
    }

    /// Prints.
    ///
    /// # Errors
    /// `PAPER_UNPRINTABLE`; `OVERLOADED` or `DEADLINE_EXCEEDED` if it is not ready in time.
    pub(crate) async fn print(&self, order: Order) -> Result<HttpBody, Fault> {
        let printed = self.0.press.print(order).await.map_err(unprinted)?;
        Ok(HttpBody { content_type: documents::PDF.to_owned(), data: printed, extensions: Vec::new() })
    }
}

/// Why a paper was not printed, as callers learn it.
fn unprinted(error: documents::Error) -> Fault {
    use documents::Error;
    match error {
        Error::Unprintable(character) => {
            let words = format!("the character {character:?} cannot be printed");
            Fault::new(Reason::PaperUnprintable, words).with("character", format!("U+{:04X}", u32::from(character)))
        }
        Error::Busy => Fault::new(House::Overloaded, "too many papers are being printed").retry_after(PAUSE),
        Error::TooLate => Fault::new(House::DeadlineExceeded, "the paper was not ready in time"),
        other => Fault::new(House::Internal, "a paper could not be printed").caused_by(other),
    }
}
