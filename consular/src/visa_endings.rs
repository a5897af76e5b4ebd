//! How a visa ends: by a decision, or because its sticker is lost or stolen.

use crate::visas::EXPIRY;
use fault::Fault;
use proto::consular::v1::visa::Review;
use proto::consular::v1::{
    AnnulVisaRequest, CancelVisaRequest, ReportVisaLossRequest, ReportVisaTheftRequest, RevokeVisaRequest, Visa,
};
use registry::Call;

pub(crate) fn revoke(visa: &mut Visa, request: RevokeVisaRequest, call: &mut Call) -> Result<(), Fault> {
    end(visa, request.grounds, call);
    Ok(())
}

pub(crate) fn annul(visa: &mut Visa, request: AnnulVisaRequest, call: &mut Call) -> Result<(), Fault> {
    end(visa, request.grounds, call);
    Ok(())
}

pub(crate) fn cancel(visa: &mut Visa, request: CancelVisaRequest, call: &mut Call) -> Result<(), Fault> {
    end(visa, request.grounds, call);
    Ok(())
}

fn end(visa: &mut Visa, grounds: String, call: &mut Call) {
    visa.grounds = grounds;
    visa.set_review(Review::Unspecified);
    call.timers().clear(EXPIRY);
}

pub(crate) fn lose(visa: &mut Visa, request: ReportVisaLossRequest, call: &mut Call) -> Result<(), Fault> {
    stop(visa, request.place, request.police_reference, call);
    Ok(())
}

pub(crate) fn steal(visa: &mut Visa, request: ReportVisaTheftRequest, call: &mut Call) -> Result<(), Fault> {
    stop(visa, request.place, request.police_reference, call);
    Ok(())
}

/// It is no longer good from this instant, and nobody need decide any more what becomes of it.
fn stop(visa: &mut Visa, place: String, police_reference: String, call: &mut Call) {
    visa.report_time = Some(call.timestamp());
    visa.report_place = place;
    visa.police_reference = police_reference;
    visa.set_review(Review::Unspecified);
    call.timers().clear(EXPIRY);
}
