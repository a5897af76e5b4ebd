//! The suite: its fixtures, and the desk at which they and the checks bring records about.

use super::bench::{Bench, Caller};
use super::checks;
use super::door::{Ask, Door};
use super::fixture::{Fixture, Step};
use super::message;
use super::outcome::Unprepared;
use super::report::Report;
use proto::contract::{Kind, Method, Resource, contract};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::Mutex;
use uuid::Uuid;

/// The conformance suite of one service.
pub struct Suite {
    bench: Bench,
    fixtures: BTreeMap<&'static str, Box<dyn Fixture>>,
    /// Records kept in a state to be refused there: they stay as they are.
    kept: Mutex<HashMap<(String, String), Value>>,
    count: AtomicU32,
}

impl Suite {
    /// A suite without fixtures.
    pub fn new(bench: Bench) -> Self {
        Self { bench, fixtures: BTreeMap::new(), kept: Mutex::default(), count: AtomicU32::new(1) }
    }

    /// The suite with one more fixture.
    #[must_use]
    pub fn with(mut self, fixture: impl Fixture + 'static) -> Self {
        self.fixtures.insert(fixture.resource(), Box::new(fixture));
        self
    }

    /// Checks every method of one gRPC service at both doors: `MissionService`.
    pub async fn check(&self, grpc_service: &str) -> Report {
        let report = Report::default();
        let of_service = |method: &&Method| method.descriptor().parent_service().name() == grpc_service;
        for method in contract().methods_of(self.bench.name).filter(of_service) {
            for door in Door::BOTH {
                checks::all(self, door, method, &report).await;
            }
        }
        report
    }

    /// What is under test.
    pub fn bench(&self) -> &Bench {
        &self.bench
    }

    /// A number that it gives once, for fixtures to make one record unlike another.
    pub fn number(&self) -> u32 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn fixture(&self, resource: &str) -> Result<&dyn Fixture, Unprepared> {
        let found = self.fixtures.get(resource);
        found.map(AsRef::as_ref).ok_or_else(|| Unprepared(format!("there is no fixture for {resource}")))
    }

    /// The fixture that knows a method: that of the record it names, or of what it acts on.
    pub(super) fn fixture_of(&self, method: &Method) -> Result<&dyn Fixture, Unprepared> {
        match message::named(method).or(method.resource()) {
            Some(resource) => self.fixture(resource),
            // A service that keeps no records has a fixture of its own name.
            None => self.fixture(method.descriptor().parent_service().full_name()),
        }
    }

    /// The method of a resource's own service that is of this kind.
    ///
    /// # Errors
    /// There is none.
    pub fn method_of(&self, resource: &str, kind: &Kind) -> Result<&'static Method, Unprepared> {
        let mut methods = contract().methods().iter();
        let found = methods
            .find(|method| method.kind() == kind && message::named(method).or(method.resource()) == Some(resource));
        found.ok_or_else(|| Unprepared(format!("{resource} has no method of the kind {kind:?}")))
    }

    /// Who may call a method: the second officer where the first may have done the earlier step.
    pub(super) fn officer(&self, method: &Method) -> &Caller {
        &self.bench.officers[usize::from(!method.rule().distinct_from.is_empty())]
    }

    /// Calls a method that must succeed, and gives its answer.
    ///
    /// # Errors
    /// What it was refused for.
    pub async fn call(&self, method: &Method, mut message: Value) -> Result<Value, Unprepared> {
        if message::has(method, "request_id") && message.get("requestId").is_none() {
            message["requestId"] = json!(key());
        }
        let outcome = Door::Grpc.send(&self.bench, method, Ask::of(self.officer(method), message.clone())).await;
        let refused = |why: String| Unprepared(format!("{} refused {message}: {why}", method.name()));
        let mut answers = outcome.map_err(|refusal| refused(refusal.to_string()))?;
        answers.pop().ok_or_else(|| refused("it gave no answer".into()))
    }

    /// Calls a method about a record, with what its fixture says of it, and gives its answer.
    ///
    /// # Errors
    /// What it was refused for.
    pub async fn call_about(&self, method: &Method, record: &Value) -> Result<Value, Unprepared> {
        self.call(method, self.about(method, record)?).await
    }

    /// Makes a record by a resource's create method.
    ///
    /// # Errors
    /// What it was refused for.
    pub async fn create(&self, method: &Method, record: Value) -> Result<Value, Unprepared> {
        let resource = method.resource().unwrap_or_default();
        let answer = self.call(method, brought(method, record)).await?;
        Ok(message::record(method, resource, &answer))
    }

    /// A new record of this resource.
    pub fn make<'s>(&'s self, resource: &'s str) -> Step<'s, Value> {
        Box::pin(async move { self.fixture(resource)?.make(self).await })
    }

    /// A new record in this state, by the shortest way that the contract knows.
    pub fn in_state<'s>(&'s self, resource: &'s str, state: &'s str) -> Step<'s, Value> {
        Box::pin(async move {
            let (mut record, way) = match self.way(resource, self.first_state(resource)?, state) {
                Ok(way) => (self.make(resource).await?, way),
                Err(why) => self.brought(resource, state).await?.ok_or(why)?,
            };
            for method in way {
                record = self.fixture(resource)?.ready(self, method, record).await?;
                record = self.call_about(method, &record).await?;
            }
            Ok(record)
        })
    }

    /// A record in this state that is only to be refused there; the same each time.
    pub(super) async fn kept(&self, resource: &str, state: &str) -> Result<Value, Unprepared> {
        let at = (resource.to_owned(), state.to_owned());
        let mut kept = self.kept.lock().await;
        if let Some(record) = kept.get(&at) {
            return Ok(record.clone());
        }
        let record = if state.is_empty() { self.make(resource).await } else { self.in_state(resource, state).await };
        let record = record?;
        kept.insert(at, record.clone());
        Ok(record)
    }

    /// A record that another resource's method has brought into a state, and the verbs that lead on from there.
    async fn brought(&self, resource: &str, state: &str) -> Result<Option<(Value, Vec<&'static Method>)>, Unprepared> {
        let states = contract().resource(resource).and_then(Resource::states);
        let names = states.into_iter().flat_map(|states| states.values()).map(|value| value.name().to_owned());
        for start in names.collect::<Vec<_>>() {
            let Ok(way) = self.way(resource, &start, state) else { continue };
            if let Some(bring) = self.fixture(resource)?.bring(self, &start) {
                return Ok(Some((bring.await?, way)));
            }
        }
        Ok(None)
    }

    /// The verbs that lead from one state to another, not through those that no verb leads to.
    fn way<'n>(&self, resource: &str, start: &'n str, state: &'n str) -> Result<Vec<&'static Method>, Unprepared> {
        let fixture = self.fixture(resource)?;
        let by_time = fixture.reached_by_time_alone();
        let verbs: Vec<_> = contract().methods().iter().filter(|method| leads(method, resource)).collect();
        let mut ways: HashMap<&str, Vec<&'static Method>> = HashMap::from([(start, Vec::new())]);
        let mut next = VecDeque::from([start]);
        while let Some(at) = next.pop_front() {
            for verb in verbs.iter().filter(|verb| verb.rule().from.iter().any(|from| from == at)) {
                for to in verb.rule().to.iter().filter(|to| fixture.leads(verb, to)) {
                    if !ways.contains_key(to.as_str()) && !by_time.contains(&to.as_str()) {
                        let mut way = ways[at].clone();
                        way.push(verb);
                        ways.insert(to, way);
                        next.push_back(to);
                    }
                }
            }
        }
        ways.remove(state).ok_or_else(|| Unprepared(format!("no verbs lead to {state}")))
    }

    fn first_state(&self, resource: &str) -> Result<&'static str, Unprepared> {
        if let Some(state) = self.fixture(resource)?.begins_in() {
            return Ok(state);
        }
        let create = self.method_of(resource, &Kind::Create)?;
        let to = create.rule().to.first().map(String::as_str);
        to.ok_or_else(|| Unprepared(format!("the contract does not say in which state {resource} begins")))
    }

    /// The resource's states that a record can be brought into.
    pub(super) fn reachable(&self, resource: &Resource) -> Result<Vec<String>, Unprepared> {
        let Some(states) = resource.states() else { return Ok(Vec::new()) };
        let fixture = self.fixture(resource.message().full_name())?;
        let by_time = fixture.reached_by_time_alone();
        let names = states.values().filter(|value| value.number() != 0).map(|value| value.name().to_owned());
        Ok(names.filter(|name| !by_time.contains(&name.as_str())).collect())
    }

    /// A request of a method about a record, as its fixture makes it.
    pub(super) fn about(&self, method: &Method, record: &Value) -> Result<Value, Unprepared> {
        let fixture = self.fixture_of(method)?;
        let unknown = || Unprepared("the fixture does not know the method".into());
        let mut message = fixture.ask(method).ok_or_else(unknown)?;
        if message::has(method, "name") && message.get("name").is_none() {
            message["name"] = record["name"].clone();
        }
        Ok(message)
    }
}

impl std::fmt::Debug for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suite").field("bench", &self.bench).field("fixtures", &self.fixtures.keys()).finish()
    }
}

/// A key that no other request has.
pub(super) fn key() -> String {
    Uuid::now_v7().to_string()
}

/// The name of a record.
pub(super) fn name_of(record: &Value) -> String {
    record["name"].as_str().unwrap_or_default().to_owned()
}

/// A request that brings a record.
pub(super) fn brought(method: &Method, record: Value) -> Value {
    let field = message::holder(&method.descriptor().input(), method.resource().unwrap_or_default());
    let name = field.map(|field| field.json_name().to_owned()).unwrap_or_default();
    json!({ name: record })
}

/// Whether a method is a verb on this resource.
fn leads(method: &Method, resource: &str) -> bool {
    matches!(method.kind(), Kind::Verb(_)) && message::named(method) == Some(resource)
}
