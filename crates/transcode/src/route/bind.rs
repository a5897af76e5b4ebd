//! Makes the request message of what the path, the body, the query and the headers say.

use super::{Body, Found, same_path};
use crate::mask;
use crate::path::Path;
use crate::refusal::{Refusal, Violations};
use crate::scalar::{self, Complaint};
use crate::table::{Field, Kind, Known, Label, Tables};
use crate::to_wire::{Pass, put_known};
use crate::wire::{Payload, Wire, close, open, put_bytes};
use std::borrow::Cow;
use std::ops::Range;

impl Found<'_, '_> {
    /// The wire bytes of the request.
    ///
    /// `query` is what stands after the `?`, as it came. `headers` are fields of the request that headers carry, by their
    /// names in the contract, with the value: `("request_id", "5e1…")` for `Idempotency-Key`, `("etag", "…")` for
    /// `If-Match`; one that the request has no field for is passed over ([`Message::has`](crate::Message::has) tells).
    ///
    /// Nothing is bound twice. A field that the path or a header binds may stand in the body too, with the same value, so
    /// that a record can be sent back as it was read. A blank body is as good as `{}`. A `PATCH` without an update mask
    /// gets the one that its body means.
    ///
    /// # Errors
    ///
    /// If the body is not JSON, or with every violation of body, path, query and headers.
    pub fn bind(&self, query: &str, body: &[u8], headers: &[(&str, &str)]) -> Result<Vec<u8>, Refusal> {
        let input = self.route.input;
        let mut request = Request {
            tables: input.tables,
            wire: Vec::with_capacity(body.len() + query.len() + 64),
            violations: Violations::default(),
        };
        self.body(body, &mut request)?;
        self.path(&mut request);
        self.query(query, &mut request);
        for (name, text) in headers {
            let Some(place) = input.table.find(name) else { continue };
            request.agree(&[&input.table.fields[place]], Cow::Borrowed(text), "the header");
        }
        if self.route.binding.method == "PATCH" && request.violations.is_empty() {
            self.mask(body, &mut request)?;
        }
        if request.violations.is_empty() {
            Ok(request.wire)
        } else {
            Err(Refusal::Violations(request.violations.into_vec()))
        }
    }

    fn body(&self, body: &[u8], request: &mut Request<'_>) -> Result<(), Refusal> {
        if body.trim_ascii().is_empty() {
            return Ok(());
        }
        let mut pass = match self.route.body {
            Body::None => {
                request.violations.add("", "there must be no body");
                return Ok(());
            }
            Body::All | Body::Field(_) => Pass::new(request.tables, body, &mut request.wire)?,
        };
        match self.route.body {
            Body::Field(field) => pass.field(field, &Path::Root.field(&field.json))?,
            _ => pass.content(self.route.input.table, &Path::Root)?,
        }
        pass.end()?;
        request.violations = pass.violations;
        Ok(())
    }

    fn path(&self, request: &mut Request<'_>) {
        for (capture, text) in self.route.captures.iter().zip(&self.captures) {
            request.agree(&capture.fields, Cow::Borrowed(&**text), "the path");
        }
    }

    /// Whether the path binds this field.
    pub(super) fn binds(&self, fields: &[&Field]) -> bool {
        self.route.captures.iter().any(|capture| same_path(&capture.fields, fields))
    }

    fn mask(&self, body: &[u8], request: &mut Request<'_>) -> Result<(), Refusal> {
        let table = self.route.input.table;
        let (Some((mask, record)), Body::Field(field)) = (table.update, self.route.body) else { return Ok(()) };
        let (mask, record) = (&table.fields[mask], &table.fields[record]);
        let Kind::Message(child) = record.kind else { unreachable!("an update's record is a message") };
        if record.number != field.number || body.trim_ascii().is_empty() || find(&request.wire, &[mask]).is_some() {
            return Ok(());
        }
        let start = open(&mut request.wire, &mask.tag);
        for path in mask::leaves_of(request.tables, request.tables.table(child), body)? {
            put_bytes(&mut request.wire, mask::PATHS, path.as_bytes());
        }
        close(&mut request.wire, start);
        Ok(())
    }
}

/// A request in the making.
pub(super) struct Request<'t> {
    pub(super) tables: &'t Tables,
    wire: Vec<u8>,
    pub(super) violations: Violations,
}

impl Request<'_> {
    /// Sets a field given as text; if it is set already, to the same value.
    fn agree(&mut self, fields: &[&Field], text: Cow<'_, str>, source: &str) {
        let record = match record(self.tables, fields, text) {
            Ok(record) => record,
            Err(complaint) => return self.violations.add(name(fields), format!("{complaint} (in {source})")),
        };
        match find(&self.wire, fields) {
            None => put(&mut self.wire, fields, &record),
            Some(there) if there == record => {}
            Some(_) => self.violations.add(name(fields), format!("is not what {source} says")),
        }
    }

    /// Sets a field given as text.
    pub(super) fn set(&mut self, fields: &[&Field], text: Cow<'_, str>) {
        match record(self.tables, fields, text) {
            Ok(record) => put(&mut self.wire, fields, &record),
            Err(complaint) => self.violations.add(name(fields), complaint),
        }
    }
}

/// The record of the innermost field; empty for the default of one without presence.
fn record(tables: &Tables, fields: &[&Field], text: Cow<'_, str>) -> Result<Vec<u8>, Complaint> {
    let field = fields.last().expect("a path has at least one field");
    let mut out = Vec::new();
    let Kind::Message(child) = field.kind else {
        let value = scalar::from_words(tables, field.kind, text)?;
        if field.label != Label::Implicit || !value.is_zero() {
            value.put(&field.tag, &mut out);
        }
        return Ok(out);
    };
    let table = tables.table(child);
    let start = open(&mut out, &field.tag);
    match table.known {
        Known::Wrapper => {
            let inner = table.first();
            let value = scalar::from_words(tables, inner.kind, text)?;
            if !value.is_zero() {
                value.put(&inner.tag, &mut out);
            }
        }
        known => put_known(known, &text, &mut out)?,
    }
    close(&mut out, start);
    Ok(out)
}

/// Appends a record of the innermost field, inside the messages that lead to it; those that are there are kept whole.
fn put(wire: &mut Vec<u8>, fields: &[&Field], record: &[u8]) {
    let [outer, inner @ ..] = fields else { return };
    if inner.is_empty() {
        wire.extend_from_slice(record);
        return;
    }
    let mut content = match last(wire, outer) {
        Some((range, Payload::Bytes(content))) => {
            let content = content.to_vec();
            wire.drain(range);
            content
        }
        _ => Vec::new(),
    };
    put(&mut content, inner, record);
    put_bytes(wire, &outer.tag, &content);
}

/// The last record of a field inside the messages that lead to it.
fn find<'w>(wire: &'w [u8], fields: &[&Field]) -> Option<&'w [u8]> {
    let (outer, inner) = fields.split_first()?;
    let (range, payload) = last(wire, outer)?;
    match payload {
        Payload::Bytes(content) if !inner.is_empty() => find(content, inner),
        _ => Some(&wire[range]),
    }
}

/// The last record of a field, and where it stands.
fn last<'w>(wire: &'w [u8], field: &Field) -> Option<(Range<usize>, Payload<'w>)> {
    let mut rest = Wire::new(wire);
    let (mut start, mut found) = (0, None);
    while let Ok(Some((number, payload))) = rest.record() {
        let end = wire.len() - rest.left();
        if number == field.number {
            found = Some((start..end, payload));
        }
        start = end;
    }
    found
}

/// A field's path in JSON names.
pub(super) fn name(fields: &[&Field]) -> String {
    fields.iter().map(|field| &*field.json).collect::<Vec<_>>().join(".")
}
