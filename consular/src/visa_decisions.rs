//! Decisions on visas: granted within the rules and the multiple-entry rules, or refused on legal grounds with the remedy.

use crate::application_corrections::by_another;
use crate::clearance;
use crate::mission_members::Posting;
use crate::travel::day;
use crate::visa::{Past, Presence, Schengen, entitlement, lawfully_used, most_days, stays};
use crate::visa_fees::{self, Paid, within_reciprocity};
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use proto::consular::v1::consultation::Reply;
use proto::consular::v1::visa_application::{EntryRule, Purpose, VisaClass};
use proto::consular::v1::{GrantVisaRequest, Reason, RefuseVisaRequest, Screening, Visa, VisaApplication};
use registry::{Call, Reader};

/// The month of a day, by which figures are taken.
pub(crate) fn month(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

/// What a decision looks at beside the application.
pub(crate) struct Background {
    /// The newest name check.
    screening: Option<Screening>,
    /// The visas that the applicant has had.
    visas: Vec<Visa>,
    /// What was paid.
    paid: Paid,
    /// Where the member stands whose post it is for.
    posting: Posting,
}

pub(crate) async fn background(
    reader: &mut Reader<'_>,
    application: &VisaApplication,
    _: &GrantVisaRequest,
) -> Result<Background, Fault> {
    let visas = reader.all::<Visa>(&[("person", &[application.person.as_str()])]).await?;
    let screening = clearance::newest(reader, &application.screening).await?;
    let paid = visa_fees::paid(reader, application).await?;
    Ok(Background { screening, visas, paid, posting: Posting::of(reader, application).await? })
}

pub(crate) fn grant(
    application: &mut VisaApplication,
    request: GrantVisaRequest,
    Background { screening, visas, paid, posting }: Background,
    call: &mut Call,
) -> Result<(), Fault> {
    by_another(&application.corrections, call.principal())?;
    clearance::settled(screening.as_ref())?;
    posting.stands()?;
    everyone_consulted_agrees(application)?;
    visa_fees::still_paid(application, &paid)?;
    insured(application)?;
    let until = terms(application, &request)?;
    within_reciprocity(paid.1.as_ref(), request.entries, day(&request.valid_from)?, day(&request.valid_until)?)?;
    let today = call.days().date(call.now());
    let presence = Presence::of(&stays(&visas), today);
    days_are_left(application, &request, &presence)?;
    // A long stay is none of the visas that the multiple-entry rules are about (art. 2(2), 24(2)).
    let past: Vec<_> = visas
        .iter()
        .filter(|visa| visa.visa_class() == VisaClass::C)
        .filter_map(|visa| past(visa, &presence, today))
        .collect();
    follows_cascade(application, &request, &past, today)?;
    application.entries = request.entries;
    application.set_entry_rule(if request.entries == 0 { EntryRule::Multiple } else { EntryRule::Limited });
    application.stay_days = request.stay_days;
    application.valid_from = request.valid_from;
    application.valid_until = until.to_string();
    application.derogation = request.derogation;
    decide(application, today, call);
    Ok(())
}

/// Whoever comes for a short stay is insured (art. 15(1), (3)). Seafarers are by their profession (art. 15(6)), family of
/// citizens are not asked (Dir. 2004/38/EC), nor members of missions.
fn insured(application: &VisaApplication) -> Result<(), Fault> {
    let asked = application.visa_class() == VisaClass::C
        && !application.seafarer
        && !application.family_of_citizen
        && application.purpose() != Purpose::MissionPosting;
    let least = i64::from(Schengen::shipped().insurance_cents.value);
    let low = asked && application.insurance_cover < least;
    refuse_if(low, Reason::InsuranceTooLow, "the insurance covers too little for a short stay")
        .map_err(|fault| fault.with("least", least.to_string()).with("cover", application.insurance_cover.to_string()))
}

/// Not more days than are left, on some day of the visa's validity, of those that any period allows (Reg. (EU) 2016/399,
/// art. 6(1)).
fn days_are_left(application: &VisaApplication, request: &GrantVisaRequest, presence: &Presence) -> Result<(), Fault> {
    if application.visa_class() != VisaClass::C {
        return Ok(());
    }
    let (from, until) = (day(&request.valid_from)?, day(&request.valid_until)?);
    let left = most_days(presence, Schengen::shipped().stay(), from, until);
    let exhausted = i64::from(request.stay_days) > i64::from(left);
    refuse_if(exhausted, Reason::StayExhausted, format!("{left} days are left of those that a short stay allows"))
        .map_err(|fault| fault.with("left", left.to_string()))
}

/// Silence counts as no objection once its time is over, not before (art. 22(2)).
fn everyone_consulted_agrees(application: &VisaApplication) -> Result<(), Fault> {
    for one in &application.consultations {
        let words = format!("{} has not answered, and can until its time is over", one.authority);
        refuse_if(one.reply() == Reply::Unspecified, Reason::ConsultationOutstanding, words)?;
        let words = format!("{} objects", one.authority);
        refuse_if(one.reply() == Reply::Objection, Reason::ConsultationObjected, words)?;
    }
    Ok(())
}

/// Days, entries and validity within the rules; the last day of the visa, with the days of grace (art. 24).
fn terms(application: &VisaApplication, request: &GrantVisaRequest) -> Result<NaiveDate, Fault> {
    let numbers = Schengen::shipped();
    let unfit = |words: String| Err(Fault::new(Reason::VisaTermsUnfit, words));
    let (from, until) = (day(&request.valid_from)?, day(&request.valid_until)?);
    let short = application.visa_class() != VisaClass::D;
    if until < from {
        return unfit("the visa would end before it begins".to_owned());
    }
    if short && i64::from(request.stay_days) > i64::from(numbers.stay_days.value) {
        return unfit(format!("a short stay has {} days at most", numbers.stay_days.value));
    }
    let longest = from.checked_add_months(numbers.multiple_years.years()).unwrap_or(NaiveDate::MAX);
    if short && until >= longest {
        return unfit(format!("a visa is valid for {} years at most", numbers.multiple_years.value));
    }
    let grace = if short && request.entries != 0 { numbers.grace_days.days() } else { chrono::Days::new(0) };
    let last = until.checked_add_days(grace).unwrap_or(NaiveDate::MAX);
    let expires = day(&application.passport_expire_date)?;
    if last > expires {
        return unfit(format!("the visa would end on {last}, and the travel document on {expires}"));
    }
    Ok(last)
}

/// Who has had visas and used them lawfully gets a longer one; less is granted with reasons (art. 24(2)).
fn follows_cascade(
    application: &mut VisaApplication,
    request: &GrantVisaRequest,
    past: &[Past],
    today: NaiveDate,
) -> Result<(), Fault> {
    if application.visa_class() != VisaClass::C {
        return Ok(());
    }
    let Some(entitled) = entitlement(Schengen::shipped(), past, today) else { return Ok(()) };
    let words = format!("a multiple-entry visa valid for {} years ({})", entitled.years, entitled.source);
    application.entitlement.clone_from(&words);
    let (from, until) = (day(&request.valid_from)?, day(&request.valid_until)?);
    let wanted = from.checked_add_months(chrono::Months::new(entitled.years * 12)).and_then(|day| day.pred_opt());
    // A travel document that ends earlier ends the entitlement with it.
    let possible = day(&application.passport_expire_date)?.min(wanted.unwrap_or(NaiveDate::MAX));
    let less = request.entries != 0 || until < possible;
    refuse_if(less && request.derogation.is_empty(), Reason::CascadeNotFollowed, format!("entitled to {words}"))
}

/// A visa that someone had, as the multiple-entry rules look at it.
fn past(visa: &Visa, presence: &Presence, today: NaiveDate) -> Option<Past> {
    let day = |text: &str| text.parse::<NaiveDate>().ok();
    Some(Past {
        issued: day(&visa.issue_date)?,
        from: day(&visa.valid_from)?,
        until: day(&visa.valid_until)?,
        multiple: visa.entries == 0,
        lawfully_used: lawfully_used(visa, presence, Schengen::shipped().stay(), today),
    })
}

fn decide(application: &mut VisaApplication, today: NaiveDate, call: &mut Call) {
    application.decision_date = today.to_string();
    application.decided_month = month(today);
    call.timers().clear_all();
}

/// On legal grounds, with the remedy (art. 32).
pub(crate) fn refuse(
    application: &mut VisaApplication,
    request: RefuseVisaRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    by_another(&application.corrections, call.principal())?;
    application.refusal_grounds = request.grounds;
    application.remarks = request.remarks;
    application.remedy = request.remedy;
    let today = call.days().date(call.now());
    decide(application, today, call);
    Ok(())
}
