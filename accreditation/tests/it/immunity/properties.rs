//! What holds for any person and any question.

use super::{RULES, now};
use accreditation::immunity::{Answer, Circumstances, Person, Question, Residing, Rules, Subject, Timeline, determine};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proto::accreditation::v1::{
    Category, CivilAction, Immune, Matter, Relation, Residence, Status, TaxKind, member::EndCause,
};
use std::sync::LazyLock;

static HOMES: LazyLock<[Rules; 1]> = LazyLock::new(|| [Rules::of_home("US").expect("the table shipped is complete")]);

/// A person that owns what [`Person`] borrows.
#[derive(Clone, Debug)]
struct Someone {
    category: Category,
    residence: Vec<Residing>,
    timeline: Timeline,
}

#[derive(Clone, Debug)]
struct Household {
    state: &'static str,
    member: Someone,
    relation: Relation,
    principal: Option<Someone>,
}

impl Someone {
    fn as_person(&self) -> Person<'_> {
        Person { category: self.category, residence: &self.residence, timeline: self.timeline }
    }
}

impl Household {
    fn subject(&self) -> Subject<'_> {
        Subject {
            sending_state: self.state,
            honorary_post: false,
            member: self.member.as_person(),
            relation: self.relation,
            principal: self.principal.as_ref().map(Someone::as_person),
            waived: &[],
        }
    }
}

fn enumeration<T: TryFrom<i32> + Clone + std::fmt::Debug + 'static>(from: i32) -> impl Strategy<Value = T> {
    let values: Vec<T> = (from..).map_while(|number| T::try_from(number).ok()).collect();
    proptest::sample::select(values)
}

/// An instant within two years of the question, on a coarse grid so that boundaries meet.
fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    (-24_i64..24).prop_map(|months| now() + TimeDelta::days(30 * months))
}

fn maybe<T: Clone + std::fmt::Debug>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(some)
}

fn timelines() -> impl Strategy<Value = Timeline> {
    let instants = (
        maybe(instants()),
        maybe(instants()),
        maybe(instants()),
        maybe(instants()),
        maybe(instants()),
        maybe(instants()),
    );
    (any::<bool>(), instants, enumeration::<EndCause>(0)).prop_map(
        |(already_present, (arrival, notification, decline, termination, grace_end, departure), cause)| Timeline {
            already_present,
            arrival,
            notification,
            decline,
            termination,
            cause,
            grace_end,
            departure,
        },
    )
}

fn someone(category: impl Strategy<Value = Category>) -> impl Strategy<Value = Someone> {
    let fact = (instants(), enumeration::<Residence>(0)).prop_map(|(from, residence)| Residing { from, residence });
    let facts = proptest::collection::vec(fact, 0..3).prop_map(|mut facts| {
        facts.sort_by_key(|fact| fact.from);
        facts
    });
    (category, facts, timelines()).prop_map(|(category, residence, timeline)| Someone { category, residence, timeline })
}

fn households() -> impl Strategy<Value = Household> {
    let states = proptest::sample::select(vec!["FR", "CN", "", "not a state"]);
    (states, someone(enumeration(0)), enumeration::<Relation>(0), maybe(someone(enumeration(0))))
        .prop_map(|(state, member, relation, principal)| Household { state, member, relation, principal })
}

fn circumstances() -> impl Strategy<Value = Circumstances> {
    let fact = || maybe(any::<bool>());
    let facts = (fact(), fact(), fact(), fact(), fact(), fact(), fact());
    (facts, maybe(enumeration::<CivilAction>(1)), maybe(enumeration::<TaxKind>(1))).prop_map(
        |(facts, civil_action, tax_kind)| Circumstances {
            grave_crime: facts.0,
            judicial_decision: facts.1,
            held_for_mission: facts.2,
            contract_as_agent: facts.3,
            official_matters: facts.4,
            infringes_inviolability: facts.5,
            serious_grounds: facts.6,
            civil_action,
            tax_kind,
        },
    )
}

fn questions() -> impl Strategy<Value = Question> {
    (enumeration::<Matter>(0), instants(), circumstances()).prop_map(|(matter, instant, circumstances)| Question {
        matter,
        instant,
        circumstances,
    })
}

/// What is known, completed by what else can be found out.
fn completed(known: &Circumstances, more: &Circumstances) -> Circumstances {
    Circumstances {
        grave_crime: known.grave_crime.or(more.grave_crime),
        judicial_decision: known.judicial_decision.or(more.judicial_decision),
        civil_action: known.civil_action.or(more.civil_action),
        held_for_mission: known.held_for_mission.or(more.held_for_mission),
        contract_as_agent: known.contract_as_agent.or(more.contract_as_agent),
        official_matters: known.official_matters.or(more.official_matters),
        infringes_inviolability: known.infringes_inviolability.or(more.infringes_inviolability),
        tax_kind: known.tax_kind.or(more.tax_kind),
        serious_grounds: known.serious_grounds.or(more.serious_grounds),
    }
}

fn rank(immune: Immune) -> u8 {
    match immune {
        Immune::Unspecified | Immune::No => 0,
        Immune::OfficialActsOnly => 1,
        Immune::Conditional => 2,
        Immune::Yes => 3,
    }
}

fn answers<'r>(subject: &Subject<'_>, question: &Question) -> [Answer<'r>; 2] {
    [determine(&RULES, subject, question), determine(&HOMES[0], subject, question)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_question_is_answered_and_always_alike(household in households(), question in questions()) {
        let subject = household.subject();
        let first = answers(&subject, &question);
        prop_assert_eq!(&first, &answers(&subject, &question));
        for answer in first {
            let asked = question.matter != Matter::Unspecified;
            prop_assert_eq!(answer.immune != Immune::Unspecified, asked);
            prop_assert_eq!(!answer.citations.is_empty(), asked);
            prop_assert_eq!(!answer.advice.is_empty(), asked);
            prop_assert!(answer.immune != Immune::Conditional || !answer.conditions.is_empty());
            prop_assert!(question.matter != Matter::TrafficCitation || answer.immune == Immune::No);
        }
    }

    #[test]
    fn before_and_after_nobody_is_immune_but_for_official_acts(household in households(), question in questions()) {
        for answer in answers(&household.subject(), &question) {
            if matches!(answer.status, Status::Before | Status::Residual) {
                prop_assert!(rank(answer.immune) <= 1, "{:?}", answer);
            }
            if answer.status == Status::Before {
                prop_assert_eq!(rank(answer.immune), 0);
            }
        }
    }

    #[test]
    fn what_is_decided_stays_so_when_more_is_known(
        household in households(), question in questions(), more in circumstances(),
    ) {
        let better = Question { circumstances: completed(&question.circumstances, &more), ..question };
        let subject = household.subject();
        for (first, then) in answers(&subject, &question).into_iter().zip(answers(&subject, &better)) {
            if first.immune != Immune::Conditional {
                prop_assert_eq!(first.immune, then.immune, "{:?} then {:?}", first, then);
            }
        }
    }

    #[test]
    fn a_family_never_stands_above_its_principal(
        principal in someone(enumeration(1)), own in timelines(), residence in enumeration::<Residence>(1),
        state in proptest::sample::select(vec!["FR", "CN"]), question in questions(),
    ) {
        prop_assume!(principal.category != Category::FamilyMember);
        let facts = vec![Residing { from: now(), residence }];
        let member = Someone { category: Category::FamilyMember, residence: facts, timeline: own };
        // The household may stay for its own period after the principal has left.
        let staying = Someone { timeline: Timeline { departure: None, ..principal.timeline }, ..principal.clone() };
        let family = Household { state, member, relation: Relation::Spouse, principal: Some(principal) };
        let head = Household { state, member: staying, relation: Relation::Unspecified, principal: None };
        let above = answers(&head.subject(), &question);
        for (family, head) in answers(&family.subject(), &question).into_iter().zip(above) {
            prop_assert!(rank(family.immune) <= rank(head.immune), "{:?} over {:?}", family, head);
        }
    }

    #[test]
    fn nationality_and_residence_take_away_and_never_give(
        mut household in households(), residence in enumeration::<Residence>(2), question in questions(),
    ) {
        // A judge's order decides about a foreign officer; about a national, article 71.1 leaves it to a court.
        prop_assume!(question.matter != Matter::ArrestOrDetention || question.circumstances.judicial_decision != Some(true));
        household.member.residence = vec![Residing { from: now(), residence: Residence::Foreign }];
        let foreign = answers(&household.subject(), &question);
        let mut limited = household.clone();
        limited.member.residence[0].residence = residence;
        for (foreign, limited) in foreign.into_iter().zip(answers(&limited.subject(), &question)) {
            prop_assert!(rank(limited.immune) <= rank(foreign.immune), "{:?} over {:?}", limited, foreign);
        }
    }
}
