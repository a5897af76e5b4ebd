//! What is known of the person asked about, and what is asked.

use super::Circumstances;
use chrono::{DateTime, Utc};
use proto::accreditation::v1::{Category, Matter, Relation, Residence, Status, WaiverScope, member::EndCause};

/// The person asked about, as the register shows them.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The state that sent the person, as an ISO 3166-1 alpha-2 code; empty for an organisation's own people.
    pub sending_state: &'a str,
    /// Whether the person is at a consular post headed by an honorary officer (VCCR art. 1.2, 58).
    pub honorary_post: bool,
    /// The person.
    pub member: Person<'a>,
    /// How a dependant is related to the principal.
    pub relation: Relation,
    /// The member a dependant derives from.
    pub principal: Option<Person<'a>>,
    /// What the sending state has waived of the person's immunity.
    pub waived: &'a [Waived],
}

/// An immunity that was waived, for one proceeding, and what it has to do with the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waived {
    /// From what.
    pub scope: WaiverScope,
    /// Since when.
    pub from: DateTime<Utc>,
    /// Whether the question is about the proceeding it is for; None if that is not known.
    pub covers: Option<bool>,
    /// Whether within limits only.
    pub partial: bool,
    /// Whether the person's inviolability was waived too.
    pub inviolability: bool,
}

impl Waived {
    /// Whether it bears on a matter at an instant. A waiver of jurisdiction is none of execution, and of arrest only if it
    /// says so.
    pub(super) fn bears_on(&self, matter: Matter, at: DateTime<Utc>) -> bool {
        let scope = match matter {
            Matter::CriminalProsecution => self.scope == WaiverScope::Criminal,
            Matter::ArrestOrDetention => self.scope == WaiverScope::Criminal && self.inviolability,
            Matter::CivilSuit => self.scope == WaiverScope::Civil,
            Matter::Testimony => self.scope == WaiverScope::Evidence,
            Matter::ExecutionOfJudgment => self.scope == WaiverScope::Execution,
            _ => false,
        };
        scope && self.from <= at && self.covers != Some(false)
    }

    /// Whether it leaves nothing open.
    pub(super) fn is_certain(&self) -> bool {
        self.covers == Some(true) && !self.partial
    }
}

/// A person's category, residence and times.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The category notified.
    pub category: Category,
    /// Nationality and residence in our country, oldest first; what came first holds for the time before it too.
    pub residence: &'a [Residing],
    /// What happened when.
    pub timeline: Timeline,
}

/// What a person was in our country from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Residing {
    /// From when.
    pub from: DateTime<Utc>,
    /// What.
    pub residence: Residence,
}

/// The instants that begin and end a person's privileges and immunities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Whether the person was in our country already when appointed.
    pub already_present: bool,
    /// Entry to take up the post.
    pub arrival: Option<DateTime<Utc>>,
    /// When the appointment was notified.
    pub notification: Option<DateTime<Utc>>,
    /// When we declined the person.
    pub decline: Option<DateTime<Utc>>,
    /// When the functions ended.
    pub termination: Option<DateTime<Utc>>,
    /// Why they ended.
    pub cause: EndCause,
    /// The end of the reasonable period.
    pub grace_end: Option<DateTime<Utc>>,
    /// The final departure.
    pub departure: Option<DateTime<Utc>>,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The matter.
    pub matter: Matter,
    /// The instant.
    pub instant: DateTime<Utc>,
    /// What is known of the circumstances.
    pub circumstances: Circumstances,
}

/// How a person's status stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) status: Status,
    /// At which instant nationality and residence count: now or, once all is over, when the functions ended. A former
    /// diplomat who settles here keeps the immunity of the acts done as one.
    pub(super) residence_at: DateTime<Utc>,
    /// Whether a dependant's period runs from the principal's death.
    pub(super) bereaved: bool,
}

impl Person<'_> {
    /// What the person was in our country at an instant; None if nothing is on record.
    pub(super) fn residence(&self, at: DateTime<Utc>) -> Option<Residence> {
        let known = self.residence.iter().rev().find(|fact| fact.from <= at).or(self.residence.first())?;
        (known.residence != Residence::Unspecified).then_some(known.residence)
    }
}

impl Timeline {
    /// From when privileges and immunities run (VCDR art. 39.1; VCCR art. 53.1). The notification stands for the taking
    /// up of duties, which is not notified apart.
    fn begin(&self) -> Option<DateTime<Utc>> {
        if self.already_present { self.notification } else { self.arrival }
    }

    /// When the functions ended: notified as ended, or never accepted.
    fn end_of_functions(&self) -> Option<DateTime<Utc>> {
        earliest(self.termination, self.decline)
    }

    /// When the reasonable period ends at the latest, departure apart. Someone declined has none unless it was granted.
    fn end_of_period(&self) -> Option<DateTime<Utc>> {
        self.grace_end.or(if self.termination.is_none() { self.decline } else { None })
    }

    /// The stage of one whose status is their own.
    pub(super) fn stage(&self, at: DateTime<Utc>) -> Stage {
        let over = earliest(self.end_of_period(), self.departure);
        stage(at, self.begin(), self.end_of_functions(), over, false)
    }

    /// The stage of a dependant: begins when both have begun, ends when either has. The principal's own departure does
    /// not shorten the period the household has to leave (VCDR art. 39.2, 39.3; VCCR art. 53.3, 53.5).
    pub(super) fn stage_of_dependant(&self, principal: &Self, at: DateTime<Utc>) -> Stage {
        let begin = self.begin().zip(principal.begin()).map(|(own, theirs)| own.max(theirs));
        let (own, theirs) = (self.end_of_functions(), principal.end_of_functions());
        let period = earliest(own.and(self.end_of_period()), theirs.and(principal.end_of_period()));
        let by_death = theirs.is_some_and(|theirs| own.is_none_or(|own| theirs <= own));
        let bereaved = by_death && principal.cause == EndCause::Death;
        stage(at, begin, earliest(own, theirs), earliest(period, self.departure), bereaved)
    }
}

fn stage(
    at: DateTime<Utc>,
    begin: Option<DateTime<Utc>>,
    ended: Option<DateTime<Utc>>,
    over: Option<DateTime<Utc>>,
    bereaved: bool,
) -> Stage {
    let status = match ended {
        _ if begin.is_none_or(|begin| at < begin) => Status::Before,
        None => Status::Active,
        Some(ended) if at < ended => Status::Active,
        Some(_) if over.is_none_or(|over| at < over) => Status::GracePeriod,
        Some(_) => Status::Residual,
    };
    let residence_at = if status == Status::Residual { ended.unwrap_or(at) } else { at };
    Stage { status, residence_at, bereaved }
}

fn earliest(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
