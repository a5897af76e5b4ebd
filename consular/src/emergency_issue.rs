//! The issue of EU Emergency Travel Documents: of a sticker in stock, paid for, to someone whose name check is clear, for the
//! journey and its days of grace; in extreme urgency before the Member State has answered.

use crate::blank_books::{self, BlankBooks};
use crate::clearance::{self, Applicant};
use crate::emergency_travel_documents::{EXPIRY, ISSUE, until};
use crate::service_fees::{Bill, Services};
use crate::travel::zone::{self, Holder};
use crate::travel::{Emergency, day};
use crate::travel_papers::TravelPapers;
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::consular::v1::{
    EmergencyTravelDocument, IssueEmergencyTravelDocumentRequest, IssueUrgentlyRequest, Reason, Receipt, Screening,
};
use registry::{Call, Held, Reader};

/// What the zone begins with: a card of two lines, of no kind that Doc 9303-6 reserves, as the worked example of
/// Doc 9303-13 has it.
const DOCUMENT_CODE: &str = "I";

/// What a document is made from.
#[derive(Debug)]
pub(crate) struct Materials {
    blank: Vec<Held<BlankBooks>>,
    receipt: Option<Receipt>,
    /// The newest name check that began with the one that was named.
    screening: Option<Screening>,
}

/// What the request names.
struct Named {
    blank: String,
    fee_receipt: String,
    screening: String,
}

async fn gathered(reader: &mut Reader<'_>, blank: &str, receipt: &str, screening: &str) -> Result<Materials, Fault> {
    Ok(Materials {
        screening: clearance::newest(reader, screening).await?,
        receipt: reader.share(receipt).await?,
        blank: reader.hold(&[("name", &[blank])]).await?,
    })
}

pub(crate) async fn materials(
    reader: &mut Reader<'_>,
    _: &EmergencyTravelDocument,
    request: &IssueEmergencyTravelDocumentRequest,
) -> Result<Materials, Fault> {
    gathered(reader, &request.blank, &request.fee_receipt, &request.screening).await
}

pub(crate) async fn urgent_materials(
    reader: &mut Reader<'_>,
    _: &EmergencyTravelDocument,
    request: &IssueUrgentlyRequest,
) -> Result<Materials, Fault> {
    gathered(reader, &request.blank, &request.fee_receipt, &request.screening).await
}

pub(crate) fn issue(
    document: &mut EmergencyTravelDocument,
    request: IssueEmergencyTravelDocumentRequest,
    materials: Materials,
    papers: &TravelPapers,
    call: &mut Call,
) -> Result<(), Fault> {
    call.timers().clear(ISSUE);
    let IssueEmergencyTravelDocumentRequest { blank, fee_receipt, screening, .. } = request;
    make(document, Named { blank, fee_receipt, screening }, materials, papers, call)
}

/// The Member State is consulted and answers all the same: its clocks run on (art. 4).
pub(crate) fn issue_urgently(
    document: &mut EmergencyTravelDocument,
    request: IssueUrgentlyRequest,
    materials: Materials,
    papers: &TravelPapers,
    call: &mut Call,
) -> Result<(), Fault> {
    let IssueUrgentlyRequest { blank, fee_receipt, screening, urgency, .. } = request;
    document.urgency = urgency;
    make(document, Named { blank, fee_receipt, screening }, materials, papers, call)
}

fn make(
    document: &mut EmergencyTravelDocument,
    named: Named,
    materials: Materials,
    papers: &TravelPapers,
    call: &mut Call,
) -> Result<(), Fault> {
    name_checked(document, materials.screening.as_ref())?;
    paid(document, materials.receipt.as_ref())?;
    let blank = blank_books::usable(materials.blank, Blank::EmergencySticker, &document.post)?;
    let issued = call.days().date(call.now());
    let last = last_day(document, issued)?;
    document.blank = named.blank;
    document.fee_receipt = named.fee_receipt;
    document.screening = named.screening;
    document.number.clone_from(&blank.number);
    document.issue_date = issued.to_string();
    document.expire_date = last.to_string();
    let holder = Holder {
        family_name: &document.family_name,
        given_names: &document.given_names,
        birth_date: &document.birth_date,
        sex: document.sex,
        nationality: &document.nationality,
    };
    let home = call.home().state.clone();
    document.zone =
        zone::lines(mrz::Format::Td2, DOCUMENT_CODE, &home, holder, &document.number, &document.expire_date)?;
    document.seal = papers.seal_emergency(document, issued)?;
    let clock = until(call.now(), call.days().end_of(last));
    call.timers().set(EXPIRY, clock);
    blank_books::issue(blank, &document.name, call)
}

/// The journey and the days of grace; not more than the usual days, save in exceptional circumstances (art. 6).
fn last_day(document: &EmergencyTravelDocument, issued: NaiveDate) -> Result<NaiveDate, Fault> {
    let numbers = Emergency::shipped();
    let end = day(&document.journey_until)?;
    refuse_if(end < issued, Reason::JourneyImplausible, "the journey is over")?;
    let last = end.checked_add_days(numbers.grace_days.days()).unwrap_or(NaiveDate::MAX);
    // The day of issue is the first of them.
    let usual = issued.checked_add_days(numbers.most_days.days()).and_then(|day| day.pred_opt()).unwrap_or(issued);
    let beyond = last > usual && document.exceptional.is_empty();
    let words = format!("the journey would need a document valid until {last}, and as a rule it ends on {usual}");
    refuse_if(beyond, Reason::ValidityExceptional, words)?;
    Ok(last)
}

/// Of the holder, by the number of the lost document too if it is known, and nothing found that two officers have not
/// cleared.
fn name_checked(document: &EmergencyTravelDocument, screening: Option<&Screening>) -> Result<(), Fault> {
    let replaced = document.replaced_number.as_str();
    let holder = Applicant {
        family_name: &document.family_name,
        given_names: &document.given_names,
        birth_date: &document.birth_date,
        document: (!replaced.is_empty()).then_some(replaced),
    };
    clearance::is_of(screening, holder)?;
    clearance::settled(screening)
}

/// The fee is that for our own nationals (art. 5).
fn paid(document: &EmergencyTravelDocument, receipt: Option<&Receipt>) -> Result<(), Fault> {
    let service = &Services::shipped().emergency_document;
    Bill { subject: &document.name, post: &document.post, service, code: &service.code, row: "" }.paid_by(receipt)
}
