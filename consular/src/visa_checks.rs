//! Checks of applications for visas: the name check they are made with, whom we consult, and what those answer.

use crate::clearance::{self, Applicant};
use crate::visa::Schengen;
use calendar::{Clock, Length, due};
use fault::Fault;
use proto::consular::v1::consultation::Reply;
use proto::consular::v1::{
    AnswerConsultationRequest, CheckVisaApplicationRequest, Consultation, Reason, Screening, VisaApplication,
};
use registry::{Call, Reader, timestamp};

/// The end of the time for the answers of those consulted.
pub(crate) const CONSULTATION: &str = "consultation";

pub(crate) async fn name_check(
    reader: &mut Reader<'_>,
    _: &VisaApplication,
    request: &CheckVisaApplicationRequest,
) -> Result<Option<Screening>, Fault> {
    reader.share(&request.screening).await
}

pub(crate) fn check(
    application: &mut VisaApplication,
    request: CheckVisaApplicationRequest,
    screening: Option<Screening>,
    call: &mut Call,
) -> Result<(), Fault> {
    let applicant = Applicant {
        family_name: &application.family_name,
        given_names: &application.given_names,
        birth_date: &application.birth_date,
        document: Some(&application.passport_number),
    };
    clearance::is_of(screening.as_ref(), applicant)?;
    application.screening = request.screening;
    let mut consulted = request.consulted;
    consulted.sort_unstable();
    consulted.dedup();
    if consulted.is_empty() {
        return Ok(());
    }
    let clock = Clock::new(call.now(), Length::Days(Schengen::shipped().consultation_days.short()));
    let until = due(&clock, call.days()).map(timestamp);
    let asked = |authority| Consultation { authority, due_time: until, ..Consultation::default() };
    application.consultations = consulted.into_iter().map(asked).collect();
    call.timers().set(CONSULTATION, clock);
    Ok(())
}

pub(crate) fn answer(
    application: &mut VisaApplication,
    request: AnswerConsultationRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    let asked = |one: &&mut Consultation| one.authority == request.authority && one.reply() == Reply::Unspecified;
    let Some(one) = application.consultations.iter_mut().find(asked) else {
        let fault = Fault::new(Reason::ConsultationUnknown, "no answer of that authority is outstanding");
        return Err(fault.at("authority", "is not among those who are to answer"));
    };
    one.set_reply(if request.objects { Reply::Objection } else { Reply::NoObjection });
    one.grounds = request.grounds;
    if application.consultations.iter().all(|one| one.reply() != Reply::Unspecified) {
        call.timers().clear(CONSULTATION);
    }
    Ok(())
}
