//! The checks of our practice on a notification, one row each; pure. Which of them count, and how, is data.

use super::checklist::Checklist;
use super::name;
use chrono::{Months, NaiveDate};
use mrz::Window;
use proto::accreditation::v1::attachment::Kind;
use proto::accreditation::v1::{Category, Charges, Member, Mission, Particulars, PassportType, Reason, Residence};
use std::collections::BTreeSet;

/// How many years ahead a passport can be valid.
const PASSPORT_YEARS: u8 = 10;

/// What a notification is held against.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) member: &'a Member,
    pub(crate) mission: &'a Mission,
    /// Who files it, and the people of the household it is about.
    pub(crate) signer: &'a str,
    pub(crate) household: &'a [String],
    pub(crate) predecessor: Option<&'a Member>,
    /// How many others of the category the mission has.
    pub(crate) in_category: i64,
    /// People on record who may be the same.
    pub(crate) resembles: &'a [String],
    pub(crate) today: NaiveDate,
    pub(crate) practice: &'a Checklist,
}

/// How a check comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Met,
    NotApplicable,
    /// The field at fault, under `member.`, and what is wrong.
    Unmet(&'static str, String),
}
use Verdict::{Met, NotApplicable, Unmet};

/// One check.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) reason: Reason,
    pub(crate) test: fn(&Facts<'_>) -> Verdict,
}

const fn check(name: &'static str, reason: Reason, test: fn(&Facts<'_>) -> Verdict) -> Check {
    Check { name, reason, test }
}

/// The table. Its order is the order in which they are told.
pub(crate) static CHECKS: [Check; 20] = [
    check("signatory", Reason::SignedByTheHousehold, signatory),
    check("passportName", Reason::NameNotAsInPassport, passport_name),
    check("visaClass", Reason::VisaClassUnfit, visa_class),
    check("passportType", Reason::PassportTypeUnfit, passport_type),
    check("residenceStatus", Reason::ResidentDiplomat, residence_status),
    check("title", Reason::TitleNotRecognised, title),
    check("residenceArea", Reason::ResidenceOutsideCapital, residence_area),
    check("weeklyHours", Reason::HoursTooFew, weekly_hours),
    check("pendingCharges", Reason::ChargesNotCleared, pending_charges),
    check("predecessor", Reason::PredecessorActive, predecessor),
    check("position", Reason::PositionNotDeclared, position),
    check("categoryQuota", Reason::CategoryFull, category_quota),
    check("duplicate", Reason::PossibleDuplicate, duplicate),
    check("workPermission", Reason::WorkPermissionMissing, work_permission),
    check("transport", Reason::TransportNotDeclared, transport),
    check("photo", Reason::PhotoTooOld, photo),
    check("attachments", Reason::AttachmentMissing, attachments),
    check("priorApproval", Reason::PriorApprovalMissing, prior_approval),
    check("honorary", Reason::HonoraryUnfit, honorary),
    check("serviceDates", Reason::ServiceDatesImplausible, service_dates),
];

impl Facts<'_> {
    fn declared(&self) -> Particulars {
        self.member.particulars.clone().unwrap_or_default()
    }

    fn category(&self) -> Category {
        self.member.category()
    }

    fn is_diplomat(&self) -> bool {
        matches!(self.category(), Category::HeadOfMission | Category::DiplomaticStaff | Category::ServiceAttache)
    }

    /// Sent by the sending state into a position of the mission.
    fn is_sent(&self) -> bool {
        let derives = matches!(
            self.category(),
            Category::FamilyMember | Category::PrivateServant | Category::ConsularPrivateStaff
        );
        let visits = matches!(self.category(), Category::TemporaryDuty | Category::MeetingRepresentative);
        !derives
            && !visits
            && !matches!(self.category(), Category::LocallyEngagedStaff | Category::HonoraryConsularOfficer)
    }
}

fn met_if(met: bool, field: &'static str, words: impl FnOnce() -> String) -> Verdict {
    if met { Met } else { Unmet(field, words()) }
}

fn signatory(facts: &Facts<'_>) -> Verdict {
    let own = facts.member.person == facts.signer || facts.household.iter().any(|person| person == facts.signer);
    met_if(!own, "person", || "the notification is signed by the person, or by one of the household".to_owned())
}

/// Held against the zone if there is one; that there is none is for the attachments to say.
fn passport_name(facts: &Facts<'_>) -> Verdict {
    let (member, zone) = (facts.member, facts.declared().machine_readable_zone);
    if zone.is_empty() {
        return NotApplicable;
    }
    let window = Window { ahead: PASSPORT_YEARS, ..Window::on(facts.today) };
    let Ok(zone) = mrz::parse(&name::lines(&zone), &window) else {
        let words = "it is not well read: its form or a check digit does not fit".to_owned();
        return Unmet("particulars.machineReadableZone", words);
    };
    if !name::stands_in(&zone, &member.family_name, &member.given_names) {
        return Unmet("familyName", "the names are not those in the passport's machine-readable zone".to_owned());
    }
    if !member.passport_number.is_empty() && zone.number != member.passport_number {
        return Unmet("passportNumber", "it is not the number in the passport's machine-readable zone".to_owned());
    }
    let born: Option<NaiveDate> = member.birth_date.parse().ok();
    met_if(zone.birth.known().is_none_or(|birth| Some(birth) == born), "birthDate", || {
        "it is not the date in the passport's machine-readable zone".to_owned()
    })
}

fn visa_class(facts: &Facts<'_>) -> Verdict {
    let foreign = facts.member.residence() == Residence::Foreign;
    let Some(allowed) = facts.practice.visa_classes.get(&facts.category()).filter(|_| foreign) else {
        return NotApplicable;
    };
    let visa = facts.declared().visa_class;
    met_if(allowed.contains(&visa), "particulars.visaClass", || {
        format!("the category goes with a visa of class {}; {}", allowed.join(" or "), declared(&visa))
    })
}

fn passport_type(facts: &Facts<'_>) -> Verdict {
    let Some(allowed) = facts.practice.passport_types.get(&facts.category()) else { return NotApplicable };
    let kind = facts.declared().passport_type();
    met_if(allowed.contains(&kind), "particulars.passportType", || {
        let wanted: Vec<_> = allowed.iter().map(PassportType::as_str_name).collect();
        let given = if kind == PassportType::Unspecified { "" } else { kind.as_str_name() };
        format!("the category goes with a passport of kind {}; {}", wanted.join(" or "), declared(given))
    })
}

fn residence_status(facts: &Facts<'_>) -> Verdict {
    if !facts.is_diplomat() {
        return NotApplicable;
    }
    met_if(facts.member.residence() != Residence::PermanentResident, "residence", || {
        "a diplomatic agent is not permanently resident here".to_owned()
    })
}

/// Titles are compared without accents, and what follows one, as in "Counsellor (Trade)", is left aside.
fn title(facts: &Facts<'_>) -> Verdict {
    let Some(known) = facts.practice.titles.get(&facts.category()) else { return NotApplicable };
    let plain = |text: &str| name::folded(text.split(['(', ',']).next().unwrap_or_default().trim());
    let given = plain(&facts.member.title);
    let is = |title: &str| given.strip_prefix(title).is_some_and(|more| more.is_empty() || more.starts_with(' '));
    met_if(known.iter().any(|title| is(&plain(title))), "title", || {
        format!("the titles recognised are {}", known.join(", "))
    })
}

fn residence_area(facts: &Facts<'_>) -> Verdict {
    if !facts.is_diplomat() {
        return NotApplicable;
    }
    let code = facts.declared().residence_address.map(|address| address.postal_code).unwrap_or_default();
    let within = facts.practice.postal_codes.iter().any(|area| code.starts_with(area.as_str()));
    met_if(within, "particulars.residenceAddress", || {
        format!("a diplomatic agent lives within the area of the capital; {}", declared(&code))
    })
}

fn weekly_hours(facts: &Facts<'_>) -> Verdict {
    if !facts.is_diplomat() {
        return NotApplicable;
    }
    let (hours, least) = (facts.declared().weekly_hours, facts.practice.weekly_hours);
    met_if(hours >= least, "particulars.weeklyHours", || {
        format!("at least {least} hours a week are full time; {hours} are declared")
    })
}

fn pending_charges(facts: &Facts<'_>) -> Verdict {
    if !facts.is_diplomat() {
        return NotApplicable;
    }
    match facts.declared().pending_charges() {
        Charges::NonePending => Met,
        Charges::SomePending => Unmet("particulars.pendingCharges", "charges are pending".to_owned()),
        Charges::Unspecified => Unmet("particulars.pendingCharges", "nothing is declared".to_owned()),
    }
}

/// A successor waits until the predecessor's functions have ended.
fn predecessor(facts: &Facts<'_>) -> Verdict {
    use proto::accreditation::v1::member::State;
    let named = facts.declared().predecessor;
    if named.is_empty() {
        return NotApplicable;
    }
    let field = "particulars.predecessor";
    match facts.predecessor.filter(|predecessor| predecessor.mission == facts.mission.name) {
        None => Unmet(field, "there is no such member of the mission".to_owned()),
        Some(found) => {
            let over = matches!(found.state(), State::Grace | State::Ended | State::Declined);
            met_if(over, field, || "the predecessor is still in functions".to_owned())
        }
    }
}

fn position(facts: &Facts<'_>) -> Verdict {
    if !facts.is_sent() {
        return NotApplicable;
    }
    let declared = facts.declared();
    let described = declared.new_position && !declared.position_description.is_empty();
    met_if(described || !declared.predecessor.is_empty(), "particulars.predecessor", || {
        "neither a predecessor nor a new position with its description is declared".to_owned()
    })
}

fn category_quota(facts: &Facts<'_>) -> Verdict {
    let limits = facts.mission.category_limits.iter();
    let Some(limit) = limits.filter(|limit| limit.category() == facts.category()).map(|limit| limit.limit).min() else {
        return NotApplicable;
    };
    met_if(facts.in_category < i64::from(limit), "category", || format!("we accept {limit} of this category"))
}

fn duplicate(facts: &Facts<'_>) -> Verdict {
    met_if(facts.resembles.is_empty(), "person", || {
        format!("the register knows a person who may be the same: {}", facts.resembles.join(", "))
    })
}

fn work_permission(facts: &Facts<'_>) -> Verdict {
    let needs = facts.category() == Category::LocallyEngagedStaff && facts.member.residence() == Residence::Foreign;
    if !needs {
        return NotApplicable;
    }
    met_if(facts.declared().work_permission, "particulars.workPermission", || "it is not declared".to_owned())
}

fn transport(facts: &Facts<'_>) -> Verdict {
    let asked = matches!(
        facts.category(),
        Category::AdministrativeAndTechnicalStaff
            | Category::ServiceStaff
            | Category::ConsularEmployee
            | Category::ConsularServiceStaff
    );
    if !asked {
        return NotApplicable;
    }
    met_if(facts.declared().transport_paid.is_some(), "particulars.transportPaid", || "it is not declared".to_owned())
}

fn photo(facts: &Facts<'_>) -> Verdict {
    let (taken, months) = (facts.declared().photo_date, facts.practice.photo_months);
    if facts.member.photo.is_empty() && taken.is_empty() {
        return NotApplicable;
    }
    let oldest = facts.today.checked_sub_months(Months::new(months));
    let taken: Option<NaiveDate> = taken.parse().ok();
    let recent = taken.zip(oldest).is_some_and(|(taken, oldest)| oldest <= taken && taken <= facts.today);
    met_if(recent, "particulars.photoDate", || format!("a photograph of the last {months} months is wanted"))
}

fn attachments(facts: &Facts<'_>) -> Verdict {
    let foreign = facts.member.residence() == Residence::Foreign;
    let Some(wanted) = facts.practice.attachments.get(&facts.category()).filter(|_| foreign) else {
        return NotApplicable;
    };
    let came: BTreeSet<Kind> = facts.declared().attachments.iter().map(|attachment| attachment.kind()).collect();
    let missing: Vec<_> = wanted.iter().filter(|kind| !came.contains(*kind)).map(Kind::as_str_name).collect();
    met_if(missing.is_empty(), "particulars.attachments", || format!("missing: {}", missing.join(", ")))
}

fn prior_approval(facts: &Facts<'_>) -> Verdict {
    if facts.category() != Category::ServiceAttache {
        return NotApplicable;
    }
    met_if(!facts.declared().prior_approval.is_empty(), "particulars.priorApproval", || {
        "a service attache is approved beforehand".to_owned()
    })
}

fn honorary(facts: &Facts<'_>) -> Verdict {
    if facts.category() != Category::HonoraryConsularOfficer {
        return NotApplicable;
    }
    if facts.member.residence() == Residence::Foreign {
        let words = "an honorary consular officer is a national or permanently resident here";
        return Unmet("residence", words.to_owned());
    }
    met_if(!facts.member.honorary_consul.is_empty(), "honoraryConsul", || {
        "an honorary consular officer is notified under our recognition".to_owned()
    })
}

fn service_dates(facts: &Facts<'_>) -> Verdict {
    let declared = facts.declared();
    let start: Option<NaiveDate> = declared.duty_start_date.parse().ok();
    let end: Option<NaiveDate> = declared.expected_departure_date.parse().ok();
    let Some((start, end)) = start.zip(end) else { return NotApplicable };
    met_if(start < end, "particulars.expectedDepartureDate", || {
        "the expected departure lies before the end of the first day on duty".to_owned()
    })
}

fn declared(text: &str) -> String {
    if text.is_empty() { "nothing is declared".to_owned() } else { format!("{text} is declared") }
}
