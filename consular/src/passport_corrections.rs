//! Slips in applications for passports, put right by the office before the decision; what rested on them is made anew.

use crate::application_corrections::Slips;
use crate::passport_applications::paid;
use crate::passport_lodging::parents_consent;
use fault::Fault;
use proto::consular::v1::passport_application::{Sex, State};
use proto::consular::v1::{CorrectPassportApplicationRequest, ParentalConsent, PassportApplication, Receipt};
use registry::{Call, Reader};

/// By what a name check and a hold find somebody.
const IDENTITY: [&str; 4] = ["familyName", "givenNames", "birthDate", "sex"];
/// What says whether parents must consent, and that they do.
const CONSENT: [&str; 3] = ["birthDate", "consents", "soleCustody"];

/// The receipt that pays for it when it is corrected.
pub(crate) async fn payment(
    reader: &mut Reader<'_>,
    application: &PassportApplication,
    request: &CorrectPassportApplicationRequest,
) -> Result<Option<Receipt>, Fault> {
    let named = [&request.fee_receipt, &application.fee_receipt].into_iter().find(|name| !name.is_empty());
    match named {
        Some(name) => reader.share(name).await,
        None => Ok(None),
    }
}

/// What is before who decides goes back: it is put there again with a name check of who the applicant is.
pub(crate) fn correct(
    application: &mut PassportApplication,
    request: CorrectPassportApplicationRequest,
    receipt: Option<Receipt>,
    call: &mut Call,
) -> Result<(), Fault> {
    let mut slips = Slips::default();
    let sex = (request.sex() != Sex::Unspecified).then_some(request.sex);
    slips.text("familyName", &mut application.family_name, request.family_name);
    slips.value("givenNames", &mut application.given_names, request.given_names, Clone::clone);
    slips.text("birthDate", &mut application.birth_date, request.birth_date);
    slips.text("birthPlace", &mut application.birth_place, request.birth_place);
    slips.value("sex", &mut application.sex, sex, |sex| {
        Sex::try_from(*sex).unwrap_or_default().as_str_name().to_owned()
    });
    let consents = (!request.consents.is_empty()).then_some(request.consents);
    slips.value("consents", &mut application.consents, consents, |consents| in_words(consents));
    slips.value("soleCustody", &mut application.sole_custody, request.sole_custody, Clone::clone);
    if slips.concern(&CONSENT) {
        parents_consent(application, call)?;
    }
    let another = !request.fee_receipt.is_empty();
    if another {
        application.fee_receipt = request.fee_receipt;
    }
    // A child's passport costs another fee. Applications older than the rule of fees name no receipt of ours.
    if another || (receipt.is_some() && slips.concern(&["birthDate"])) {
        paid(application, receipt.as_ref())?;
    }
    if slips.concern(&IDENTITY) {
        application.screening.clear();
        application.hold_decisions.clear();
    }
    if application.state() == State::Adjudication {
        application.set_state(State::Intake);
    }
    application.corrections.push(slips.told(request.grounds, call)?);
    Ok(())
}

fn in_words(consents: &[ParentalConsent]) -> String {
    let told = |one: &ParentalConsent| format!("{}, {}, {}", one.parent, one.given_date, one.evidence);
    consents.iter().map(told).collect::<Vec<_>>().join("; ")
}
