//! Whether a hold stands in the way of a passport, and the decision in writing that it does not.

use crate::application_corrections::by_another;
use crate::shipped::{Shipped, in_words};
use fault::{Fault, refuse_if};
use proto::consular::v1::{DecidePassportHoldRequest, PassportApplication, PassportHold, PassportHoldDecision, Reason};
use proto::policy::v1::Reason as House;
use registry::{Call, Reader};
use screening::{Band, Kind, Scorer};

/// How names are compared.
pub(crate) static NAMES: Shipped<Scorer> =
    Shipped::new("weights.toml of the crate screening", || in_words(Scorer::shipped()));

/// The holds in force on the applicant that nobody has decided about for this application: by the person's number, or by a like
/// name and the same date of birth, for a child may apply under another number.
///
/// # Errors
/// The database's.
pub(crate) async fn standing(
    reader: &mut Reader<'_>,
    application: &PassportApplication,
) -> Result<Vec<PassportHold>, Fault> {
    let in_force = ("state", &["IN_FORCE"][..]);
    let by = async |reader: &mut Reader<'_>, field, value: &str| match value {
        "" => Ok(Vec::new()),
        value => reader.all::<PassportHold>(&[(field, &[value]), in_force]).await,
    };
    let mut holds = by(reader, "person", &application.person).await?;
    holds.extend(by(reader, "birth_date", &application.birth_date).await?);
    holds.sort_by(|one, other| one.name.cmp(&other.name));
    holds.dedup_by(|one, other| one.name == other.name);
    let decided = |hold: &PassportHold| application.hold_decisions.iter().any(|decision| decision.hold == hold.name);
    holds.retain(|hold| concerns(hold, application) && !decided(hold));
    Ok(holds)
}

/// The hold is on the applicant.
fn concerns(hold: &PassportHold, application: &PassportApplication) -> bool {
    if !hold.person.is_empty() && hold.person == application.person {
        return true;
    }
    let names = NAMES.get();
    let folded = |given: &str, family: &str| names.folded(&format!("{given} {family}"), Kind::Person);
    let own = folded(&application.given_names, &application.family_name);
    let (score, _) = names.compare(&folded(&hold.given_names, &hold.family_name), &own, Kind::Person);
    let alike = names.band(score, false).is_some_and(|band| band >= Band::Possible);
    alike && !hold.birth_date.is_empty() && hold.birth_date == application.birth_date
}

/// No hold stands in the way.
///
/// # Errors
/// `PASSPORT_HELD` with the holds and what they are.
pub(crate) fn none_stands(holds: &[PassportHold]) -> Result<(), Fault> {
    let named: Vec<_> = holds.iter().map(|hold| format!("{} {}", hold.kind().as_str_name(), hold.name)).collect();
    refuse_if(!holds.is_empty(), Reason::PassportHeld, "a hold on the applicant stands in the way")
        .map_err(|fault| fault.with("holds", named.join(", ")))
}

/// The hold that is decided about.
pub(crate) async fn the_hold(
    reader: &mut Reader<'_>,
    _: &PassportApplication,
    request: &DecidePassportHoldRequest,
) -> Result<Option<PassportHold>, Fault> {
    reader.share(&request.hold).await
}

/// Somebody answers with a name and a reason for the application to go on.
pub(crate) fn decide(
    application: &mut PassportApplication,
    request: DecidePassportHoldRequest,
    hold: Option<PassportHold>,
    call: &mut Call,
) -> Result<(), Fault> {
    by_another(&application.corrections, call.principal())?;
    let missing = || Fault::new(House::BrokenReference, "there is no such hold").at("hold", "does not exist");
    let hold = hold.ok_or_else(missing)?;
    refuse_if(!concerns(&hold, application), Reason::HoldOfAnother, "the hold is not on this applicant")?;
    application.hold_decisions.retain(|decision| decision.hold != hold.name);
    application.hold_decisions.push(PassportHoldDecision {
        hold: hold.name,
        grounds: request.grounds,
        officer: call.principal().subject.as_ref().to_owned(),
        decide_time: Some(call.timestamp()),
    });
    Ok(())
}
