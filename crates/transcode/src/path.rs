//! Where in a request a value stands, kept on the stack and put into words only when something is wrong there.

use std::fmt;

/// A path from the root of the request, in JSON names: `mission.facts[2].title`.
#[derive(Clone, Copy)]
pub(crate) enum Path<'p> {
    /// The request itself.
    Root,
    /// A field of a message.
    Field(&'p Path<'p>, &'p str),
    /// An item of a list, from 0.
    Item(&'p Path<'p>, usize),
    /// An entry of a map.
    Key(&'p Path<'p>, &'p str),
}

impl<'p> Path<'p> {
    pub(crate) fn field(&'p self, name: &'p str) -> Self {
        Path::Field(self, name)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Item(parent, index) => write!(f, "{parent}[{index}]"),
            Path::Key(parent, key) => write!(f, "{parent}[{key}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_people_write_it() {
        let mission = Path::Root.field("mission");
        let facts = mission.field("facts");
        let fact = Path::Item(&facts, 2);
        assert_eq!(fact.field("title").to_string(), "mission.facts[2].title");
        assert_eq!(Path::Key(&mission.field("labels"), "a").to_string(), "mission.labels[a]");
    }
}
