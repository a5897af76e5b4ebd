//! API keys as records: made, changed, retired, revoked; and who the caller is.

use crate::agencies;
use crate::agency_notices;
use crate::expiry;
use crate::key_rules::{Around, Rules, networks_fit, sooner};
use crate::usage;
use fault::Fault;
use identity::{ApiKeyText, Called, Principal};
use proto::gateway::v1::api_key_service_server::ApiKeyService;
use proto::gateway::v1::{
    ApiKey, CreateApiKeyRequest, CreateApiKeyResponse, GetApiKeyRequest, ListApiKeysRequest, ListApiKeysResponse,
    RetireApiKeyRequest, RevokeApiKeyRequest, ShowApiKeyUsageRequest, ShowApiKeyUsageResponse, UpdateApiKeyRequest,
    WatchApiKeysRequest, WatchApiKeysResponse, WhoAmIRequest, WhoAmIResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use std::sync::Arc;
use tonic::{Request, Response};

/// Whose a key is that belongs to one of our own applications.
const HOUSE: &str = "house";

/// The keys, and the rules by which they are made.
#[derive(Clone, Debug)]
pub(crate) struct ApiKeys {
    registry: Registry<Self>,
    rules: Arc<Rules>,
}

impl Keep for ApiKeys {
    type Record = ApiKey;

    /// An agency sees its own keys; others who may read keys see all of them.
    fn visible(to: &Principal) -> Visible {
        to.agency.as_ref().map_or(Visible::All, |agency| Visible::having("holder", &agencies::name(agency).into()))
    }

    fn amend(key: &mut ApiKey, _: &ApiKey, _: &mut Call) -> Result<(), Fault> {
        networks_fit("apiKey.allowedNetworks", &key.allowed_networks)
    }

    fn fire(key: &mut ApiKey, timer: &str, call: &mut Call) -> Result<(), Fault> {
        if timer == expiry::WARNING_TIMER {
            key.expiry_warning_time = Some(call.timestamp());
            if let Some(ends) = key.expire_time.as_ref().and_then(instant) {
                expiry::await_warning(ends, call);
            }
            return agency_notices::key_expires(key, call);
        }
        agency_notices::key_expired(key, call)
    }
}

impl ApiKeys {
    /// The keys that a registry keeps.
    pub(crate) fn new(registry: Registry<Self>, rules: Arc<Rules>) -> Self {
        Self { registry, rules }
    }
}

/// The agency is locked: its keys are made one after another, so that their number holds, and none while it is
/// suspended.
async fn around(reader: &mut Reader<'_>, key: &ApiKey) -> Result<Around, Fault> {
    if key.internal {
        return Ok(Around::default());
    }
    let holder = agencies::name(&key.agency);
    let agency = reader.lock(&holder).await?;
    if key.product.is_empty() {
        return Ok(Around { agency, ..Around::default() });
    }
    let product = reader.share(&key.product).await?;
    let alike = [("holder", &[holder.as_str()][..]), ("product", &[key.product.as_str()]), ("state", &["ACTIVE"])];
    Ok(Around { agency, product, live: reader.count::<ApiKey>(&alike).await? })
}

#[tonic::async_trait]
impl ApiKeyService for ApiKeys {
    async fn get_api_key(&self, request: Request<GetApiKeyRequest>) -> Answer<ApiKey> {
        self.registry.get(request).await.map(|answer| answer.map(without_hash))
    }

    async fn list_api_keys(&self, request: Request<ListApiKeysRequest>) -> Answer<ListApiKeysResponse> {
        let mut answer: Response<ListApiKeysResponse> = self.registry.list(request).await?;
        let page = answer.get_mut();
        page.api_keys = std::mem::take(&mut page.api_keys).into_iter().map(without_hash).collect();
        Ok(answer)
    }

    async fn create_api_key(&self, request: Request<CreateApiKeyRequest>) -> Answer<CreateApiKeyResponse> {
        let key = ApiKeyText::generate();
        let name = format!("apiKeys/{}", key.id());
        let admit = |record: &mut ApiKey, around: Around, call: &mut Call| {
            self.rules.admit(record, &around, call.principal(), call.now())?;
            record.name.clone_from(&name);
            record.secret_sha256 = key.sha256_hex();
            record.holder = if record.internal { HOUSE.to_owned() } else { agencies::name(&record.agency) };
            if let Some(ends) = record.expire_time.as_ref().and_then(instant) {
                expiry::await_end(ends, call);
            }
            Ok(())
        };
        let made = self.registry.create_with(request, around, admit).await?;
        Ok(made.map(|record| {
            // A replay answers with the key made the first time, whose secret nobody has kept.
            let secret = if record.name == name { key.expose().to_owned() } else { String::new() };
            CreateApiKeyResponse { api_key: Some(without_hash(record)), secret }
        }))
    }

    async fn update_api_key(&self, request: Request<UpdateApiKeyRequest>) -> Answer<ApiKey> {
        self.registry.update(request).await.map(|answer| answer.map(without_hash))
    }

    async fn retire_api_key(&self, request: Request<RetireApiKeyRequest>) -> Answer<ApiKey> {
        self.registry.act(request, retire).await.map(|answer| answer.map(without_hash))
    }

    async fn revoke_api_key(&self, request: Request<RevokeApiKeyRequest>) -> Answer<ApiKey> {
        self.registry.act(request, revoke).await.map(|answer| answer.map(without_hash))
    }

    async fn show_api_key_usage(&self, request: Request<ShowApiKeyUsageRequest>) -> Answer<ShowApiKeyUsageResponse> {
        let called = Called::of(&request)?;
        registry::check(request.get_ref())?;
        let name = &request.get_ref().name;
        let found = self.registry.load_for(&called.principal, name).await?;
        let missing = || Fault::new(proto::policy::v1::Reason::NotFound, format!("there is no {name}"));
        let key = found.ok_or_else(|| missing().with("name", name))?;
        Ok(Response::new(usage::of(self.registry.store().pool(), &key.name).await?))
    }

    async fn who_am_i(&self, request: Request<WhoAmIRequest>) -> Answer<WhoAmIResponse> {
        let principal = &Called::of(&request)?.principal;
        let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
        Ok(Response::new(WhoAmIResponse {
            subject: principal.subject.as_ref().to_owned(),
            agency: text(&principal.agency),
            mission: text(&principal.mission),
            post: text(&principal.post),
            permissions: principal.permissions.iter().map(str::to_owned).collect(),
            // The key of the settings ends with the settings.
            expire_time: chrono::DateTime::from_timestamp(principal.expires, 0).map(timestamp),
        }))
    }

    type WatchApiKeysStream = Feed<WatchApiKeysResponse>;

    async fn watch_api_keys(&self, request: Request<WatchApiKeysRequest>) -> Answer<Self::WatchApiKeysStream> {
        self.registry.watch(request).await
    }
}

/// It cannot be undone: an agency that was wrong about its key's loss is given a new one.
fn revoke(key: &mut ApiKey, _: RevokeApiKeyRequest, call: &mut Call) -> Result<(), Fault> {
    key.revoke_time = Some(timestamp(call.now()));
    call.timers().clear_all();
    Ok(())
}

/// Rotation: the successor is made first, and until the earlier one's end both are good.
fn retire(key: &mut ApiKey, request: RetireApiKeyRequest, call: &mut Call) -> Result<(), Fault> {
    let ends = sooner(key, request.expire_time.as_ref().and_then(instant), call.now())?;
    key.expire_time = Some(timestamp(ends));
    expiry::await_end(ends, call);
    Ok(())
}

/// The hash is nobody's to see, whatever their clearance.
fn without_hash(key: ApiKey) -> ApiKey {
    ApiKey { secret_sha256: String::new(), ..key }
}
