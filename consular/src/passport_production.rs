//! Passports on their way: inspected or made anew, shipped, handed over in the place of the one before.

use crate::blank_books::{self, BlankBooks};
use crate::clearance;
use crate::hold_decisions;
use crate::travel_documents::TravelDocuments;
use fault::{Fault, refuse_if};
use proto::consular::v1::travel_document::State as Document;
use proto::consular::v1::{
    DeliverPassportRequest, FailPassportInspectionRequest, PassportApplication, PassportHold, Reason, Screening,
    ShipPassportRequest, TravelDocument,
};
use proto::policy::v1::Reason as House;
use registry::{Call, Held, Reader};

/// What was made on an application: the book, and the passport.
pub(crate) type Product = (Vec<Held<BlankBooks>>, Vec<Held<TravelDocuments>>);

pub(crate) async fn product(
    reader: &mut Reader<'_>,
    application: &PassportApplication,
    _: &FailPassportInspectionRequest,
) -> Result<Product, Fault> {
    let document = reader.glance::<TravelDocument>(&application.document).await?.unwrap_or_default();
    let blank = reader.hold(&[("name", &[document.blank.as_str()])]).await?;
    Ok((blank, reader.hold(&[("name", &[document.name.as_str()])]).await?))
}

/// Another book is made on the same approval.
pub(crate) fn fail(
    application: &mut PassportApplication,
    _: FailPassportInspectionRequest,
    (blanks, documents): Product,
    call: &mut Call,
) -> Result<(), Fault> {
    application.document.clear();
    blank_books::fail(blanks, call)?;
    documents.into_iter().try_for_each(|document| {
        call.follow(document, "failInspection", |document, call| {
            "It has not passed inspection.".clone_into(&mut document.grounds);
            call.timers().clear_all();
            Ok(())
        })
    })
}

pub(crate) fn ship(
    application: &mut PassportApplication,
    request: ShipPassportRequest,
    _: &mut Call,
) -> Result<(), Fault> {
    application.shipment = request.shipment;
    Ok(())
}

/// What is asked before a passport is handed over: all passports of the applicant, of which one becomes valid and another may
/// cease to be, what holds it up, and the newest name check.
type Delivery = (Vec<Held<TravelDocuments>>, Vec<PassportHold>, Option<Screening>);

pub(crate) async fn passports(
    reader: &mut Reader<'_>,
    application: &PassportApplication,
    _: &DeliverPassportRequest,
) -> Result<Delivery, Fault> {
    let documents = reader.hold(&[("person", &[application.person.as_str()])]).await?;
    let holds = hold_decisions::standing(reader, application).await?;
    Ok((documents, holds, clearance::newest(reader, &application.screening).await?))
}

/// The new passport is valid from now on; the one of its kind that the holder has is cancelled, but for a second one. The
/// lists may have changed since it was made: it is not handed over while a hit is unresolved.
pub(crate) fn deliver(
    application: &mut PassportApplication,
    request: DeliverPassportRequest,
    (held, holds, screening): Delivery,
    call: &mut Call,
) -> Result<(), Fault> {
    clearance::settled(screening.as_ref())?;
    hold_decisions::none_stands(&holds)?;
    let missing = || Fault::new(House::Internal, "an application is kept whose passport is not");
    let new = held.iter().find(|document| document.name == application.document).ok_or_else(missing)?;
    let stopped = new.state() != Document::Produced;
    refuse_if(stopped, Reason::PassportOutOfUse, "the passport was reported lost or stolen on its way")?;
    let (kind, second) = (new.kind(), new.second);
    application.delivery_evidence = request.evidence;
    for document in held {
        if document.name == application.document {
            call.follow(document, "activate", |_, _| Ok(()))?;
        } else if document.state() == Document::Active && document.kind() == kind && !second && !document.second {
            call.follow(document, "supersede", |document, call| {
                "Another was handed to its holder.".clone_into(&mut document.grounds);
                call.timers().clear_all();
                Ok(())
            })?;
        }
    }
    Ok(())
}
