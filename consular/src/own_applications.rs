//! Applications that people begin from an account of their own: which an account sees, and how many it begins at once.

use crate::counter::practice;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::Reason;
use proto::shape::Record;
use registry::{Reader, Visible};

/// Whoever holds one of these is of the office that keeps visa applications; who holds none applies for themselves.
pub(crate) const VISA_OFFICE: [&str; 5] = [
    "consular.visaApplications.lodge",
    "consular.visaApplications.examine",
    "consular.visaApplications.decide",
    "consular.visaApplications.history",
    "consular.visas.print",
];
/// The same for passports.
pub(crate) const PASSPORT_OFFICE: [&str; 6] = [
    "consular.passportApplications.takeIn",
    "consular.passportApplications.decide",
    "consular.passportApplications.decideHold",
    "consular.passportApplications.produce",
    "consular.passportApplications.deliver",
    "consular.passportApplications.history",
];

/// Whether the caller holds any of the office's rights over such applications.
pub(crate) fn of_office(to: &Principal, rights: &[&str]) -> bool {
    rights.iter().any(|right| to.may(right))
}

/// The office sees those of its post; an account sees its own, which no partner agency and no mission has.
pub(crate) fn own_or_of_our_post(to: &Principal, rights: &[&str]) -> Visible {
    match Visible::of_our_post(to) {
        Visible::None => Visible::None,
        sight if of_office(to, rights) => sight,
        _ => Visible::having("holder", &to.subject),
    }
}

/// Who begins it, if it is begun for oneself: an account names nobody else as its holder.
pub(crate) fn hold(holder: &mut String, by: &Principal, rights: &[&str]) {
    if !of_office(by, rights) {
        by.subject.as_ref().clone_into(holder);
    }
}

/// How many applications of this kind the account has begun and nobody has lodged. Its calls come one after another, or a
/// hundred at once would each see none of the others.
///
/// # Errors
/// The database's.
pub(crate) async fn drafts_of<T: Record>(reader: &mut Reader<'_>, holder: &str) -> Result<usize, Fault> {
    if holder.is_empty() {
        return Ok(0);
    }
    reader.alone(&format!("applications of {holder}")).await?;
    let drafts = reader.count::<T>(&[("holder", &[holder]), ("state", &["DRAFT"])]).await?;
    Ok(usize::try_from(drafts).unwrap_or(usize::MAX))
}

/// An account begins no more than it can use; an officer, who is asked by people at the counter, as many as come.
///
/// # Errors
/// `TOO_MANY_DRAFTS`.
pub(crate) fn few_enough(drafts: usize, by: &Principal, rights: &[&str]) -> Result<(), Fault> {
    let most = practice().applications.most_drafts;
    let many = drafts >= most && !of_office(by, rights);
    refuse_if(many, Reason::TooManyDrafts, format!("an account has {most} drafts at most"))
}
