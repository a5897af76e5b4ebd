//! Webhooks as records: what it takes to make one, its verification, its secrets, and when it is given up.

use super::Making;
use super::owner::reader;
use crate::agency_notices;
use crate::caller::is_key;
use chrono::Utc;
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::contract::contract;
use proto::gateway::v1::webhook_service_server::WebhookService;
use proto::gateway::v1::{
    AdoptWebhookRequest, CreateWebhookRequest, CreateWebhookResponse, DeleteWebhookRequest, DisableWebhookRequest,
    GetWebhookRequest, ListWebhookRevisionsRequest, ListWebhookRevisionsResponse, ListWebhooksRequest,
    ListWebhooksResponse, Reason, ReplayWebhookRequest, RotateWebhookSecretRequest, RotateWebhookSecretResponse,
    UpdateWebhookRequest, VerifyWebhookRequest, WatchWebhooksRequest, WatchWebhooksResponse, Webhook, webhook,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tonic::Request;
use uuid::Uuid;

/// The method by which the gateway itself gives a webhook up.
const DISABLE: &str = "/legation.gateway.v1.WebhookService/DisableWebhook";

/// The webhooks, and what they are made with; nothing of that if this gateway delivers none.
#[derive(Clone, Debug)]
pub(crate) struct Webhooks {
    registry: Registry<Self>,
    making: Option<Arc<Making>>,
}

impl Keep for Webhooks {
    type Record = Webhook;

    /// An agency sees its own; our own applications see all.
    fn visible(to: &Principal) -> Visible {
        to.agency.as_ref().map_or(Visible::All, |agency| Visible::having("agency", agency))
    }

    fn amend(webhook: &mut Webhook, _: &Webhook, call: &mut Call) -> Result<(), Fault> {
        types_fit(&webhook.event_types, call.principal())
    }
}

impl Webhooks {
    pub(crate) fn new(registry: Registry<Self>, making: Option<Arc<Making>>) -> Self {
        Self { registry, making }
    }

    fn making(&self) -> Result<&Arc<Making>, Fault> {
        let off = || Fault::new(Reason::WebhooksOff, "this gateway has no key to sign webhooks with, or no Redis");
        self.making.as_ref().ok_or_else(off)
    }

    /// Disables a webhook that deliveries fail at. Its event is `gateway.webhooks.disable`; its agency has a notice besides.
    pub(crate) async fn give_up(&self, name: &str, why: &str) {
        let method = contract().method(DISABLE).expect("the contract has the method");
        let principal = Arc::new(Principal::timer("webhooks"));
        let mut request = Request::new(DisableWebhookRequest {
            name: name.to_owned(),
            reason: why.to_owned(),
            ..DisableWebhookRequest::default()
        });
        request.extensions_mut().insert(Called { principal, method, deadline: None, traceparent: String::new() });
        match self.registry.act(request, given_up).await {
            Ok(_) => tracing::warn!(webhook = name, why, "a webhook is disabled"),
            // Another gateway was first, or it was deleted.
            Err(status) => tracing::debug!(webhook = name, %status, "a webhook could not be disabled"),
        }
    }

    /// Whether the endpoint is set up for this webhook: its answer to a challenge shows what it checks signatures by.
    async fn challenge(&self, webhook: &Webhook) -> Result<(), Fault> {
        let making = self.making()?;
        let overlap_end = webhook.overlap_end_time.as_ref().and_then(instant);
        let secrets = making.key.in_force(&webhook.name, webhook.secret_version, overlap_end, Utc::now());
        let challenge = Uuid::new_v4().to_string();
        let body = serde_json::json!({
            "type": "gateway.webhooks.challenge",
            "timestamp": Utc::now(),
            "data": {"webhook": webhook.name, "challenge": challenge},
        });
        let id = format!("challenge_{}", Uuid::new_v4().simple());
        let attempt = making.sender.send(&webhook.url, &secrets, &id, body.to_string()).await;
        let unverified =
            |words: String| Fault::new(Reason::EndpointUnverified, words).with("status", attempt.status.to_string());
        if let Some(error) = &attempt.error {
            return Err(unverified(error.clone()));
        }
        let proven = secrets.iter().any(|secret| secret.is_proven(&challenge, &attempt.body));
        let words = "the endpoint accepted the challenge, and its answer is not the challenge's proof";
        if proven { Ok(()) } else { Err(unverified(words.to_owned())) }
    }
}

/// How many webhooks each agency has, our own house under no name. One is made after the other, so that two at once are not
/// both the last.
async fn counted(reader: &mut Reader<'_>, _: &Webhook) -> Result<HashMap<String, i64>, Fault> {
    reader.alone("webhooks").await?;
    let text = "select agency, count(*) from webhooks where deleted_at is null group by agency";
    let rows: Vec<(String, i64)> = sqlx::query_as(text).fetch_all(reader.beside()).await.map_err(pg::fault)?;
    Ok(rows.into_iter().collect())
}

/// Each type is of events that there are, of records that the caller may read.
fn types_fit(types: &[String], caller: &Principal) -> Result<(), Fault> {
    let mut fault = Fault::new(Reason::EventTypeUnfit, "not all of these events can be told");
    for (n, wanted) in types.iter().enumerate() {
        let field = format!("webhook.eventTypes[{n}]");
        let parts: Vec<_> = wanted.split('.').collect();
        let [service, collection, verb] = parts[..] else {
            fault = fault.at(field, "is not service.collection.verb");
            continue;
        };
        match reader(service, collection) {
            None => fault = fault.at(field, format!("there are no records {service}.{collection}")),
            Some(_) if verb != "*" && !verbs(service, collection).any(|known| known == verb) => {
                fault = fault.at(field, format!("nothing called {verb} happens to {collection}"));
            }
            Some(get) if (caller.agency.is_some() && !get.rule().partner) || !caller.may(&get.rule().permission) => {
                fault = fault.at(field, format!("needs {}, which you do not hold", get.rule().permission));
            }
            Some(_) => {}
        }
    }
    if fault.violations().is_empty() { Ok(()) } else { Err(fault) }
}

/// What can happen to the records of a collection.
fn verbs(service: &str, collection: &str) -> impl Iterator<Item = &'static str> {
    let kept =
        |resource: &&proto::contract::Resource| resource.service() == service && resource.collection() == collection;
    let resource = contract().resources().iter().find(kept);
    let message = resource.map(|resource| resource.message().full_name());
    let methods = contract().methods().iter().filter(move |method| method.resource() == message);
    let automatic = resource.into_iter().flat_map(|resource| &resource.policy().automatic);
    // A record that is only ever added is created, by whatever method.
    let added = resource.filter(|resource| resource.policy().append_only).map(|_| "create");
    methods.filter_map(|method| method.verb()).chain(automatic.map(|step| step.verb.as_str())).chain(added)
}

#[tonic::async_trait]
impl WebhookService for Webhooks {
    async fn get_webhook(&self, request: Request<GetWebhookRequest>) -> Answer<Webhook> {
        self.registry.get(request).await
    }

    async fn list_webhooks(&self, request: Request<ListWebhooksRequest>) -> Answer<ListWebhooksResponse> {
        self.registry.list(request).await
    }

    type WatchWebhooksStream = Feed<WatchWebhooksResponse>;

    async fn watch_webhooks(&self, request: Request<WatchWebhooksRequest>) -> Answer<Self::WatchWebhooksStream> {
        self.registry.watch(request).await
    }

    async fn create_webhook(&self, request: Request<CreateWebhookRequest>) -> Answer<CreateWebhookResponse> {
        let making = Arc::clone(self.making()?);
        let name = format!("webhooks/{}", Uuid::now_v7().simple());
        let secret = making.key.secret(&name, 1);
        let admit = |webhook: &mut Webhook, has: HashMap<String, i64>, call: &mut Call| {
            let caller = call.principal();
            refuse_if(
                !is_key(caller),
                Reason::WebhookNeedsKey,
                "a webhook acts for a key, and you called without one",
            )?;
            let refused = making.sender.refuses(&webhook.url);
            let words = refused.clone().unwrap_or_default();
            refuse_if(refused.is_some(), Reason::EndpointRefused, words.clone())
                .map_err(|fault| fault.at("webhook.url", words))?;
            types_fit(&webhook.event_types, caller)?;
            let most = making.most;
            let own = has.get(caller.agency.as_deref().unwrap_or_default()).copied().unwrap_or_default();
            let words = format!("there are {most} webhooks already, which is as many as an agency may have");
            refuse_if(own >= i64::from(most), Reason::TooManyWebhooks, words)?;
            webhook.agency = caller.agency.as_deref().unwrap_or_default().to_owned();
            webhook.key = caller.subject.as_ref().to_owned();
            webhook.name.clone_from(&name);
            webhook.secret_version = 1;
            webhook.public_key = secret.public_text();
            Ok(())
        };
        let made = self.registry.create_with(request, counted, admit).await?;
        Ok(made.map(|webhook| {
            // A replay answers with the webhook made the first time.
            let secret = if webhook.name == name { secret.text() } else { String::new() };
            CreateWebhookResponse { webhook: Some(webhook), secret }
        }))
    }

    async fn update_webhook(&self, request: Request<UpdateWebhookRequest>) -> Answer<Webhook> {
        self.registry.update(request).await
    }

    async fn delete_webhook(&self, request: Request<DeleteWebhookRequest>) -> Answer<Webhook> {
        self.registry.delete(request).await
    }

    async fn verify_webhook(&self, request: Request<VerifyWebhookRequest>) -> Answer<Webhook> {
        self.making()?;
        let called = Called::of(&request)?;
        let found = self.registry.load_for(&called.principal, &request.get_ref().name).await?;
        // One that is not there, or not to be verified now, is refused below, in the words of the house.
        let due = |webhook: &Webhook| webhook.state() != webhook::State::Active;
        if let Some(webhook) = found.filter(due) {
            self.challenge(&webhook).await?;
        }
        let answer = self.registry.act(request, verify).await?;
        if let Some(making) = &self.making {
            making.ledger.succeeded(&answer.get_ref().name).await.map_err(pg::fault)?;
        }
        Ok(answer)
    }

    async fn disable_webhook(&self, request: Request<DisableWebhookRequest>) -> Answer<Webhook> {
        self.registry.act(request, disable).await
    }

    async fn adopt_webhook(&self, request: Request<AdoptWebhookRequest>) -> Answer<Webhook> {
        self.registry.act(request, adopt).await
    }

    async fn rotate_webhook_secret(
        &self,
        request: Request<RotateWebhookSecretRequest>,
    ) -> Answer<RotateWebhookSecretResponse> {
        let making = Arc::clone(self.making()?);
        let rotated = AtomicBool::new(false);
        let rotate = |webhook: &mut Webhook, ask: RotateWebhookSecretRequest, call: &mut Call| {
            let own = webhook.agency == call.principal().agency.as_deref().unwrap_or_default();
            refuse_if(!own, Reason::WebhookOfAnother, "the secret is for the agency that has the webhook")?;
            rotated.store(true, Ordering::Relaxed);
            webhook.secret_version += 1;
            webhook.public_key = making.key.secret(&webhook.name, webhook.secret_version).public_text();
            let overlap = if ask.compromised { Duration::ZERO } else { making.schedule.overlap };
            webhook.overlap_end_time = Some(timestamp(call.now() + overlap));
            Ok(())
        };
        let answer = self.registry.act(request, rotate).await?;
        Ok(answer.map(|webhook| {
            // A replay of the answer shows no secret.
            let shown = rotated.load(Ordering::Relaxed);
            let secret =
                if shown { making.key.secret(&webhook.name, webhook.secret_version).text() } else { String::new() };
            RotateWebhookSecretResponse { webhook: Some(webhook), secret }
        }))
    }

    async fn replay_webhook(&self, request: Request<ReplayWebhookRequest>) -> Answer<Webhook> {
        let making = self.making()?;
        let called = Called::of(&request)?;
        if let Some(webhook) = self.registry.load_for(&called.principal, &request.get_ref().name).await? {
            let is_told = making.ledger.is_replaying(&webhook.name).await.map_err(pg::fault)?;
            refuse_if(is_told, Reason::ReplayUnderWay, "the webhook is being told again already")?;
        }
        self.registry.act(request, replay).await
    }

    async fn list_webhook_revisions(
        &self,
        request: Request<ListWebhookRevisionsRequest>,
    ) -> Answer<ListWebhookRevisionsResponse> {
        self.registry.revisions(request).await
    }
}

fn verify(webhook: &mut Webhook, _: VerifyWebhookRequest, call: &mut Call) -> Result<(), Fault> {
    webhook.verify_time = Some(call.timestamp());
    Ok(())
}

fn disable(_: &mut Webhook, _: DisableWebhookRequest, _: &mut Call) -> Result<(), Fault> {
    Ok(())
}

/// The agency is told where it can look: its endpoint is what does not work.
fn given_up(webhook: &mut Webhook, _: DisableWebhookRequest, call: &mut Call) -> Result<(), Fault> {
    agency_notices::webhook_disabled(webhook, call)
}

/// The new key must hold what the webhook is told of, as the first one had to.
fn adopt(webhook: &mut Webhook, _: AdoptWebhookRequest, call: &mut Call) -> Result<(), Fault> {
    let caller = call.principal();
    refuse_if(!is_key(caller), Reason::WebhookNeedsKey, "a webhook acts for a key, and you called without one")?;
    let same = webhook.agency == caller.agency.as_deref().unwrap_or_default();
    refuse_if(
        !same,
        Reason::WebhookNeedsKey,
        "the endpoint is of another agency, which would be told what you may read",
    )?;
    types_fit(&webhook.event_types, caller)?;
    webhook.key = caller.subject.as_ref().to_owned();
    Ok(())
}

/// The event of this step is what lets the ledger fill again, in the order of all other events.
fn replay(webhook: &mut Webhook, request: ReplayWebhookRequest, _: &mut Call) -> Result<(), Fault> {
    webhook.replay_cursor = request.cursor;
    Ok(())
}
