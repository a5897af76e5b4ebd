//! Notifications: what the treaties demand of one, the checks of our practice, and what is noted of it.

mod admission;
mod checklist;
mod checks;
mod gather;
mod name;

pub use checklist::Checklist;

pub(crate) use admission::{admit, check_person, record};
pub(crate) use gather::{Surroundings, as_corrected, circumstances, household, surroundings};

use checklist::Effect;
use checks::{CHECKS, Facts, Verdict};
use fault::Fault;
use proto::accreditation::v1::finding::Outcome;
use proto::accreditation::v1::{Finding, Member, Mission};
use registry::Call;

/// Holds a notification against our practice, as filed by `signer`: refuses it for the first check that refuses, telling
/// every field at once, or notes what a reviewer should look at.
pub(crate) fn judge(member: &mut Member, around: &Surroundings, signer: &str, call: &Call) -> Result<(), Fault> {
    let (mut refusal, mut unmet) = (None::<Fault>, Vec::new());
    for (check, finding) in CHECKS.iter().zip(assess(member, around, signer, call)) {
        match finding.outcome() {
            Outcome::Refused => {
                let fault = refusal.take().unwrap_or_else(|| Fault::new(check.reason, finding.words.clone()));
                refusal = Some(fault.at(finding.field, finding.words));
            }
            Outcome::Unmet => unmet.push(finding),
            _ => {}
        }
    }
    member.findings = unmet;
    refusal.map_or(Ok(()), Err)
}

/// How every check comes out, in the order of the table.
pub(crate) fn assess(member: &Member, around: &Surroundings, signer: &str, call: &Call) -> Vec<Finding> {
    let practice = call.data::<Checklist>();
    let nowhere = Mission::default();
    let facts = Facts {
        member,
        mission: around.mission.as_ref().unwrap_or(&nowhere),
        signer,
        household: &around.household,
        predecessor: around.predecessor.as_ref(),
        in_category: around.in_category,
        resembles: &around.resembles,
        today: call.now().with_timezone(&call.home().timezone).date_naive(),
        practice,
    };
    CHECKS.iter().enumerate().map(|(place, _)| finding(place, &facts)).collect()
}

/// Nobody signs what is notified of himself or his own household, whatever it is.
pub(crate) fn signed_by_another(member: &Member, household: &[String], call: &Call) -> Result<(), Fault> {
    let around = Surroundings { household: household.to_vec(), ..Surroundings::default() };
    let first = assess(member, &around, &call.principal().subject, call).into_iter().next();
    match first.filter(|finding| finding.outcome() == Outcome::Refused) {
        Some(finding) => Err(Fault::new(CHECKS[0].reason, finding.words)),
        None => Ok(()),
    }
}

fn finding(place: usize, facts: &Facts<'_>) -> Finding {
    let check = &CHECKS[place];
    let (effect, source) = facts.practice.at(place);
    let verdict = if effect == Effect::Off { Verdict::NotApplicable } else { (check.test)(facts) };
    let mut finding = Finding { check: check.name.to_owned(), source: source.to_owned(), ..Finding::default() };
    match verdict {
        Verdict::Met => finding.set_outcome(Outcome::Met),
        Verdict::NotApplicable => finding.set_outcome(Outcome::NotApplicable),
        Verdict::Unmet(field, words) => {
            finding.set_outcome(if effect == Effect::Refuse { Outcome::Refused } else { Outcome::Unmet });
            finding.reason = check.reason.as_str_name().to_owned();
            finding.field = format!("member.{field}");
            finding.words = words;
        }
    }
    finding
}
