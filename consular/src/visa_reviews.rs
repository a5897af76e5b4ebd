//! Reviews of visas whose member of a mission is no longer one, or not for long: noted by a timer, decided by an officer.

use crate::mission_members::Posting;
use fault::{Fault, refuse_if};
use proto::consular::v1::visa::Review;
use proto::consular::v1::{KeepVisaRequest, Reason, Visa};
use registry::Call;

/// Goes off as soon as accreditation tells that a posting ended.
pub(crate) const POSTING: &str = "posting";

/// What became of the posting, for an officer to decide. A further step, as from the end of functions to that of the status, is
/// to be decided anew.
pub(crate) fn note(visa: &mut Visa, posting: &Posting, call: &Call) {
    let Posting::Known(Some(end)) = posting else { return };
    if visa.posting_end() == *end {
        return;
    }
    visa.set_posting_end(*end);
    visa.posting_end_time = Some(call.timestamp());
    visa.set_review(Review::Due);
    visa.review_grounds.clear();
}

/// It stays in force: whoever leaves needs it until then, or has another right to it.
pub(crate) fn keep(visa: &mut Visa, request: KeepVisaRequest, _: &mut Call) -> Result<(), Fault> {
    visa.set_review(Review::Kept);
    visa.review_grounds = request.grounds;
    Ok(())
}

/// What is not given out yet is not given out while an officer is to decide.
pub(crate) fn none_is_due(visa: &Visa) -> Result<(), Fault> {
    let words = "the posting that the visa is for has ended, and an officer is to decide what becomes of the visa";
    refuse_if(visa.review() == Review::Due, Reason::VisaUnderReview, words)
        .map_err(|fault| fault.with("postingEnd", visa.posting_end().as_str_name()))
}
