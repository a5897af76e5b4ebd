//! From the files to the table: names become places in it, and everything that is wrong is collected before anything fails.

use super::MATTERS;
use super::file::{self, Agreements, Table};
use super::reader::Reader;
use super::rules::{Class, ClassId, Invalid, Passage, Row, Rules};
use proto::accreditation::v1::{Category, Immune, Matter, Relation};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Reads the files and checks them whole.
pub(super) fn build(parts: &[&str], home: &str, agreements: &str) -> Result<Rules, Invalid> {
    let errors = RefCell::new(Vec::new());
    let table = join(parts, &errors);
    let agreements: Agreements = toml::from_str(agreements).unwrap_or_else(|error| {
        errors.borrow_mut().push(format!("agreements: {error}"));
        Agreements::default()
    });
    let reader = Reader::new(&table, &agreements, &errors);
    if !agreements.home.is_empty() || !agreements.r#override.is_empty() {
        reader.demand(agreements.home == home, || {
            format!("agreements: they are those of `{}`, not of `{home}`", agreements.home)
        });
    }
    let rules = reader.rules(&table, &agreements);
    reader.find_unused(&table, &agreements);
    drop(reader);
    let errors = errors.into_inner();
    if errors.is_empty() { Ok(rules) } else { Err(Invalid(errors)) }
}

/// The parts as one table; a name given twice is an error.
fn join(parts: &[&str], errors: &RefCell<Vec<String>>) -> Table {
    let mut whole = Table::default();
    for part in parts {
        let part: Table = match toml::from_str(part) {
            Ok(part) => part,
            Err(error) => {
                errors.borrow_mut().push(error.to_string());
                continue;
            }
        };
        once(&mut whole.version, part.version, "version", errors);
        once(
            &mut whole.dependant_without_principal,
            part.dependant_without_principal,
            "dependant_without_principal",
            errors,
        );
        merge(&mut whole.provision, part.provision, "provision", errors);
        merge(&mut whole.limit, part.limit, "limit", errors);
        merge(&mut whole.level, part.level, "level", errors);
        merge(&mut whole.exception, part.exception, "exception", errors);
        merge(&mut whole.regime, part.regime, "regime", errors);
        merge(&mut whole.class, part.class, "class", errors);
        merge(&mut whole.advice, part.advice, "advice", errors);
    }
    whole
}

fn once<T>(whole: &mut Option<T>, part: Option<T>, what: &str, errors: &RefCell<Vec<String>>) {
    if whole.is_some() && part.is_some() {
        errors.borrow_mut().push(format!("{what}: it is given twice"));
    }
    *whole = part.or(whole.take());
}

fn merge<T>(whole: &mut BTreeMap<String, T>, part: BTreeMap<String, T>, what: &str, errors: &RefCell<Vec<String>>) {
    for (name, value) in part {
        if whole.contains_key(&name) {
            errors.borrow_mut().push(format!("{what} `{name}`: it is given twice"));
        }
        whole.insert(name, value);
    }
}

impl Reader<'_> {
    fn rules(&self, table: &Table, agreements: &Agreements) -> Rules {
        self.demand(table.version.is_some(), || "version: it is missing".to_owned());
        let of_nobody = table.dependant_without_principal.as_deref().unwrap_or_default();
        let classes: Vec<_> = table.class.iter().map(|(name, class)| self.read_class(name, class, table)).collect();
        let rows = table.class.keys().flat_map(|name| self.rows(name, table)).collect::<Vec<_>>();
        self.hold_invariants(&classes, &rows);
        Rules {
            identity: table.version.clone().unwrap_or_default(),
            beginnings: self.beginnings(table),
            of_nobody: self.class("dependant_without_principal", of_nobody),
            overrides: self.overrides(agreements, table),
            advice: self.advice(table),
            levels: self.levels(table),
            residence_unknown: self.words("residence_unknown"),
            waived_elsewhere: self.words("waived_elsewhere"),
            waived_in_part: self.words("waived_in_part"),
            provisions: self.provisions.clone(),
            classes,
            rows,
        }
    }

    /// A limit that the engine itself names.
    fn words(&self, name: &str) -> Arc<str> {
        self.limits(name, &[name.to_owned()]).pop().unwrap_or_default()
    }

    fn read_class(&self, name: &str, class: &file::Class, table: &Table) -> Class {
        let at = format!("class `{name}`");
        let own = self.classes[name];
        let other = |target: &Option<String>| target.as_ref().map(|target| self.class(&at, target));
        let relation = |name: &String| self.named(Relation::from_str_name(name), &at, "relation", name);
        let relations: Vec<_> = class.relations.iter().filter_map(relation).collect();
        self.demand(relations.is_empty() == class.other_relations.is_none(), || {
            format!("{at}: `relations` and `other_relations` go together")
        });
        self.demand(class.regime.is_some() == class.former.is_some(), || {
            format!("{at}: `regime` and `former` go together")
        });
        let passage = class.regime.as_ref().zip(class.former.as_ref()).and_then(|(regime, former)| {
            self.used.borrow_mut().insert(("regime", regime.clone()));
            let found = self.named(table.regime.get(regime), &at, "regime", regime)?;
            Some(Passage {
                before: self.class(&at, &found.before),
                former: self.class(&at, former),
                grace: self.provision(&at, &found.grace)?,
                death: self.provision(&at, &found.death)?,
                waiver: self.provision(&at, &found.waiver)?,
                execution: self.provision(&at, &found.execution)?,
            })
        });
        Class {
            name: name.to_owned(),
            tier: self.tier(&at, &class.tier),
            national: other(&class.national).unwrap_or(own),
            permanent_resident: other(&class.permanent_resident).unwrap_or(own),
            family: other(&class.family),
            honorary_post: other(&class.honorary_post),
            relations: other(&class.other_relations).map(|others| (relations, others)),
            passage,
        }
    }

    /// The rows of a class for every matter: its own, those of the class it is like, the one for all.
    fn rows(&self, name: &str, table: &Table) -> Vec<Row> {
        let (at, class) = (format!("class `{name}`"), &table.class[name]);
        for matter in class.rules.keys() {
            self.matter(&at, matter);
        }
        MATTERS.map(|matter| self.row_for(name, matter, table, 0)).into()
    }

    fn row_for(&self, name: &str, matter: Matter, table: &Table, depth: usize) -> Row {
        let (class, at) = (&table.class[name], format!("class `{name}`, {}", matter.as_str_name()));
        let own = class.rules.get(matter.as_str_name()).or(class.all.as_ref());
        let like = class.like.as_ref().filter(|like| own.is_none() && table.class.contains_key(*like) && depth < 8);
        let mut row = match (own, like) {
            (Some(own), _) => self.row(&at, own, table),
            (None, Some(like)) => self.row_for(like, matter, table, depth + 1),
            (None, None) => {
                self.demand(false, || format!("{at}: there is no row"));
                return Row { value: Immune::No, cite: Vec::new(), cases: Vec::new(), limits: Vec::new() };
            }
        };
        if let Some(like) = &class.like {
            self.class(&at, like);
        }
        row.cite.splice(0..0, self.cite(&at, &class.cite));
        row.limits.extend(self.limits(&at, &class.limits));
        self.demand(!row.cite.is_empty(), || format!("{at}: the row cites no provision"));
        row
    }

    fn beginnings(&self, table: &Table) -> Vec<Option<ClassId>> {
        let mut beginnings = Vec::new();
        for (name, class) in &table.class {
            let at = format!("class `{name}`");
            for category in class.categories.iter().filter_map(|category| self.category(&at, category)) {
                let place = category as usize;
                beginnings.resize(beginnings.len().max(place + 1), None);
                self.demand(beginnings[place].is_none(), || {
                    format!("{at}: {} begins in two classes", category.as_str_name())
                });
                beginnings[place] = Some(self.class(&at, name));
            }
        }
        for category in (1..).map_while(|number| Category::try_from(number).ok()) {
            let begins = beginnings.get(category as usize).copied().flatten().is_some();
            let derives = category == Category::FamilyMember;
            self.demand(begins || derives, || format!("category {}: it begins in no class", category.as_str_name()));
        }
        beginnings
    }

    /// A citation may be issued to anyone; nobody is immune before the beginning or after the end but for official acts.
    fn hold_invariants(&self, classes: &[Class], rows: &[Row]) {
        for (class, rows) in classes.iter().zip(rows.chunks(MATTERS.len())) {
            for (matter, row) in MATTERS.iter().zip(rows) {
                let mut values = row.cases.iter().map(|case| case.value).chain([row.value]);
                let at = || format!("class `{}`, {}", class.name, matter.as_str_name());
                if *matter == Matter::TrafficCitation {
                    let no = values.clone().all(|value| value == Immune::No);
                    self.demand(no, || format!("{}: a citation may be issued to anyone", at()));
                }
                let yes = values.any(|value| value == Immune::Yes);
                self.demand(class.passage.is_some() || !yes, || {
                    format!("{}: before and after, nobody is immune but for official acts", at())
                });
            }
        }
    }

    /// What nothing refers to is a slip of the pen somewhere else.
    fn find_unused(&self, table: &Table, agreements: &Agreements) {
        let begins = |name: &&String| !table.class[*name].categories.is_empty();
        let given = [
            ("provision", table.provision.keys().chain(agreements.provision.keys()).collect::<Vec<_>>()),
            ("limit", table.limit.keys().collect()),
            ("exception", table.exception.keys().collect()),
            ("regime", table.regime.keys().collect()),
            ("class", table.class.keys().filter(|name| !begins(name)).collect()),
        ];
        let used = self.used.borrow();
        for (what, names) in given {
            for name in names {
                self.demand(used.contains(&(what, name.clone())), || format!("{what} `{name}`: nothing refers to it"));
            }
        }
    }
}
