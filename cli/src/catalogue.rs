//! What there is to call: every method of the contract, under the collection whose address it has.

use crate::route::Template;
use proto::contract::{Binding, Contract, Kind, Method, Resource};
use std::collections::{BTreeMap, HashMap};

/// Everything there is to call.
#[derive(Debug)]
pub(crate) struct Catalogue {
    groups: Vec<Group>,
}

/// The methods at one collection's addresses.
#[derive(Debug)]
pub(crate) struct Group {
    /// The command: `identity-cards`; with its service, `consular.cases`, if two services have such a collection.
    pub(crate) command: String,
    /// The collection: `identityCards`.
    pub(crate) collection: String,
    /// The service: `accreditation`.
    pub(crate) service: &'static str,
    /// The records in it, if it is one of records.
    pub(crate) resource: Option<&'static Resource>,
    /// The methods, by command.
    pub(crate) entries: Vec<Entry>,
}

/// One method.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The sub-command: `open`.
    pub(crate) command: String,
    pub(crate) method: &'static Method,
    pub(crate) binding: &'static Binding,
    pub(crate) template: Template,
}

impl Catalogue {
    /// Reads a contract.
    pub(crate) fn of(contract: &'static Contract) -> Self {
        let mut found: BTreeMap<(&'static str, String), Vec<Entry>> = BTreeMap::new();
        for method in contract.methods() {
            let Some(binding) = method.bindings().first() else { continue };
            let template = Template::read(&binding.template);
            let entries = found.entry((method.service(), template.collection())).or_default();
            let mut entry = Entry { command: command(method, binding, &template), method, binding, template };
            if entries.iter().any(|other| other.command == entry.command) {
                entry.command = kebab(method.name());
            }
            entries.push(entry);
        }
        let mut services: HashMap<String, u32> = HashMap::new();
        found.keys().for_each(|(_, collection)| *services.entry(collection.clone()).or_default() += 1);
        let groups = found.into_iter().map(|((service, collection), entries)| {
            let short = kebab(&collection);
            let command = if services[&collection] > 1 { format!("{service}.{short}") } else { short };
            let kept = |resource: &&Resource| resource.service() == service && resource.collection() == collection;
            Group { command, resource: contract.resources().iter().find(kept), collection, service, entries }
        });
        Self { groups: groups.collect() }
    }

    /// The groups, by service and collection.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group of a command.
    pub(crate) fn group(&self, command: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.command == command)
    }

    /// The groups whose records have names like this one: `missions/fr`, `//accreditation.legation/missions/fr`.
    pub(crate) fn of_name(&self, name: &str) -> Vec<&Group> {
        let (service, relative) = match name.strip_prefix("//").and_then(|full| full.split_once('/')) {
            Some((host, relative)) => (host.strip_suffix(".legation"), relative),
            None => (None, name),
        };
        let collection = relative.split_once('/').map_or("", |(collection, _)| collection);
        let fits = |group: &&Group| group.resource.is_some() && group.collection == collection;
        self.groups.iter().filter(fits).filter(|group| service.is_none_or(|service| service == group.service)).collect()
    }
}

impl Group {
    /// The method of a sub-command.
    pub(crate) fn entry(&self, command: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.command == command)
    }

    /// The only method, if the collection is nothing but the address of it: `whoami`.
    pub(crate) fn only(&self) -> Option<&Entry> {
        match self.entries.as_slice() {
            [entry] if self.resource.is_none() => Some(entry),
            _ => None,
        }
    }
}

fn command(method: &Method, binding: &Binding, template: &Template) -> String {
    match method.kind() {
        Kind::Get => "get".to_owned(),
        Kind::List if template.variables().next().is_none() => "list".to_owned(),
        Kind::Create => "create".to_owned(),
        Kind::Update => "update".to_owned(),
        Kind::Delete => "delete".to_owned(),
        Kind::Revisions => "revisions".to_owned(),
        Kind::Watch => "watch".to_owned(),
        Kind::Import => "import".to_owned(),
        Kind::Export => "export".to_owned(),
        Kind::Verb(verb) => kebab(verb),
        Kind::List | Kind::Query => match (binding.custom_verb(), template.tail()) {
            (Some(verb), _) => kebab(verb),
            (None, "") => kebab(method.name()),
            (None, tail) => kebab(tail),
        },
    }
}

/// `identityCards` or `open_time` as a command or flag: `identity-cards`, `open-time`.
pub(crate) fn kebab(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        match letter {
            '_' | '/' => text.push('-'),
            'A'..='Z' => {
                if !text.is_empty() && !text.ends_with(['-', '.']) {
                    text.push('-');
                }
                text.push(letter.to_ascii_lowercase());
            }
            _ => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::contract::contract;

    #[test]
    fn every_method_has_a_command_of_its_own() {
        let catalogue = Catalogue::of(contract());
        let mut commands: Vec<_> = catalogue
            .groups()
            .iter()
            .flat_map(|group| group.entries.iter().map(move |entry| (&group.command, &entry.command)))
            .collect();
        let methods = contract().methods().iter().filter(|method| !method.bindings().is_empty()).count();
        assert_eq!(commands.len(), methods);
        commands.sort();
        commands.dedup();
        assert_eq!(commands.len(), methods);
        let missions = catalogue.group("missions").unwrap();
        for command in ["get", "list", "create", "update", "delete", "request-consent", "open", "watch", "revisions"] {
            assert!(missions.entry(command).is_some(), "{command}");
        }
        assert!(catalogue.group("whoami").unwrap().only().is_some());
    }

    #[test]
    fn a_name_tells_its_collection() {
        let catalogue = Catalogue::of(contract());
        let of = |name: &str| catalogue.of_name(name).iter().map(|group| group.command.clone()).collect::<Vec<_>>();
        assert_eq!(of("missions/fr"), ["missions"]);
        assert_eq!(of("//accreditation.legation/identityCards/1"), ["identity-cards"]);
        assert_eq!(of("//gateway.legation/missions/fr"), [""; 0]);
        assert_eq!(of("fr"), [""; 0]);
    }
}
