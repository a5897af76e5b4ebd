//! Sets one document: template and data in, PDF out, on the thread that calls.

use crate::error::Error;
use crate::order::Order;
use crate::press::Most;
use crate::world::{Desk, day};
use typst::diag::SourceDiagnostic;
use typst::ecow::EcoVec;
use typst::foundations::Smart;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

/// For how many more documents typst remembers what it worked out for one and did not need again. It never forgets by
/// itself.
const REMEMBERED: usize = 4;

/// The document as PDF/A-2a. It takes some milliseconds a page and is not for a thread that answers requests:
/// [`Press`](crate::Press) puts it on one of its own.
///
/// # Errors
/// A character cannot be printed; it is larger than `most` allows; the template is broken.
pub fn typeset(order: &Order, most: &Most) -> Result<Vec<u8>, Error> {
    let document = lay_out(order, most);
    let pdf = document.and_then(|document| {
        let options = PdfOptions {
            ident: Smart::Custom(order.identity.clone()),
            creator: Smart::Custom(Some("Legation".to_owned())),
            timestamp: day(order.date).map(Timestamp::new_utc),
            standards: PdfStandards::new(&[PdfStandard::A_2a]).expect("one standard fits itself"),
            ..PdfOptions::default()
        };
        typst_pdf::pdf(&document, &options).map_err(|faults| broken(order, &faults))
    });
    typst::comemo::evict(REMEMBERED);
    pdf
}

/// The document's pages.
pub(crate) fn lay_out(order: &Order, most: &Most) -> Result<PagedDocument, Error> {
    if let Some(character) = order.unprintable {
        return Err(Error::Unprintable(character));
    }
    let size = order.data.len() + order.files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    if size > most.bytes {
        return Err(Error::TooLarge(size));
    }
    let warned = typst::compile::<PagedDocument>(&Desk::new(order));
    let document = warned.output.map_err(|faults| broken(order, &faults))?;
    // A font that is not ours would be replaced by another in silence, and a page would look otherwise than designed.
    if !warned.warnings.is_empty() {
        return Err(broken(order, &warned.warnings));
    }
    match document.pages().len() {
        pages if pages > most.pages => Err(Error::TooLong(pages)),
        _ => Ok(document),
    }
}

fn broken(order: &Order, faults: &EcoVec<SourceDiagnostic>) -> Error {
    let words = faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join("; ");
    Error::Template { template: order.template.name, words }
}
