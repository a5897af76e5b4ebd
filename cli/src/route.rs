//! A route's template, filled in: `/v1/accreditation/{name=missions/*}:open` and a name become an address.

use crate::failure::Failure;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in one segment of a path (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A template, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(Variable),
}

/// A field that the path carries: `mission.name`, as `missions/*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    /// The field's path in the request.
    pub(crate) field: String,
    /// The shape of its value.
    pub(crate) pattern: String,
}

impl Template {
    /// Takes a template apart.
    pub(crate) fn read(text: &str) -> Self {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (variable, tail) = after.split_once('}').expect("the build checked the contract's templates");
            let (field, pattern) = variable.split_once('=').unwrap_or((variable, "*"));
            parts.push(Part::Literal(before.to_owned()));
            parts.push(Part::Variable(Variable { field: field.to_owned(), pattern: pattern.to_owned() }));
            rest = tail;
        }
        parts.push(Part::Literal(rest.to_owned()));
        Self(parts)
    }

    /// The fields that the path carries.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(variable),
            Part::Literal(_) => None,
        })
    }

    /// The first segment behind the service: `missions`.
    pub(crate) fn collection(&self) -> String {
        let flat: String = self.0.iter().map(Part::shape).collect();
        let segment = flat.split('/').nth(3).unwrap_or_default();
        segment.split(':').next().unwrap_or_default().to_owned()
    }

    /// What stands behind the record's name: `revisions` of `/{name=missions/*}/revisions`; empty if nothing does.
    pub(crate) fn tail(&self) -> &str {
        match self.0.last() {
            Some(Part::Literal(text)) if self.0.len() > 1 => text.trim_start_matches('/'),
            _ => "",
        }
    }

    /// The address, with the values of its fields.
    ///
    /// # Errors
    /// A value does not have the shape of its field.
    pub(crate) fn fill(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, Failure> {
        let mut path = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => path.push_str(text),
                Part::Variable(variable) => {
                    let value = value(&variable.field).unwrap_or_default();
                    let name = variable.name(&value)?;
                    let segments = name.split('/').map(|segment| utf8_percent_encode(segment, SEGMENT).to_string());
                    path.push_str(&segments.collect::<Vec<_>>().join("/"));
                }
            }
        }
        Ok(path)
    }
}

impl Part {
    fn shape(&self) -> &str {
        match self {
            Self::Literal(text) => text,
            Self::Variable(variable) => &variable.pattern,
        }
    }
}

impl Variable {
    /// The whole name for what was typed: `fr-embassy`, `missions/fr-embassy` and
    /// `//accreditation.legation/missions/fr-embassy` (AIP-122) are the same mission.
    ///
    /// # Errors
    /// It is no name of this shape.
    pub(crate) fn name(&self, typed: &str) -> Result<String, Failure> {
        let relative = typed.strip_prefix("//").and_then(|full| full.split_once('/')).map_or(typed, |(_, name)| name);
        let name = match self.pattern.strip_suffix("/*") {
            Some(collection) if !relative.contains('/') && !relative.is_empty() => format!("{collection}/{relative}"),
            _ => relative.to_owned(),
        };
        let wanted: Vec<_> = self.pattern.split('/').collect();
        let given: Vec<_> = name.split('/').collect();
        let fits = |(wanted, given): (&&str, &&str)| !given.is_empty() && (*wanted == "*" || wanted == given);
        if wanted.len() == given.len() && wanted.iter().zip(&given).all(fits) {
            return Ok(name);
        }
        Err(Failure::usage(format!("{typed:?} is no name of the form {}", self.pattern)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_completed_and_encoded() {
        let template = Template::read("/v1/accreditation/{name=missions/*}:open");
        let fill = |name: &str| template.fill(|_| Some(name.to_owned()));
        for name in ["fr", "missions/fr", "//accreditation.legation/missions/fr"] {
            assert_eq!(fill(name).unwrap(), "/v1/accreditation/missions/fr:open");
        }
        assert_eq!(fill("a:b%").unwrap(), "/v1/accreditation/missions/a%3Ab%25:open");
        for wrong in ["", "members/fr", "missions/", "missions/a/b"] {
            assert!(fill(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_template_tells_its_collection_and_its_tail() {
        let of = |text: &str| (Template::read(text).collection(), Template::read(text).tail().to_owned());
        assert_eq!(of("/v1/x/{name=missions/*}/revisions"), ("missions".into(), "revisions".into()));
        assert_eq!(of("/v1/x/missions:watch"), ("missions".into(), String::new()));
        assert_eq!(of("/v1/x/{mission.name=missions/*}"), ("missions".into(), String::new()));
        assert_eq!(of("/v1/x/whoami"), ("whoami".into(), String::new()));
    }
}
