//! Looks names of the files up in the table, and remembers what was never asked for.

use super::file::{self, Agreements, Table};
use super::rules::{Case, ClassId, Fact, Provision, Row, When};
use proto::accreditation::v1::{Category, CivilAction, Immune, Matter, TaxKind, Tier};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Looks names up, and notes which are not there and which were never asked for.
pub(super) struct Reader<'a> {
    pub(super) errors: &'a RefCell<Vec<String>>,
    pub(super) provisions: BTreeMap<String, Arc<Provision>>,
    pub(super) limits: BTreeMap<String, Arc<str>>,
    pub(super) classes: BTreeMap<String, ClassId>,
    pub(super) used: RefCell<BTreeSet<(&'static str, String)>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(table: &Table, agreements: &Agreements, errors: &'a RefCell<Vec<String>>) -> Self {
        let provision = |(key, words): (&String, &file::Words)| {
            let provision = match words.clone() {
                file::Words::Effect(effect) => {
                    let (instrument, number) = key.split_once(' ').unwrap_or((key, ""));
                    Provision { instrument: instrument.to_owned(), provision: number.to_owned(), effect }
                }
                file::Words::Whole { instrument, provision, effect } => Provision { instrument, provision, effect },
            };
            (key.clone(), Arc::new(provision))
        };
        let reader = Self {
            errors,
            provisions: table.provision.iter().chain(&agreements.provision).map(provision).collect(),
            limits: table.limit.iter().map(|(name, text)| (name.clone(), text.as_str().into())).collect(),
            classes: table.class.keys().cloned().zip(0..).collect(),
            used: RefCell::default(),
        };
        for (key, found) in &reader.provisions {
            let complete =
                [&found.instrument, &found.provision, &found.effect].iter().all(|part| !part.trim().is_empty());
            reader.demand(complete, || format!("provision `{key}`: instrument, provision or effect is missing"));
        }
        reader
    }

    pub(super) fn demand(&self, holds: bool, error: impl FnOnce() -> String) {
        if !holds {
            // Classes that share rows share their errors.
            let error = error();
            let mut errors = self.errors.borrow_mut();
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
    }

    /// A name of the contract, such as a matter's.
    pub(super) fn named<T>(&self, found: Option<T>, at: &str, what: &str, name: &str) -> Option<T> {
        self.demand(found.is_some(), || format!("{at}: `{name}` is no {what}"));
        found
    }

    pub(super) fn class(&self, at: &str, name: &str) -> ClassId {
        self.used.borrow_mut().insert(("class", name.to_owned()));
        self.named(self.classes.get(name).copied(), at, "class", name).unwrap_or_default()
    }

    pub(super) fn cite(&self, at: &str, names: &[String]) -> Vec<Arc<Provision>> {
        names.iter().filter_map(|name| self.provision(at, name)).collect()
    }

    pub(super) fn provision(&self, at: &str, name: &str) -> Option<Arc<Provision>> {
        self.used.borrow_mut().insert(("provision", name.to_owned()));
        self.named(self.provisions.get(name).cloned(), at, "provision", name)
    }

    pub(super) fn limits(&self, at: &str, names: &[String]) -> Vec<Arc<str>> {
        let limit = |name: &String| {
            self.used.borrow_mut().insert(("limit", name.clone()));
            self.named(self.limits.get(name).cloned(), at, "limit", name)
        };
        names.iter().filter_map(limit).collect()
    }

    /// A decided answer: what is conditional says so by its cases.
    pub(super) fn value(&self, at: &str, name: &str) -> Immune {
        let decided =
            Immune::from_str_name(name).filter(|value| !matches!(value, Immune::Unspecified | Immune::Conditional));
        self.named(decided, at, "decided answer", name).unwrap_or_default()
    }

    pub(super) fn row(&self, at: &str, row: &file::Row, table: &Table) -> Row {
        let cases = row.except.iter().flat_map(|name| {
            self.used.borrow_mut().insert(("exception", name.clone()));
            self.named(table.exception.get(name), at, "exception", name).into_iter().flatten()
        });
        let cases = cases.map(|case| self.case(at, case)).collect();
        let (value, limits) = (self.value(at, &row.value), self.limits(at, &row.limits));
        Row { value, cite: self.cite(at, &row.cite), cases, limits }
    }

    pub(super) fn case(&self, at: &str, case: &file::Case) -> Case {
        self.demand(!case.condition.trim().is_empty(), || format!("{at}: a case of its exception has no condition"));
        Case {
            when: self.when(at, &case.when),
            value: self.value(at, &case.value),
            cite: self.cite(at, &case.cite),
            condition: case.condition.as_str().into(),
            limits: self.limits(at, &case.limits),
            advice: case.advice.as_deref().map(Into::into),
        }
    }

    pub(super) fn when(&self, at: &str, when: &file::When) -> When {
        let civil = |name| self.named(CivilAction::from_str_name(name), at, "civil action", name);
        let tax = |name| self.named(TaxKind::from_str_name(name), at, "kind of tax", name);
        let facts = [
            (Fact::GraveCrime, when.grave_crime),
            (Fact::JudicialDecision, when.judicial_decision),
            (Fact::HeldForMission, when.held_for_mission),
            (Fact::ContractAsAgent, when.contract_as_agent),
            (Fact::OfficialMatters, when.official_matters),
            (Fact::InfringesInviolability, when.infringes_inviolability),
            (Fact::SeriousGrounds, when.serious_grounds),
        ];
        let read = When {
            civil_actions: when.civil_action.iter().filter_map(civil).collect(),
            tax_kinds: when.tax_kind.iter().filter_map(tax).collect(),
            facts: facts.into_iter().filter_map(|(fact, wanted)| Some((fact, wanted?))).collect(),
            never_known: when.never_known,
        };
        self.demand(read != When::default(), || format!("{at}: a case of its exception names no circumstance"));
        read
    }

    pub(super) fn tier(&self, at: &str, name: &str) -> Tier {
        let tier = Tier::from_str_name(name).filter(|tier| *tier != Tier::Unspecified);
        self.named(tier, at, "tier", name).unwrap_or_default()
    }

    pub(super) fn matter(&self, at: &str, name: &str) -> Option<Matter> {
        let matter = Matter::from_str_name(name).filter(|matter| *matter != Matter::Unspecified);
        self.named(matter, at, "matter", name)
    }

    pub(super) fn category(&self, at: &str, name: &str) -> Option<Category> {
        let known = |category: &Category| !matches!(category, Category::Unspecified | Category::FamilyMember);
        self.named(Category::from_str_name(name).filter(known), at, "category with a class of its own", name)
    }
}
