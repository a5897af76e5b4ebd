//! Decisions on visas: granted within the rules and the multiple-entry rules, or refused on legal grounds with the remedy.

use crate::clearance;
use crate::travel::day;
use crate::visa::{Past, Schengen, entitlement};
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use proto::consular::v1::consultation::Reply;
use proto::consular::v1::visa_application::{EntryRule, VisaClass};
use proto::consular::v1::{GrantVisaRequest, Reason, RefuseVisaRequest, Screening, Visa, VisaApplication, visa};
use registry::{Call, Reader};

/// The month of a day, by which figures are taken.
pub(crate) fn month(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

/// The newest name check, and the visas that the applicant has had.
pub(crate) type Background = (Option<Screening>, Vec<Visa>);

pub(crate) async fn record_of_visas(
    reader: &mut Reader<'_>,
    application: &VisaApplication,
    _: &GrantVisaRequest,
) -> Result<Background, Fault> {
    let visas = reader.all::<Visa>(&[("person", &[application.person.as_str()])]).await?;
    Ok((clearance::newest(reader, &application.screening).await?, visas))
}

pub(crate) fn grant(
    application: &mut VisaApplication,
    request: GrantVisaRequest,
    (screening, visas): Background,
    call: &mut Call,
) -> Result<(), Fault> {
    clearance::settled(screening.as_ref())?;
    everyone_consulted_agrees(application)?;
    let until = terms(application, &request)?;
    let today = call.days().date(call.now());
    follows_cascade(application, &request, &visas, today)?;
    application.entries = request.entries;
    application.set_entry_rule(if request.entries == 0 { EntryRule::Multiple } else { EntryRule::Limited });
    application.stay_days = request.stay_days;
    application.valid_from = request.valid_from;
    application.valid_until = until.to_string();
    application.derogation = request.derogation;
    decide(application, today, call);
    Ok(())
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
    visas: &[Visa],
    today: NaiveDate,
) -> Result<(), Fault> {
    if application.visa_class() != VisaClass::C {
        return Ok(());
    }
    let past: Vec<_> = visas.iter().filter_map(past).collect();
    let Some(entitled) = entitlement(Schengen::shipped(), &past, today) else { return Ok(()) };
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
fn past(visa: &Visa) -> Option<Past> {
    let day = |text: &str| text.parse::<NaiveDate>().ok();
    let sound = matches!(visa.state(), visa::State::Valid | visa::State::Used | visa::State::Expired);
    let used = !visa.sojourns.is_empty();
    // A stay that lasted past the visa was no lawful one.
    let left_in_time = visa.sojourns.iter().all(|stay| stay.exit_date <= visa.valid_until);
    Some(Past {
        issued: day(&visa.issue_date)?,
        from: day(&visa.valid_from)?,
        until: day(&visa.valid_until)?,
        multiple: visa.entries == 0,
        lawfully_used: sound && used && left_in_time,
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
    application.refusal_grounds = request.grounds;
    application.remarks = request.remarks;
    application.remedy = request.remedy;
    let today = call.days().date(call.now());
    decide(application, today, call);
    Ok(())
}
