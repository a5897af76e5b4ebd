//! The tree of path segments in which routes are found; literals before variables, without allocating.

use super::template::Segment;

/// A place in the tree.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// By word.
    literals: Vec<(Box<str>, Node)>,
    /// Any segment that is not empty.
    one: Option<Box<Node>>,
    /// Routes whose path ends here.
    ends: Vec<End>,
    /// Routes that take whatever follows.
    rests: Vec<End>,
}

/// The routes of one path and verb, by HTTP method.
#[derive(Debug)]
pub(super) struct End {
    verb: Option<Box<str>>,
    /// HTTP methods, each with the place of its route.
    pub(super) routes: Vec<(&'static str, usize)>,
    /// The methods as the `Allow` header has them.
    pub(super) allow: String,
}

impl Node {
    /// Adds a route; if there is one already, that one's place is the error.
    pub(super) fn add(
        &mut self,
        segments: &[Segment],
        verb: Option<&str>,
        method: &'static str,
        route: usize,
    ) -> Result<(), usize> {
        let ends = match segments {
            [] => &mut self.ends,
            [Segment::Rest, ..] => &mut self.rests,
            [Segment::One, rest @ ..] => return self.one.get_or_insert_default().add(rest, verb, method, route),
            [Segment::Literal(word), rest @ ..] => {
                let at = match self.literals.binary_search_by(|(other, _)| (**other).cmp(word)) {
                    Ok(at) => at,
                    Err(at) => {
                        self.literals.insert(at, (word.as_str().into(), Self::default()));
                        at
                    }
                };
                return self.literals[at].1.add(rest, verb, method, route);
            }
        };
        let at = ends.iter().position(|end| end.verb.as_deref() == verb).unwrap_or_else(|| {
            ends.push(End { verb: verb.map(Into::into), routes: Vec::new(), allow: String::new() });
            ends.len() - 1
        });
        ends[at].add(method, route)
    }

    /// The end of a path that has `path` still before it; none if all of it was taken.
    pub(super) fn find(&self, path: Option<&str>, verb: Option<&str>) -> Option<&End> {
        let Some(path) = path else { return of(&self.ends, verb).or_else(|| of(&self.rests, verb)) };
        let (segment, rest) = path.split_once('/').map_or((path, None), |(segment, rest)| (segment, Some(rest)));
        let literal = self.literals.binary_search_by(|(word, _)| (**word).cmp(segment)).ok();
        literal
            .and_then(|at| self.literals[at].1.find(rest, verb))
            .or_else(|| self.one.as_ref().filter(|_| !segment.is_empty())?.find(rest, verb))
            .or_else(|| of(&self.rests, verb))
    }
}

fn of<'n>(ends: &'n [End], verb: Option<&str>) -> Option<&'n End> {
    ends.iter().find(|end| end.verb.as_deref() == verb)
}

impl End {
    fn add(&mut self, method: &'static str, route: usize) -> Result<(), usize> {
        if let Some((_, taken)) = self.routes.iter().find(|(other, _)| *other == method) {
            return Err(*taken);
        }
        self.routes.push((method, route));
        let mut methods: Vec<_> = self.routes.iter().map(|(method, _)| *method).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        self.allow = methods.join(", ");
        Ok(())
    }
}
