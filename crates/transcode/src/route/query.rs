//! What the query says: each parameter is a field of the request that neither path nor body binds.

use super::bind::{Request, name};
use super::{Body, Found, same_path, takes_words};
use crate::mask;
use crate::percent::decode_query;
use crate::table::{Field, Label};

impl Found<'_, '_> {
    /// Binds `a.b=x&list=1&list=2`; names are JSON's or the contract's.
    pub(super) fn query(&self, query: &str, request: &mut Request<'_>) {
        let mut given: Vec<Vec<&Field>> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(key), Some(value)) = (decode_query(key), decode_query(value)) else {
                request.violations.add(key, "is not percent-encoded UTF-8");
                continue;
            };
            let table = self.route.input.table;
            let Some(fields) = mask::resolve(request.tables, table, &key) else {
                request.violations.add(key, format!("is not a parameter of {}", self.route.method.name()));
                continue;
            };
            if let Some(complaint) = self.misplaced(&fields, &given, request) {
                request.violations.add(name(&fields), complaint);
                continue;
            }
            request.set(&fields, value);
            given.push(fields);
        }
    }

    /// Why a field cannot be a parameter, or not once more.
    fn misplaced(&self, fields: &[&Field], given: &[Vec<&Field>], request: &Request<'_>) -> Option<&'static str> {
        let (outer, inner) = (fields.first()?, fields.last()?);
        let excluded = |other: &Vec<&Field>| {
            let (last, path) = other.split_last().expect("a path has at least one field");
            let siblings = same_path(path, &fields[..fields.len() - 1]);
            siblings && inner.oneof.is_some() && last.oneof == inner.oneof && last.number != inner.number
        };
        if self.binds(fields) {
            return Some("is given in the path");
        }
        match self.route.body {
            Body::All => return Some("belongs in the body"),
            Body::Field(body) if body.number == outer.number => return Some("belongs in the body"),
            _ => {}
        }
        if inner.label == Label::Map || !takes_words(request.tables, inner) {
            return Some("cannot be given in the query");
        }
        if inner.is_singular() && given.iter().any(|other| same_path(other, fields)) {
            return Some("is given more than once");
        }
        given.iter().any(excluded).then_some("is given beside another parameter that excludes it")
    }
}
