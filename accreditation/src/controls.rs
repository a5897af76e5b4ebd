//! Which controls on travel and contacts bind a member's journey, meeting or event, and why; pure.

use calendar::WorkingDays;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proto::accreditation::v1::control_rule::{Counterpart, Mode, State, Trigger};
use proto::accreditation::v1::travel_notice::{self, Breach};
use proto::accreditation::v1::{Category, ControlExemption, ControlMatch, ControlRule, TravelNotice};
use proto::google::r#type::LatLng;
use registry::{instant, timestamp};

/// The mean radius of the earth in metres (IUGG).
const EARTH: f64 = 6_371_008.8;

/// What a member intends, and when we were told.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// The state that sends the member.
    pub sending_state: &'a str,
    /// The member's category.
    pub category: Category,
    /// What it is about.
    pub trigger: Trigger,
    /// Where it leads, if that is known.
    pub location: Option<LatLng>,
    /// Whom the member meets, if that is known.
    pub counterpart: Counterpart,
    /// When it begins.
    pub begin: DateTime<Utc>,
    /// When we were told.
    pub told: DateTime<Utc>,
}

/// Every rule on this kind of act that is in force for the member's state when it begins, and what each comes to. What
/// is not known is taken to fall under the rule.
pub fn held(rules: &[ControlRule], case: &Case<'_>, days: &WorkingDays) -> Vec<ControlMatch> {
    let concerns = |rule: &&ControlRule| {
        rule.trigger() == case.trigger
            && rule.countries.iter().any(|country| country == case.sending_state)
            && in_force(rule, case.begin)
    };
    rules.iter().filter(concerns).map(|rule| hold(rule, case, days)).collect()
}

/// The strictest of what is owed, and whether any of it was told late.
pub fn owed(matches: &[ControlMatch]) -> (Mode, bool) {
    let binding = || matches.iter().filter(|found| found.binds);
    (binding().map(ControlMatch::mode).max().unwrap_or_default(), binding().any(|found| found.late))
}

/// Whether a rule binds at an instant: from its date on, and before its end.
pub fn in_force(rule: &ControlRule, at: DateTime<Utc>) -> bool {
    let from = rule.effective_time.as_ref().and_then(instant);
    let until = rule.end_time.as_ref().and_then(instant);
    matches!(rule.state(), State::Enacted | State::Repealed)
        && from.is_some_and(|from| from <= at)
        && until.is_none_or(|until| at < until)
}

fn hold(rule: &ControlRule, case: &Case<'_>, days: &WorkingDays) -> ControlMatch {
    let mut explanation = vec![format!("binds members sent by {}", case.sending_state)];
    let binds = binds(rule, case, &mut explanation);
    let last = last_day(days.date(case.begin), rule.lead_working_days.unsigned_abs() as usize, days);
    let by = days.end_of(last).min(case.begin);
    let late = binds && case.told >= by;
    if binds {
        let lead = rule.lead_working_days;
        let in_time = if late { "late" } else { "in time" };
        explanation.push(format!("a notice is due {lead} working days before, on {last} at the latest: {in_time}"));
    }
    ControlMatch {
        rule: rule.name.clone(),
        title: rule.title.clone(),
        binds,
        mode: rule.mode,
        explanation,
        notify_by_time: Some(timestamp(by)),
        late,
        legal_basis: rule.legal_basis.clone(),
    }
}

/// Whether the rule binds, told step by step.
fn binds(rule: &ControlRule, case: &Case<'_>, told: &mut Vec<String>) -> bool {
    let category = case.category.as_str_name();
    if !rule.categories.is_empty() && !rule.categories().any(|bound| bound == case.category) {
        told.push(format!("does not bind {category}"));
        return false;
    }
    told.push(format!("binds {category}"));
    if rule.trigger() == Trigger::TravelRadius {
        let (radius, centre) = (f64::from(rule.radius_metres), &rule.centre_name);
        match distance(rule.centre.as_ref(), case.location.as_ref()) {
            None => told.push("where it leads is not known, and is taken to be outside".to_owned()),
            Some(metres) if metres <= radius => {
                told.push(format!("{} from {centre}, within {}", km(metres), km(radius)));
                return false;
            }
            Some(metres) => told.push(format!("{} from {centre}, beyond {}", km(metres), km(radius))),
        }
    } else if !names(&rule.counterparts, case.counterpart, true) {
        told.push(format!("does not concern {}", case.counterpart.as_str_name()));
        return false;
    } else {
        told.push(format!("concerns {}", case.counterpart.as_str_name()));
    }
    match rule.exemptions.iter().find(|exemption| exempts(exemption, case)) {
        Some(exemption) => told.push(format!("exempt: {}", exemption.title)),
        None => return true,
    }
    false
}

/// Whether an exemption holds: all that it sets fits, and what is not known fits nothing.
fn exempts(exemption: &ControlExemption, case: &Case<'_>) -> bool {
    let category = exemption.categories.is_empty() || exemption.categories().any(|one| one == case.category);
    let place = exemption.centre.is_none()
        || distance(exemption.centre.as_ref(), case.location.as_ref())
            .is_some_and(|metres| metres <= f64::from(exemption.radius_metres));
    category && place && names(&exemption.counterparts, case.counterpart, false)
}

/// Whether a list names the counterpart; an empty one names everybody, and one not known is as `unknown` says.
fn names(list: &[i32], one: Counterpart, unknown: bool) -> bool {
    list.is_empty() || (unknown && one == Counterpart::Unspecified) || list.contains(&one.into())
}

/// The last date on which a notice is in time: so many working days lie after it, up to the day itself.
fn last_day(day: NaiveDate, lead: usize, days: &WorkingDays) -> NaiveDate {
    let mut last = day;
    let mut passed = 0;
    while passed < lead {
        passed += usize::from(days.is_working_day(last));
        let Some(before) = last.pred_opt() else { break };
        last = before;
    }
    last
}

/// What was broken, if any rule binds: `from` is the state in which it took place.
pub fn breaches(
    notice: &TravelNotice,
    from: travel_notice::State,
    place: Option<&LatLng>,
    began: DateTime<Utc>,
    (metres, hours): (f64, i64),
) -> Vec<Breach> {
    if notice.mode() == Mode::Unspecified {
        return Vec::new();
    }
    let unapproved = notice.mode() == Mode::Approve && from != travel_notice::State::Approved;
    let denied = from == travel_notice::State::Denied;
    let elsewhere = place
        .is_some_and(|place| distance(notice.location.as_ref(), Some(place)).is_some_and(|distance| distance > metres));
    let planned = notice.begin_time.as_ref().and_then(instant).unwrap_or(began);
    let broken = [
        (Breach::LateNotice, notice.late),
        (Breach::WithoutApproval, unapproved && !denied),
        (Breach::AgainstDenial, unapproved && denied),
        (Breach::OtherPlace, elsewhere),
        (Breach::OtherTime, (began - planned).abs() > TimeDelta::hours(hours)),
    ];
    broken.into_iter().filter(|(_, broken)| *broken).map(|(breach, _)| breach).collect()
}

/// How far two places are from each other, in metres along a great circle (haversine).
fn distance(one: Option<&LatLng>, other: Option<&LatLng>) -> Option<f64> {
    let (one, other) = (one?, other?);
    let (a, b) = (one.latitude.to_radians(), other.latitude.to_radians());
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let h = half(b - a) + a.cos() * b.cos() * half((other.longitude - one.longitude).to_radians());
    Some(2.0 * EARTH * h.clamp(0.0, 1.0).sqrt().asin())
}

fn km(metres: f64) -> String {
    format!("{:.1} km", metres / 1000.0)
}
