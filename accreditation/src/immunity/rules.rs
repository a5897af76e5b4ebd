//! The rule table in the form answers are read from: one row for each class of person and matter, found by index.

use super::{MATTERS, check, file};
use chrono::{DateTime, Utc};
use proto::accreditation::v1::{self, Category, CivilAction, Immune, Matter, Relation, Residence, TaxKind, Tier};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// The rule table, complete and checked.
#[derive(Debug)]
pub struct Rules {
    pub(super) identity: String,
    pub(super) classes: Vec<Class>,
    /// By class, then by matter's number less one.
    pub(super) rows: Vec<Row>,
    /// The class each category begins in, by the category's number.
    pub(super) beginnings: Vec<Option<ClassId>>,
    /// The class of a dependant whose principal is not on record.
    pub(super) of_nobody: ClassId,
    /// Sorted by sending state; those for every state are under the empty code, and looked at last.
    pub(super) overrides: Vec<(String, Override)>,
    /// By matter, answer and tier.
    pub(super) advice: Vec<Arc<str>>,
    /// By tier.
    pub(super) levels: Vec<Arc<str>>,
    pub(super) residence_unknown: Arc<str>,
    /// What an answer depends on when immunity was waived for some proceeding, and when within limits.
    pub(super) waived_elsewhere: Arc<str>,
    pub(super) waived_in_part: Arc<str>,
    pub(super) provisions: BTreeMap<String, Arc<Provision>>,
}

/// The place of a class in the table.
pub(super) type ClassId = u16;

/// A class of persons who enjoy the same.
#[derive(Debug)]
pub struct Class {
    /// Its name in the data.
    pub name: String,
    /// The level of protection.
    pub tier: Tier,
    pub(super) national: ClassId,
    pub(super) permanent_resident: ClassId,
    pub(super) family: Option<ClassId>,
    /// The class in its place at a consular post headed by an honorary officer.
    pub(super) honorary_post: Option<ClassId>,
    /// To whom in a family the class is limited, and the class of the others.
    pub(super) relations: Option<(Vec<Relation>, ClassId)>,
    /// What time does to it; None for classes that are themselves before or after.
    pub(super) passage: Option<Passage>,
}

/// What becomes of a class before its beginning and after its end.
#[derive(Debug)]
pub(super) struct Passage {
    pub(super) before: ClassId,
    pub(super) former: ClassId,
    pub(super) grace: Arc<Provision>,
    pub(super) death: Arc<Provision>,
    /// The provisions on waiver of jurisdiction, and of execution.
    pub(super) waiver: Arc<Provision>,
    pub(super) execution: Arc<Provision>,
}

/// A provision a rule rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provision {
    /// `VCDR`, `VCCR`, `CPIUN`, or the title of an agreement.
    pub instrument: String,
    /// `31.1`, `s. 19`.
    pub provision: String,
    /// What it says that matters here, in our words.
    pub effect: String,
}

/// What a class enjoys in a matter.
#[derive(Clone, Debug)]
pub struct Row {
    /// The answer if no case decides: never CONDITIONAL.
    pub value: Immune,
    /// What it rests on, in the order applied.
    pub cite: Vec<Arc<Provision>>,
    /// Exceptions, the first that holds deciding.
    pub cases: Vec<Case>,
    /// Limits that go with the answer.
    pub limits: Vec<Arc<str>>,
}

/// An exception.
#[derive(Clone, Debug)]
pub struct Case {
    /// When it holds.
    pub when: When,
    /// The answer if it does: never CONDITIONAL.
    pub value: Immune,
    /// What it rests on besides the row's provisions.
    pub cite: Vec<Arc<Provision>>,
    /// What the answer depends on while it is not known whether the case holds.
    pub condition: Arc<str>,
    /// Limits that go with the case's answer.
    pub limits: Vec<Arc<str>>,
    /// The order to an officer, if it differs from the matter's.
    pub advice: Option<Arc<str>>,
}

/// The circumstances of a case; all that are named must be so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    pub(super) civil_actions: Vec<CivilAction>,
    pub(super) tax_kinds: Vec<TaxKind>,
    /// Yes-or-no circumstances, by [`Circumstances::fact`].
    pub(super) facts: Vec<(Fact, bool)>,
    pub(super) never_known: bool,
}

/// A yes-or-no circumstance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    GraveCrime,
    JudicialDecision,
    HeldForMission,
    ContractAsAgent,
    OfficialMatters,
    InfringesInviolability,
    SeriousGrounds,
}

/// What is known of the circumstances; None is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// The offence is a grave crime.
    pub grave_crime: Option<bool>,
    /// A competent judicial authority has decided the arrest.
    pub judicial_decision: Option<bool>,
    /// The civil action's kind.
    pub civil_action: Option<CivilAction>,
    /// The immovable property is held for the mission.
    pub held_for_mission: Option<bool>,
    /// The contract was concluded as agent of the sending state.
    pub contract_as_agent: Option<bool>,
    /// The testimony concerns official functions.
    pub official_matters: Option<bool>,
    /// Execution would infringe the inviolability of person or residence.
    pub infringes_inviolability: Option<bool>,
    /// The tax's kind.
    pub tax_kind: Option<TaxKind>,
    /// There are serious grounds to presume forbidden articles in the baggage.
    pub serious_grounds: Option<bool>,
}

/// Rows that stand in place of a class's own, for people of one state.
#[derive(Debug)]
pub(super) struct Override {
    pub(super) categories: Vec<Category>,
    pub(super) members: bool,
    pub(super) family: bool,
    pub(super) residence: Vec<Residence>,
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    pub(super) tier: Option<Tier>,
    pub(super) rows: Vec<Option<Row>>,
}

/// Everything that is wrong with a rule table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rule table cannot be used:\n{}", .0.join("\n"))]
pub struct Invalid(pub Vec<String>);

impl Rules {
    /// The table that is shipped, with what this home state has agreed with others, if that is shipped too.
    ///
    /// # Errors
    /// All that is wrong with the files.
    pub fn of_home(home: &str) -> Result<Self, Invalid> {
        let agreements = file::AGREEMENTS.iter().find(|(code, _)| *code == home).map_or("", |(_, text)| *text);
        Self::with_agreements(home, agreements)
    }

    /// The table that is shipped, with agreements of the home state from elsewhere.
    ///
    /// # Errors
    /// All that is wrong with the agreements.
    pub fn with_agreements(home: &str, agreements: &str) -> Result<Self, Invalid> {
        Self::parse(&file::TABLE, home, agreements)
    }

    /// Reads a table in parts and a home state's agreements, which may be empty. `data/README.md` describes the form.
    ///
    /// # Errors
    /// All that is wrong with the files.
    pub fn parse(table: &[&str], home: &str, agreements: &str) -> Result<Self, Invalid> {
        let mut rules = check::build(table, home, agreements)?;
        let mut hash = Sha256::new();
        table.iter().chain([&agreements]).for_each(|part| hash.update(part.as_bytes()));
        rules.identity.push(' ');
        for byte in &hash.finalize()[..4] {
            write!(rules.identity, "{byte:02x}").expect("text grows as needed");
        }
        Ok(rules)
    }

    /// Which table it is: its version and the first digits of its SHA-256.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// What is printed on a card of this tier.
    pub fn level_text(&self, tier: Tier) -> &str {
        &self.levels[tier as usize]
    }

    /// Every class with its row for each matter, for documentation and tests.
    pub fn table(&self) -> impl Iterator<Item = (&Class, Matter, &Row)> {
        let pairs = self.classes.iter().flat_map(|class| MATTERS.map(|matter| (class, matter)));
        pairs.zip(&self.rows).map(|((class, matter), row)| (class, matter, row))
    }

    /// The provisions by the names the files give them: `VCDR 34`. Other tables cite them too.
    pub fn provisions(&self) -> &BTreeMap<String, Arc<Provision>> {
        &self.provisions
    }

    pub(super) fn class(&self, id: ClassId) -> &Class {
        &self.classes[usize::from(id)]
    }

    /// The row of a class for a matter; None if no matter is named.
    pub(super) fn row(&self, class: ClassId, matter: Matter) -> Option<&Row> {
        self.rows.get(usize::from(class) * MATTERS.len() + (matter as usize).checked_sub(1)?)
    }

    pub(super) fn beginning(&self, category: Category) -> Option<ClassId> {
        self.beginnings.get(category as usize).copied().flatten()
    }

    pub(super) fn overrides(&self, state: &str) -> impl Iterator<Item = &Override> {
        let of = |code: &str| {
            let first = self.overrides.partition_point(|(state, _)| state.as_str() < code);
            let last = self.overrides.partition_point(|(state, _)| state.as_str() <= code);
            &self.overrides[first..last]
        };
        of(state).iter().chain(if state.is_empty() { &[] } else { of("") }).map(|(_, row)| row)
    }

    pub(super) fn advice(&self, matter: Matter, immune: Immune, tier: Tier) -> &str {
        self.advice.get(advice_index(matter, immune, tier)).map_or("", |text| text)
    }
}

/// Where an advice line stands: tiers fastest, then answers, then matters.
pub(super) fn advice_index(matter: Matter, immune: Immune, tier: Tier) -> usize {
    ((matter as usize) * 5 + immune as usize) * 6 + tier as usize
}

impl Override {
    pub(super) fn covers(&self, category: Category, of_family: bool, residence: Residence, at: DateTime<Utc>) -> bool {
        let persons = if of_family { self.family } else { self.members };
        let in_force = self.from <= at && at < self.until;
        persons && in_force && self.categories.contains(&category) && self.residence.contains(&residence)
    }
}

impl When {
    /// Whether the case holds; None if that is not known.
    pub(super) fn holds(&self, known: &Circumstances) -> Option<bool> {
        let civil = self.civil_actions.is_empty().then_some(true);
        let civil = civil.or_else(|| known.civil_action.map(|action| self.civil_actions.contains(&action)));
        let tax = self.tax_kinds.is_empty().then_some(true);
        let tax = tax.or_else(|| known.tax_kind.map(|kind| self.tax_kinds.contains(&kind)));
        let facts = self.facts.iter().map(|(fact, wanted)| known.fact(*fact).map(|fact| fact == *wanted));
        let never = self.never_known.then_some(None);
        [civil, tax].into_iter().chain(facts).chain(never).fold(Some(true), and)
    }
}

/// Kleene's conjunction: one no is a no, whatever is not known.
fn and(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

impl Circumstances {
    fn fact(&self, fact: Fact) -> Option<bool> {
        match fact {
            Fact::GraveCrime => self.grave_crime,
            Fact::JudicialDecision => self.judicial_decision,
            Fact::HeldForMission => self.held_for_mission,
            Fact::ContractAsAgent => self.contract_as_agent,
            Fact::OfficialMatters => self.official_matters,
            Fact::InfringesInviolability => self.infringes_inviolability,
            Fact::SeriousGrounds => self.serious_grounds,
        }
    }
}

impl From<&v1::Circumstances> for Circumstances {
    fn from(asked: &v1::Circumstances) -> Self {
        Self {
            grave_crime: asked.grave_crime,
            judicial_decision: asked.judicial_decision,
            civil_action: Some(asked.civil_action()).filter(|action| *action != CivilAction::Unspecified),
            held_for_mission: asked.held_for_mission,
            contract_as_agent: asked.contract_as_agent,
            official_matters: asked.official_matters,
            infringes_inviolability: asked.infringes_inviolability,
            tax_kind: Some(asked.tax_kind()).filter(|kind| *kind != TaxKind::Unspecified),
            serious_grounds: asked.serious_grounds,
        }
    }
}
