//! What may be told of the person of an assistance case, to whom, and by which rule. Pure: the case, the question and the
//! instant in; the measure with its ground out.
//!
//! A consent is the person's own, or that of who decides for the person; it says who may be told what, from when to when. Without
//! one that covers the question the answer is the same as of a person we have never heard of, whoever asks: family, an employer, the
//! press, a member of parliament (5 U.S.C. 552a(b); Regulation (EU) 2016/679, art. 6(1)(a), 9(2)(a)). The few rules of law that
//! stand without a consent are rows of `data/assistance.toml`.

use super::Rules;
use crate::travel::age;
use crate::whereabouts::NOTHING;
use chrono::{DateTime, NaiveDate, Utc};
use proto::consular::v1::assistance_case::Type;
use proto::consular::v1::case_consent::Giver;
use proto::consular::v1::case_disclosure::{Asker, Ground, Measure, Topic};
use proto::consular::v1::case_party::Role;
use proto::consular::v1::{AssistanceCase, CaseConsent, CaseParty, case_fact};
use registry::instant;

/// What is said where the person is alive and nothing more may be told.
pub(crate) const ALIVE: &str = "The person is alive. We may not tell more.";

/// A question after the person of a case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'q> {
    /// What who asks is to the person.
    pub(crate) asker: Asker,
    /// The name of who asks.
    pub(crate) name: &'q str,
    /// Whether who asks has proven who it is.
    pub(crate) proven: bool,
    /// What is asked.
    pub(crate) topic: Topic,
}

/// How much may be told, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) measure: Measure,
    pub(crate) ground: Ground,
    /// The rule in words.
    pub(crate) rule: String,
    /// The number of the consent; 0 if there is none.
    pub(crate) consent: i32,
}

impl Decision {
    fn new(measure: Measure, ground: Ground, rule: &str) -> Self {
        Self { measure, ground, rule: rule.to_owned(), consent: 0 }
    }

    fn nothing(ground: Ground, rule: &str) -> Self {
        Self::new(Measure::NeitherYesNorNo, ground, rule)
    }

    /// What is told: `answer` where what was asked may be told.
    pub(crate) fn words(&self, answer: String) -> String {
        match self.measure {
            Measure::Tell => answer,
            Measure::AliveOnly => ALIVE.to_owned(),
            Measure::NeitherYesNorNo | Measure::Unspecified => NOTHING.to_owned(),
        }
    }
}

/// How much of an answer the question may have, on `today` and at `now`.
pub(crate) fn decide(
    case: &AssistanceCase,
    question: Question<'_>,
    rules: &Rules,
    (today, now): (NaiveDate, DateTime<Utc>),
) -> Decision {
    if !question.proven {
        return Decision::nothing(Ground::NotProven, "Who asks has not proven who it is.");
    }
    if question.asker == Asker::Subject {
        let own = "Regulation (EU) 2016/679, art. 15; 5 U.S.C. 552a(d)(1): one's own data";
        return Decision::new(Measure::Tell, Ground::OwnData, own);
    }
    if party(case, question.name, |party| party.adverse) {
        return Decision::nothing(Ground::AdverseParty, "The person is to be protected from who asks.");
    }
    let guarded = needs_guardian(case, rules, today);
    if question.asker == Asker::Guardian {
        let guardian = guarded && party(case, question.name, |party| party.role() == Role::Guardian);
        return match guardian {
            true => Decision::new(Measure::Tell, Ground::Guardianship, "VCCR, art. 5(h): who decides for the person"),
            false => no_consent(),
        };
    }
    under_consent(case, question, guarded, now).unwrap_or_else(|| standing(case, question, rules))
}

/// That the person is alive, because life or safety is at stake: not to whom the person is to be protected from.
pub(crate) fn for_safety(case: &AssistanceCase, name: &str, grounds: String) -> Decision {
    if party(case, name, |party| party.adverse) {
        return Decision::nothing(Ground::AdverseParty, "The person is to be protected from who asks.");
    }
    let measure = if known_alive(case) { Measure::AliveOnly } else { Measure::NeitherYesNorNo };
    Decision { measure, ground: Ground::LifeOrSafety, rule: grounds, consent: 0 }
}

/// Whether somebody else decides for the person.
pub(crate) fn needs_guardian(case: &AssistanceCase, rules: &Rules, today: NaiveDate) -> bool {
    let minor = case.birth_date.parse().is_ok_and(|born| age(born, today) < rules.adult_age());
    minor || case.incapacitated
}

/// Whether the case names someone who may decide for the person.
pub(crate) fn has_guardian(case: &AssistanceCase) -> bool {
    case.parties.iter().any(|party| party.role() == Role::Guardian && !party.adverse)
}

/// Whether a consent runs.
pub(crate) fn runs(consent: &CaseConsent, now: DateTime<Utc>) -> bool {
    let begun = consent.start_time.as_ref().and_then(instant).is_some_and(|start| start <= now);
    let ended = consent.end_time.as_ref().and_then(instant).is_some_and(|end| end <= now);
    begun && !ended
}

/// Whether it may be said that the person is alive: not of the dead, nor of one who is not found.
pub(crate) fn known_alive(case: &AssistanceCase) -> bool {
    let found = case.facts.iter().any(|fact| fact.kind() == case_fact::Kind::Found);
    let dead = case.facts.iter().any(|fact| fact.kind() == case_fact::Kind::CauseOfDeath);
    !dead
        && match case.r#type() {
            Type::Death | Type::Wreck => false,
            Type::Missing => found,
            _ => true,
        }
}

fn no_consent() -> Decision {
    Decision::nothing(Ground::NoConsent, "There is no consent that covers the question.")
}

fn same(one: &str, other: &str) -> bool {
    !one.trim().is_empty() && one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn party(case: &AssistanceCase, name: &str, is: impl Fn(&CaseParty) -> bool) -> bool {
    case.parties.iter().any(|party| same(&party.display_name, name) && is(party))
}

/// By the consents that run: what was asked, or only that the person is alive where another thing may be told to who asks.
fn under_consent(case: &AssistanceCase, question: Question<'_>, guarded: bool, now: DateTime<Utc>) -> Option<Decision> {
    let givers = if guarded { Giver::PersonsGuardian } else { Giver::Person };
    let of_asker: Vec<&CaseConsent> = case
        .consents
        .iter()
        .filter(|consent| runs(consent, now) && consent.given_by() == givers)
        .filter(|consent| consent.audience() == question.asker)
        .filter(|consent| consent.audience_name.is_empty() || same(&consent.audience_name, question.name))
        .collect();
    let covering = of_asker.iter().find(|consent| consent.topics().any(|topic| topic == question.topic));
    let (measure, consent) = match covering {
        Some(consent) if question.topic != Topic::Life => (Measure::Tell, consent),
        _ if known_alive(case) => (Measure::AliveOnly, covering.or_else(|| of_asker.first())?),
        _ => return None,
    };
    let rule = format!("consent {} of the case", consent.number);
    Some(Decision { measure, ground: Ground::ConsentGiven, rule, consent: consent.number })
}

/// By the rules that stand without a consent.
fn standing(case: &AssistanceCase, question: Question<'_>, rules: &Rules) -> Decision {
    let of_kin = |party: &CaseParty| matches!(party.role(), Role::NextOfKin | Role::Guardian);
    let row = rules.standing.iter().find(|row| {
        row.covers(question.asker, case.r#type(), question.topic) && (!row.party || party(case, question.name, of_kin))
    });
    row.map_or_else(no_consent, |row| Decision::new(Measure::Tell, Ground::StandingRule, &row.source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::consular::v1::CaseFact;
    use registry::timestamp;

    fn now() -> DateTime<Utc> {
        "2026-05-04T13:00:00Z".parse().unwrap()
    }

    fn consent(audience: Asker, topics: &[Topic]) -> CaseConsent {
        CaseConsent {
            number: 1,
            audience: audience.into(),
            topics: topics.iter().map(|topic| i32::from(*topic)).collect(),
            given_by: Giver::Person.into(),
            evidence: "form".into(),
            start_time: Some(timestamp(now())),
            ..CaseConsent::default()
        }
    }

    fn case(of: Type, consents: Vec<CaseConsent>) -> AssistanceCase {
        AssistanceCase { r#type: of.into(), birth_date: "1974-08-12".into(), consents, ..AssistanceCase::default() }
    }

    fn asks(asker: Asker, topic: Topic) -> Question<'static> {
        Question { asker, name: "Example, Mary", proven: true, topic }
    }

    fn told(case: &AssistanceCase, question: Question<'_>) -> (Measure, Ground) {
        let decision = decide(case, question, Rules::get(), (now().date_naive(), now()));
        (decision.measure, decision.ground)
    }

    const EVERYONE: [Asker; 12] = [
        Asker::Subject,
        Asker::Guardian,
        Asker::NextOfKin,
        Asker::NamedContact,
        Asker::Lawyer,
        Asker::Employer,
        Asker::Insurer,
        Asker::Press,
        Asker::Parliament,
        Asker::ReceivingAuthority,
        Asker::CentralAuthority,
        Asker::Anyone,
    ];
    const EVERYTHING: [Topic; 8] = [
        Topic::Life,
        Topic::Identity,
        Topic::Whereabouts,
        Topic::Welfare,
        Topic::Health,
        Topic::Proceedings,
        Topic::Circumstances,
        Topic::Money,
    ];

    #[test]
    fn without_consent_only_the_person_and_the_rules_of_law_open_anything() {
        let arrest = case(Type::Arrest, vec![]);
        let mut open = Vec::new();
        for asker in EVERYONE {
            for topic in EVERYTHING {
                let (measure, ground) = told(&arrest, asks(asker, topic));
                match ground {
                    Ground::OwnData => assert_eq!((asker, measure), (Asker::Subject, Measure::Tell)),
                    Ground::NoConsent => assert_eq!(measure, Measure::NeitherYesNorNo),
                    _ => open.push((asker, topic, ground)),
                }
            }
        }
        assert_eq!(open, [(Asker::ReceivingAuthority, Topic::Identity, Ground::StandingRule)]);
    }

    #[test]
    fn one_who_has_not_proven_who_it_is_hears_nothing_not_even_as_the_person() {
        let open = case(Type::Arrest, vec![consent(Asker::NextOfKin, &EVERYTHING)]);
        for asker in EVERYONE {
            let question = Question { proven: false, ..asks(asker, Topic::Welfare) };
            assert_eq!(told(&open, question), (Measure::NeitherYesNorNo, Ground::NotProven));
        }
    }

    #[test]
    fn a_consent_opens_its_topics_to_its_audience_and_else_that_the_person_is_alive() {
        let arrest = case(Type::Arrest, vec![consent(Asker::NextOfKin, &[Topic::Welfare])]);
        let given = Ground::ConsentGiven;
        assert_eq!(told(&arrest, asks(Asker::NextOfKin, Topic::Welfare)), (Measure::Tell, given));
        assert_eq!(told(&arrest, asks(Asker::NextOfKin, Topic::Proceedings)), (Measure::AliveOnly, given));
        assert_eq!(told(&arrest, asks(Asker::NextOfKin, Topic::Life)), (Measure::AliveOnly, given));
        let nothing = (Measure::NeitherYesNorNo, Ground::NoConsent);
        assert_eq!(told(&arrest, asks(Asker::Parliament, Topic::Welfare)), nothing);
        let mut named = arrest.clone();
        named.consents[0].audience_name = "example, mary ".into();
        assert_eq!(told(&named, asks(Asker::NextOfKin, Topic::Welfare)).0, Measure::Tell);
        named.consents[0].audience_name = "Another".into();
        assert_eq!(told(&named, asks(Asker::NextOfKin, Topic::Welfare)), nothing);
    }

    #[test]
    fn a_consent_holds_from_its_first_instant_to_its_last() {
        let mut arrest = case(Type::Arrest, vec![consent(Asker::Press, &[Topic::Circumstances])]);
        let second = chrono::TimeDelta::seconds(1);
        let measure = |case: &AssistanceCase| told(case, asks(Asker::Press, Topic::Circumstances)).0;
        arrest.consents[0].end_time = Some(timestamp(now() + second));
        assert_eq!(measure(&arrest), Measure::Tell);
        arrest.consents[0].end_time = Some(timestamp(now()));
        assert_eq!(measure(&arrest), Measure::NeitherYesNorNo);
        arrest.consents[0] = consent(Asker::Press, &[Topic::Circumstances]);
        arrest.consents[0].start_time = Some(timestamp(now() + second));
        assert_eq!(measure(&arrest), Measure::NeitherYesNorNo);
    }

    #[test]
    fn for_a_minor_the_guardian_decides_and_is_told_unless_the_child_is_to_be_protected_from_them() {
        let guardian =
            CaseParty { role: Role::Guardian.into(), display_name: "Example, Mary".into(), ..CaseParty::default() };
        let mut child = case(Type::ForcedMarriage, vec![consent(Asker::Lawyer, &EVERYTHING)]);
        child.birth_date = "2010-01-31".into();
        child.parties = vec![guardian];
        assert_eq!(told(&child, asks(Asker::Guardian, Topic::Whereabouts)), (Measure::Tell, Ground::Guardianship));
        let own_consent = told(&child, asks(Asker::Lawyer, Topic::Welfare));
        assert_eq!(own_consent, (Measure::NeitherYesNorNo, Ground::NoConsent), "a child's own consent is not enough");
        child.consents[0].set_given_by(Giver::PersonsGuardian);
        assert_eq!(told(&child, asks(Asker::Lawyer, Topic::Welfare)).0, Measure::Tell);
        child.parties[0].adverse = true;
        let adverse = (Measure::NeitherYesNorNo, Ground::AdverseParty);
        assert_eq!(told(&child, asks(Asker::Guardian, Topic::Whereabouts)), adverse);
        assert_eq!(told(&child, asks(Asker::NextOfKin, Topic::Life)), adverse);
        child.birth_date = "1990-01-31".into();
        child.parties[0].adverse = false;
        assert_eq!(told(&child, asks(Asker::Guardian, Topic::Welfare)).1, Ground::NoConsent, "grown up meanwhile");
        assert_eq!(told(&child, asks(Asker::Lawyer, Topic::Welfare)).1, Ground::NoConsent, "and agrees alone");
    }

    #[test]
    fn the_next_of_kin_of_the_dead_are_told_what_they_decide_on_and_nobody_that_the_dead_live() {
        let kin =
            CaseParty { role: Role::NextOfKin.into(), display_name: "Example, Mary".into(), ..CaseParty::default() };
        let mut death = case(Type::Death, vec![consent(Asker::Employer, &[Topic::Life])]);
        assert_eq!(told(&death, asks(Asker::NextOfKin, Topic::Circumstances)).1, Ground::NoConsent, "says so only");
        death.parties = vec![kin];
        let standing = (Measure::Tell, Ground::StandingRule);
        assert_eq!(told(&death, asks(Asker::NextOfKin, Topic::Circumstances)), standing);
        assert_eq!(told(&death, asks(Asker::Employer, Topic::Life)), (Measure::NeitherYesNorNo, Ground::NoConsent));
    }

    #[test]
    fn of_a_missing_person_nobody_hears_that_they_live_before_they_are_found() {
        let mut missing = case(Type::Missing, vec![consent(Asker::NextOfKin, &[Topic::Life])]);
        assert_eq!(told(&missing, asks(Asker::NextOfKin, Topic::Life)).0, Measure::NeitherYesNorNo);
        missing.facts = vec![CaseFact { kind: case_fact::Kind::Found.into(), ..CaseFact::default() }];
        assert_eq!(told(&missing, asks(Asker::NextOfKin, Topic::Life)).0, Measure::AliveOnly);
        missing.facts[0].set_kind(case_fact::Kind::CauseOfDeath);
        assert_eq!(told(&missing, asks(Asker::NextOfKin, Topic::Life)).0, Measure::NeitherYesNorNo);
    }
}
