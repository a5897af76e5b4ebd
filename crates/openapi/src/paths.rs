//! A route's template in OpenAPI's form: `/v1/accreditation/{name=missions/*}:open` becomes
//! `/v1/accreditation/missions/{mission}:open`. Both are the same addresses.

use crate::names::camel;
use proto::contract::{Binding, Contract, Resource};

/// A route as OpenAPI writes it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// `/v1/accreditation/missions/{mission}:open`.
    pub(crate) template: String,
    /// What the path captures, in order.
    pub(crate) captures: Vec<Capture>,
    /// The fields of the request that the path binds: `name`, `mission.name`.
    pub(crate) bound: Vec<String>,
}

/// One `{parameter}` of a path: always one whole segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Capture {
    /// The parameter: `mission`.
    pub(crate) name: String,
    /// The name of which it is a part: `missions/{mission}`; empty if it is a value of its own.
    pub(crate) of: String,
    /// What kind of record the name is of, in words: `mission`.
    pub(crate) noun: String,
}

impl Path {
    /// Reads a binding's template.
    pub(crate) fn of(binding: &Binding, contract: &Contract) -> Self {
        let mut path = Self { template: String::new(), captures: Vec::new(), bound: Vec::new() };
        let mut rest = binding.template.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (variable, tail) = after.split_once('}').expect("the contract's templates are well-formed");
            path.template.push_str(before);
            path.capture(variable, contract);
            rest = tail;
        }
        path.template.push_str(rest);
        path
    }

    fn capture(&mut self, variable: &str, contract: &Contract) {
        let (field, pattern) = variable.split_once('=').unwrap_or((variable, "*"));
        self.bound.push(field.to_owned());
        let resource = contract.resources().iter().find(|resource| shape(resource) == pattern);
        let of = resource.map_or("", Resource::pattern).to_owned();
        let mut names = of.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).map(camel);
        for (at, segment) in pattern.split('/').enumerate() {
            if at > 0 {
                self.template.push('/');
            }
            if !segment.starts_with('*') {
                self.template.push_str(segment);
                continue;
            }
            let name = names.next().unwrap_or_else(|| camel(&field.replace('.', "_")));
            self.template.push_str(&format!("{{{name}}}"));
            let noun = words(&name);
            self.captures.push(Capture { name, of: of.clone(), noun });
        }
    }
}

/// A resource's pattern with its variables as stars: `missions/*`.
fn shape(resource: &Resource) -> String {
    let parts = resource.pattern().split('/').map(|part| if part.starts_with('{') { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// `identityCard` in words: `identity card`.
fn words(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::contract::contract;

    fn path(template: &str) -> Path {
        let binding = Binding { method: "GET", template: template.to_owned(), body: String::new() };
        Path::of(&binding, contract())
    }

    #[test]
    fn a_name_becomes_its_own_segments() {
        let found = path("/v1/accreditation/{mission.name=missions/*}:open");
        assert_eq!(found.template, "/v1/accreditation/missions/{mission}:open");
        assert_eq!(found.bound, ["mission.name"]);
        assert_eq!(found.captures[0].of, "missions/{mission}");
        assert_eq!(
            path("/v1/x/{name=identityCards/*}/revisions").template,
            "/v1/x/identityCards/{identityCard}/revisions"
        );
    }

    #[test]
    fn what_is_no_resource_is_called_as_its_field() {
        assert_eq!(path("/v1/x/{as_of}").template, "/v1/x/{asOf}");
        assert_eq!(path("/v1/x/whoami").captures, []);
    }
}
