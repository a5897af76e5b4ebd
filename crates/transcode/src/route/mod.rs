//! From an HTTP method and a path to the method of the contract and what the path says of its request.
//!
//! The path decides alone which resource is meant, and only then the HTTP method is asked for: so there is a 405 where
//! there is a path. It is split where a slash stands in the raw path, and each capture is decoded once: `%2F` stays inside
//! its segment and is a slash in the value (`{id}` of `a%2Fb` is `a/b`). A verb is what follows the last colon of the raw
//! path, if the contract has that verb there; otherwise the colon belongs to the identifier, as one written `%3A` always
//! does. `HEAD` finds what `GET` finds.

mod bind;
mod query;
mod template;
mod tree;

use crate::mask;
use crate::percent;
use crate::table::{Field, Known, Message, Tables};
use proto::contract::{Binding, Contract, Method};
use std::borrow::Cow;
use std::fmt;
use template::Template;
use tree::Node;

/// All routes of a contract.
#[derive(Debug)]
pub struct Routes<'c> {
    routes: Vec<Route<'c>>,
    root: Node,
}

/// One binding of one method.
#[derive(Debug)]
pub struct Route<'c> {
    method: &'c Method,
    binding: &'c Binding,
    input: Message<'c>,
    output: Message<'c>,
    body: Body<'c>,
    captures: Vec<Capture<'c>>,
}

/// Where the body goes.
#[derive(Clone, Copy, Debug)]
enum Body<'c> {
    /// There is none.
    None,
    /// It is the request itself.
    All,
    /// It is this field of the request.
    Field(&'c Field),
}

/// Which segments of the path go where.
#[derive(Debug)]
struct Capture<'c> {
    /// The field, from the outermost in.
    fields: Vec<&'c Field>,
    from: usize,
    to: Option<usize>,
}

/// What a path was found to mean.
#[derive(Debug)]
pub enum Match<'r, 'p> {
    /// A route, with what the path binds.
    Found(Found<'r, 'p>),
    /// No route has this path: 404.
    NoRoute,
    /// The path has routes, but not for this HTTP method: 405.
    NotAllowed {
        /// What the `Allow` header says: `GET, HEAD, PATCH`.
        allow: &'r str,
    },
    /// A capture is not percent-encoded UTF-8: 400.
    Unreadable,
}

/// A route that was found, with what the path binds.
#[derive(Debug)]
pub struct Found<'r, 'p> {
    route: &'r Route<'r>,
    /// One per capture of the route, in its order.
    captures: Vec<Cow<'p, str>>,
}

/// Why a contract cannot be routed: templates that cannot be read, fields that do not exist, bindings that collide.
#[derive(Debug, PartialEq, Eq)]
pub struct Unroutable(pub Vec<String>);

impl fmt::Display for Unroutable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the contract cannot be routed: {}", self.0.join("; "))
    }
}

impl std::error::Error for Unroutable {}

impl<'c> Routes<'c> {
    /// Compiles the routes of every binding of every method.
    ///
    /// # Errors
    ///
    /// All that is wrong with the bindings; of two that collide both are named.
    pub fn of(contract: &'c Contract, tables: &'c Tables) -> Result<Self, Unroutable> {
        let mut found = Self { routes: Vec::new(), root: Node::default() };
        let mut wrong = Vec::new();
        for method in contract.methods() {
            for binding in method.bindings() {
                let added = Template::parse(&binding.template)
                    .and_then(|template| Ok((Route::of(method, binding, &template, tables)?, template)))
                    .and_then(|(route, template)| found.add(route, &template));
                wrong.extend(added.err().map(|error| format!("{}: {error}", method.path())));
            }
        }
        if wrong.is_empty() { Ok(found) } else { Err(Unroutable(wrong)) }
    }

    fn add(&mut self, route: Route<'c>, template: &Template) -> Result<(), String> {
        let method = route.binding.method;
        let place = self.routes.len();
        self.root.add(&template.segments, template.verb.as_deref(), method, place).map_err(|taken| {
            let other = &self.routes[taken];
            format!(
                "{method} {} collides with {method} {} of {}",
                route.binding.template,
                other.binding.template,
                other.method.path()
            )
        })?;
        self.routes.push(route);
        Ok(())
    }

    /// Finds the route for an HTTP method and the path as it came, neither decoded nor with its query.
    pub fn find<'r, 'p>(&'r self, method: &str, path: &'p str) -> Match<'r, 'p> {
        let Some(path) = path.strip_prefix('/') else { return Match::NoRoute };
        let last = path.rfind('/').map_or(0, |slash| slash + 1);
        let verb = path[last..].rfind(':').map(|colon| path.split_at(last + colon));
        let of_verb = verb.and_then(|(path, verb)| Some((self.root.find(Some(path), Some(&verb[1..]))?, path)));
        let plain = || Some((self.root.find(Some(path), None)?, path));
        let Some((end, path)) = of_verb.or_else(plain) else { return Match::NoRoute };

        let method = if method == "HEAD" { "GET" } else { method };
        let Some((_, place)) = end.routes.iter().find(|(other, _)| *other == method) else {
            return Match::NotAllowed { allow: &end.allow };
        };
        let route = &self.routes[*place];
        let captures: Option<Vec<_>> =
            route.captures.iter().map(|capture| percent::decode(capture.segments(path))).collect();
        captures.map_or(Match::Unreadable, |captures| Match::Found(Found { route, captures }))
    }

    /// Every route, in the order of the contract.
    pub fn all(&self) -> &[Route<'c>] {
        &self.routes
    }
}

impl<'c> Route<'c> {
    fn of(method: &'c Method, binding: &'c Binding, template: &Template, tables: &'c Tables) -> Result<Self, String> {
        let message = |descriptor: prost_reflect::MessageDescriptor| {
            let name = descriptor.full_name();
            tables.message(name).ok_or_else(|| format!("{name} is not in the tables"))
        };
        let input = message(method.descriptor().input())?;
        let output = message(method.descriptor().output())?;
        let body = match &*binding.body {
            "" => Body::None,
            _ if matches!(binding.method, "GET" | "DELETE") => return Err("a GET or DELETE has a body".to_owned()),
            "*" => Body::All,
            name => Body::Field(field(input, name)?),
        };
        let mut captures: Vec<Capture<'c>> = Vec::new();
        for captured in &template.captures {
            let fields = mask::resolve(tables, input.table, &captured.field)
                .filter(|fields| fields.last().is_some_and(|field| field.is_singular() && takes_words(tables, field)))
                .ok_or_else(|| format!("{} is no field that a path can bind", captured.field))?;
            if matches!(body, Body::Field(body) if fields.len() == 1 && fields[0].number == body.number) {
                return Err(format!("path and body both bind {}", captured.field));
            }
            if captures.iter().any(|other| same_path(&other.fields, &fields)) {
                return Err(format!("the path binds {} twice", captured.field));
            }
            captures.push(Capture { fields, from: captured.from, to: captured.to });
        }
        Ok(Self { method, binding, input, output, body, captures })
    }

    /// The method of the contract.
    pub fn method(&self) -> &'c Method {
        self.method
    }

    /// The binding it is reached by.
    pub fn binding(&self) -> &'c Binding {
        self.binding
    }

    /// The request message.
    pub fn input(&self) -> Message<'c> {
        self.input
    }

    /// The answer's message.
    pub fn output(&self) -> Message<'c> {
        self.output
    }
}

impl<'r> Found<'r, '_> {
    /// The route.
    pub fn route(&self) -> &'r Route<'r> {
        self.route
    }

    /// What the path names, if it names something: the first thing it binds.
    pub fn name(&self) -> Option<&str> {
        self.captures.first().map(AsRef::as_ref)
    }
}

impl Capture<'_> {
    /// The raw segments of a path that has no leading slash.
    fn segments<'p>(&self, path: &'p str) -> &'p str {
        let slash = |n: usize| path.match_indices('/').nth(n).map(|(at, _)| at);
        let start = match self.from {
            0 => 0,
            from => slash(from - 1).map_or(path.len(), |at| at + 1),
        };
        let end = self.to.and_then(|to| slash(to - 1)).unwrap_or(path.len());
        &path[start..end]
    }
}

fn field<'t>(message: Message<'t>, name: &str) -> Result<&'t Field, String> {
    let place = message.table.find(name).ok_or_else(|| format!("{name} is no field of {}", message.full_name()))?;
    Ok(&message.table.fields[place])
}

/// Whether one word or line can say the field's value, as a path or a query has it.
fn takes_words(tables: &Tables, field: &Field) -> bool {
    match field.kind {
        crate::table::Kind::Message(child) => !matches!(tables.table(child).known, Known::Plain | Known::Dynamic),
        _ => true,
    }
}

fn same_path(a: &[&Field], b: &[&Field]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.number == b.number)
}
