//! One method at one door, with what every check needs.

use super::bench::Caller;
use super::desk::{Suite, brought, key, name_of};
use super::door::{Ask, Door};
use super::ledger::Ledger;
use super::message;
use super::outcome::{Outcome, Refusal, Unprepared, brief};
use super::report::Report;
use proto::contract::{Kind, Method, Resource, contract};
use serde_json::{Value, json};
use std::fmt::Display;

/// One method at one door.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe<'s> {
    pub(super) suite: &'s Suite,
    pub(super) door: Door,
    pub(super) method: &'static Method,
    pub(super) report: &'s Report,
}

/// What became of a check: made, or why it could not be.
pub(super) type Made = Result<(), Unprepared>;

impl Probe<'_> {
    /// Notes what does not hold.
    pub(super) fn fail(&self, what: impl Display, expected: impl Display, got: impl Display) {
        let service = self.method.descriptor().parent_service();
        let method = format!("{}.{}", service.name(), self.method.name());
        self.report.fail(format!("{method} ({}), {what}: expected {expected}, got {got}", self.door));
    }

    /// Notes it if something is not so.
    pub(super) fn holds(&self, so: bool, what: impl Display, expected: impl Display, got: impl Display) {
        self.report.checked();
        if !so {
            self.fail(what, expected, got);
        }
    }

    /// The refusal, if it is one for this reason.
    pub(super) fn refused<'o>(
        &self,
        what: impl Display,
        outcome: &'o Outcome,
        reason: &str,
        status: u16,
    ) -> Option<&'o Refusal> {
        let refusal = outcome.as_ref().err().filter(|refusal| refusal.reason == reason && refusal.status == status);
        self.holds(refusal.is_some(), what, format_args!("{reason} ({status})"), brief(outcome));
        refusal
    }

    /// The answers, if there are any.
    pub(super) fn answered<'o>(&self, what: impl Display, outcome: &'o Outcome) -> Option<&'o Vec<Value>> {
        self.holds(outcome.is_ok(), what, "an answer", brief(outcome));
        outcome.as_ref().ok()
    }

    /// Asks through this door.
    pub(super) async fn send(&self, ask: Ask) -> Outcome {
        self.door.send(self.suite.bench(), self.method, ask).await
    }

    /// Asks as someone who may.
    pub(super) async fn ask(&self, message: Value) -> Outcome {
        self.send(Ask::of(self.officer(), message)).await
    }

    pub(super) fn officer(&self) -> &Caller {
        self.suite.officer(self.method)
    }

    pub(super) async fn ledger(&self) -> Result<Ledger, Unprepared> {
        Ledger::of(self.suite.bench()).await
    }

    /// Checks that the books grew by so much since.
    pub(super) async fn left(&self, what: impl Display, since: Ledger, expected: Ledger) -> Made {
        let left = self.ledger().await? - since;
        self.holds(left == expected, what, expected, left);
        Ok(())
    }

    /// Checks that nothing was written since; a note in the audit log of a read that failed is none of it.
    pub(super) async fn nothing_written(&self, what: impl Display, since: Ledger) -> Made {
        let left = self.ledger().await? - since;
        self.holds((left.history, left.outbox) == (0, 0), what, "nothing written", left);
        Ok(())
    }

    /// The resource whose record the method names, or that it acts on.
    pub(super) fn resource(&self) -> Option<&'static Resource> {
        contract().resource(message::named(self.method).or(self.method.resource())?)
    }

    /// The JSON name of the field that brings a record, of a create, update or import request.
    pub(super) fn holder(&self) -> String {
        let resource = self.method.resource().unwrap_or_default();
        let field = message::holder(&self.method.descriptor().input(), resource);
        field.map(|field| field.json_name().to_owned()).unwrap_or_default()
    }

    /// A request that is valid now, on a record of its own if it writes, with a key of its own if it can have one.
    pub(super) async fn valid(&self) -> Result<Value, Unprepared> {
        let mut message = match self.method.kind() {
            Kind::Create => brought(self.method, self.fixture()?.record(self.suite).await?),
            Kind::Update => self.update(&self.fresh().await?)?,
            Kind::Import => self.line().await?,
            Kind::List | Kind::Watch | Kind::Export => json!({}),
            _ if !message::has(self.method, "name") => self.fixture_free()?,
            _ => self.suite.about(self.method, &self.fresh().await?)?,
        };
        if message::has(self.method, "request_id") {
            message["requestId"] = json!(key());
        }
        Ok(message)
    }

    fn fixture(&self) -> Result<&dyn super::fixture::Fixture, Unprepared> {
        self.suite.fixture_of(self.method)
    }

    /// A request without a record: its fixture's, or an empty one if it has no fields.
    fn fixture_free(&self) -> Result<Value, Unprepared> {
        if self.method.descriptor().input().fields().len() == 0 {
            return Ok(json!({}));
        }
        self.suite.about(self.method, &Value::Null)
    }

    /// A record on which the method is allowed: a new one if it changes it.
    pub(super) async fn fresh(&self) -> Result<Value, Unprepared> {
        let resource = self.resource().ok_or_else(|| Unprepared("the method acts on no resource".into()))?;
        let full_name = resource.message().full_name();
        let record = match self.method.rule().from.first() {
            Some(state) => self.suite.in_state(full_name, state).await?,
            None if self.method.writes() => self.suite.make(full_name).await?,
            None => return self.suite.kept(full_name, "").await,
        };
        self.suite.fixture(full_name)?.ready(self.suite, self.method, record).await
    }

    /// An update of a record: the fixture's change, by mask and etag.
    pub(super) fn update(&self, record: &Value) -> Result<Value, Unprepared> {
        let unknown = || Unprepared("the fixture has no change for an update".into());
        let mut changed = self.fixture()?.change().ok_or_else(unknown)?;
        let mask: Vec<_> = changed.as_object().into_iter().flatten().map(|(field, _)| field.clone()).collect();
        changed["name"] = json!(name_of(record));
        let mut message = json!({ self.holder(): changed, "updateMask": mask.join(",") });
        message["etag"] = record["etag"].clone();
        Ok(message)
    }

    /// One line of an import: a record with an id that no other has.
    pub(super) async fn line(&self) -> Result<Value, Unprepared> {
        let record = self.fixture()?.record(self.suite).await?;
        let mut line = brought(self.method, record);
        let input = self.method.descriptor().input();
        if let Some(id) = input.fields().find(|field| field.name().ends_with("_id")) {
            line[id.json_name()] = json!(format!("line-{}", uuid::Uuid::now_v7()));
        }
        Ok(line)
    }
}
