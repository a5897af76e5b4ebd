//! Slips in applications for visas, put right by the office before the decision; what rested on them is made anew.

use crate::application_corrections::Slips;
use crate::visa_applications::{INFORMATION, journey_makes_sense, traveller};
use crate::visa_checks::CONSULTATION;
use crate::visa_fees::{self, Prices};
use fault::Fault;
use proto::consular::v1::visa_application::{Sex, State};
use proto::consular::v1::{CorrectVisaApplicationRequest, VisaApplication};
use registry::{Call, Reader, instant};

/// By what a name check finds somebody, and those consulted were asked about somebody.
const IDENTITY: [&str; 6] = ["familyName", "givenNames", "birthDate", "sex", "nationality", "passportNumber"];
/// What a fee depends on.
const FEE: [&str; 2] = ["birthDate", "nationality"];

/// What it may cost, and the receipt that pays for it, when it is corrected.
pub(crate) async fn prices(
    reader: &mut Reader<'_>,
    application: &VisaApplication,
    request: &CorrectVisaApplicationRequest,
) -> Result<Prices, Fault> {
    let receipt = if request.fee_receipt.is_empty() { &application.fee_receipt } else { &request.fee_receipt };
    if request.nationality.is_empty() {
        return visa_fees::prices(reader, application, receipt).await;
    }
    let right = VisaApplication { nationality: request.nationality.clone(), ..application.clone() };
    visa_fees::prices(reader, &right, receipt).await
}

/// What was examined or checked is so again, of who the applicant is. The time for the decision still runs from the lodging.
pub(crate) fn correct(
    application: &mut VisaApplication,
    request: CorrectVisaApplicationRequest,
    prices: Prices,
    call: &mut Call,
) -> Result<(), Fault> {
    let mut slips = Slips::default();
    let sex = (request.sex() != Sex::Unspecified).then_some(request.sex);
    slips.text("familyName", &mut application.family_name, request.family_name);
    slips.value("givenNames", &mut application.given_names, request.given_names, Clone::clone);
    slips.text("birthDate", &mut application.birth_date, request.birth_date);
    slips.value("sex", &mut application.sex, sex, |sex| {
        Sex::try_from(*sex).unwrap_or_default().as_str_name().to_owned()
    });
    slips.text("nationality", &mut application.nationality, request.nationality);
    slips.text("passportNumber", &mut application.passport_number, request.passport_number);
    slips.text("passportIssueDate", &mut application.passport_issue_date, request.passport_issue_date);
    slips.text("passportExpireDate", &mut application.passport_expire_date, request.passport_expire_date);
    slips.value("blankPages", &mut application.blank_pages, request.blank_pages, ToString::to_string);
    slips.text("arrivalDate", &mut application.arrival_date, request.arrival_date);
    slips.text("departureDate", &mut application.departure_date, request.departure_date);
    slips.value("insuranceCover", &mut application.insurance_cover, request.insurance_cover, ToString::to_string);
    journey_makes_sense(application)?;
    if slips.concern(&FEE) || !request.fee_receipt.is_empty() {
        let lodged = application.lodge_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
        let kept = std::mem::take(&mut application.fee_receipt);
        let receipt = if request.fee_receipt.is_empty() { kept } else { request.fee_receipt };
        visa_fees::charge(application, receipt, traveller(application)?, prices, call.days().date(lodged))?;
    }
    put_back(application, &slips, call);
    application.corrections.push(slips.told(request.grounds, call)?);
    Ok(())
}

fn put_back(application: &mut VisaApplication, slips: &Slips, call: &mut Call) {
    if slips.concern(&IDENTITY) {
        application.screening.clear();
        application.consultations.clear();
        call.timers().clear(CONSULTATION);
    }
    if matches!(application.state(), State::Submitted | State::AppointmentBooked) {
        return;
    }
    application.information_wanted.clear();
    call.timers().clear(INFORMATION);
    // Children are not asked for fingerprints: whether this is one is seen anew.
    let exempt = !application.biometrics_exemption.is_empty() && slips.concern(&["birthDate"]);
    if exempt {
        application.biometrics_exemption.clear();
    }
    application.set_state(if exempt { State::Submitted } else { State::Biometrics });
}
