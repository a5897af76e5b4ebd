//! Whether a person is immune in a matter at an instant, with the provisions the answer rests on; pure.
//!
//! [`Rules`] is the rule table, read from data and checked whole. A [`Subject`] is what the register knows of a person, a
//! [`Question`] what an officer asks. [`determine`] puts them together: no database, no clock, no network, the same answer
//! for the same input for ever.

mod agreements;
mod check;
mod decide;
mod file;
mod reader;
mod rules;
mod subject;
mod words;

pub use decide::{Answer, Standing, class, determine, standing};
pub use rules::{Case, Circumstances, Class, Invalid, Provision, Row, Rules};
pub use subject::{Person, Question, Residing, Subject, Timeline, Waived};

use proto::accreditation::v1::{Immune, Matter};

/// Every matter there is a rule for.
pub const MATTERS: [Matter; 11] = [
    Matter::ArrestOrDetention,
    Matter::SearchOfResidence,
    Matter::CriminalProsecution,
    Matter::CivilSuit,
    Matter::Testimony,
    Matter::TrafficCitation,
    Matter::ExecutionOfJudgment,
    Matter::Taxation,
    Matter::BaggageInspection,
    Matter::SocialSecurity,
    Matter::PublicService,
];

/// Every answer there is.
pub const ANSWERS: [Immune; 4] = [Immune::No, Immune::Yes, Immune::OfficialActsOnly, Immune::Conditional];
