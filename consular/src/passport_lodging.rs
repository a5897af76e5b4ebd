//! What an application for a passport brings when it is lodged: the parents' consent, and what becomes of the passport before.

use crate::clearance;
use crate::travel::{Passports, day};
use fault::{Fault, refuse_if};
use proto::consular::v1::passport_application::Type;
use proto::consular::v1::travel_document::State as Document;
use proto::consular::v1::{PassportApplication, Reason, TravelDocument};
use proto::policy::v1::Reason as House;
use registry::Call;

/// Both parents, or the one who alone has custody.
pub(crate) fn parents_consent(application: &PassportApplication, call: &Call) -> Result<(), Fault> {
    let child = Passports::shipped().is_child(day(&application.birth_date)?, call.days().date(call.now()));
    if !child {
        let words = "only a child gets a child's passport";
        return refuse_if(application.r#type() == Type::Child, Reason::ApplicationUnfit, words);
    }
    let mut parents: Vec<_> = application.consents.iter().map(|consent| clearance::words(&consent.parent)).collect();
    parents.sort_unstable();
    parents.dedup();
    let needed = if application.sole_custody.is_empty() { 2 } else { 1 };
    let words = "a child needs the consent of both parents, or of the one who alone has custody";
    refuse_if(parents.len() < needed, Reason::ConsentMissing, words)
        .map_err(|fault| fault.at("consents", format!("{} given, {needed} needed", parents.len())))
}

/// What replaces a passport names it, and what was lost or stolen is reported before another is made.
pub(crate) fn replaces_rightly(
    application: &PassportApplication,
    previous: Option<&TravelDocument>,
) -> Result<(), Fault> {
    let unfit = |words: &str| Err(Fault::new(Reason::ApplicationUnfit, words));
    let names_one = !application.previous_document.is_empty();
    let replaces =
        matches!(application.r#type(), Type::Renewal | Type::LostOrStolen | Type::Damaged | Type::NameChange);
    let Some(previous) = previous else {
        return if names_one {
            let fault = Fault::new(House::BrokenReference, "there is no such passport");
            Err(fault.at("previousDocument", "does not exist"))
        } else if replaces {
            unfit("an application of this kind names the passport that is replaced")
        } else {
            Ok(())
        };
    };
    let reported = matches!(previous.state(), Document::Lost | Document::Stolen);
    if previous.person != application.person {
        unfit("the passport to be replaced is someone else's")
    } else if application.r#type() == Type::LostOrStolen && !reported {
        Err(Fault::new(Reason::LossNotReported, "the passport is not reported lost or stolen"))
    } else if replaces && application.r#type() != Type::LostOrStolen && reported {
        unfit("the passport to be replaced is reported lost or stolen")
    } else {
        Ok(())
    }
}
