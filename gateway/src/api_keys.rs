//! API keys as records: what it takes to make one, and who the caller is.

use crate::roles::{Known, Roles};
use chrono::{DateTime, TimeDelta, Utc};
use fault::{Fault, refuse_if};
use identity::{ApiKeyText, Called, Permissions, Principal};
use proto::gateway::v1::api_key_service_server::ApiKeyService;
use proto::gateway::v1::{
    ApiKey, CreateApiKeyRequest, CreateApiKeyResponse, GetApiKeyRequest, ListApiKeysRequest, ListApiKeysResponse,
    Reason, RevokeApiKeyRequest, WhoAmIRequest, WhoAmIResponse,
};
use registry::{Answer, Call, Keep, Registry, Visible, instant, timestamp};
use std::sync::Arc;
use tonic::{Request, Response};

/// The longest that a key may last.
pub(crate) const LONGEST: TimeDelta = TimeDelta::days(400);

/// The keys, and the rules by which they are made.
#[derive(Clone, Debug)]
pub(crate) struct ApiKeys {
    registry: Registry<Self>,
    rules: Arc<Rules>,
}

/// What a new key is held against.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The roles there are.
    pub roles: Arc<Roles>,
    /// The permissions there are.
    pub known: Known,
    /// The subject of the key of the settings, which may give away everything, since it makes the first of all others.
    pub bootstrap: Option<String>,
}

impl Keep for ApiKeys {
    type Record = ApiKey;

    /// Whoever may read keys may read all of them.
    fn visible(_: &Principal) -> Visible {
        Visible::All
    }
}

impl ApiKeys {
    /// The keys that a registry keeps.
    pub(crate) fn new(registry: Registry<Self>, rules: Arc<Rules>) -> Self {
        Self { registry, rules }
    }
}

impl Rules {
    /// What a key may do by its own permissions and its role's, as far as it may do so at all: a partner's never more
    /// than is open to partners, whatever was written down.
    pub(crate) fn held(&self, own: &[String], role: &str, internal: bool) -> Permissions {
        let of_role = self.roles.get(role).into_iter().flat_map(|role| role.permissions.iter());
        let all = own.iter().map(String::as_str).chain(of_role);
        Permissions::of(all.filter(|permission| internal || self.known.is_for_partners(permission)))
    }

    /// What it takes to make a key.
    fn admit(&self, key: &ApiKey, creator: &Principal, now: DateTime<Utc>) -> Result<(), Fault> {
        self.role_exists(key)?;
        self.permissions_fit(key)?;
        self.creator_covers(key, creator)?;
        expiry_fits(key, now)
    }

    fn role_exists(&self, key: &ApiKey) -> Result<(), Fault> {
        let unknown = !key.role.is_empty() && self.roles.get(&key.role).is_none();
        refuse_if(unknown, Reason::UnknownRole, "there is no such role")
            .map_err(|fault| fault.at("apiKey.role", "is no role"))
    }

    /// Each permission exists, and a partner may hold it unless the key is our own. So with those of the role.
    fn permissions_fit(&self, key: &ApiKey) -> Result<(), Fault> {
        let mut fault = Fault::new(Reason::PermissionNotForPartners, "the key cannot hold all of these permissions");
        for (n, permission) in key.permissions.iter().enumerate() {
            if !self.known.knows(permission) {
                fault = fault.at(format!("apiKey.permissions[{n}]"), format!("there is no permission {permission}"));
            } else if !key.internal && !self.known.is_for_partners(permission) {
                fault = fault.at(format!("apiKey.permissions[{n}]"), format!("{permission} is not for partners"));
            }
        }
        let of_role = self.roles.get(&key.role).into_iter().flat_map(|role| role.permissions.iter());
        for permission in of_role.filter(|permission| !key.internal && !self.known.is_for_partners(permission)) {
            fault = fault.at("apiKey.role", format!("its permission {permission} is not for partners"));
        }
        if fault.violations().is_empty() { Ok(()) } else { Err(fault) }
    }

    /// Nobody gives away what they do not hold.
    fn creator_covers(&self, key: &ApiKey, creator: &Principal) -> Result<(), Fault> {
        if self.bootstrap.as_deref() == Some(&*creator.subject) {
            return Ok(());
        }
        let given = self.held(&key.permissions, &key.role, key.internal);
        let beyond: Vec<_> = given.iter().filter(|one| !creator.permissions.cover(&Permissions::of([one]))).collect();
        let words = "the key would hold permissions that you do not hold yourself";
        refuse_if(!beyond.is_empty(), Reason::BeyondOwnPermissions, words)
            .map_err(|fault| fault.with("permissions", beyond.join(" ")))
    }
}

fn expiry_fits(key: &ApiKey, now: DateTime<Utc>) -> Result<(), Fault> {
    let expires = key.expire_time.as_ref().and_then(instant);
    let fits = expires.is_some_and(|expires| now < expires && expires <= now + LONGEST);
    let words = format!("a key lasts until an instant to come, and for {} days at most", LONGEST.num_days());
    refuse_if(!fits, Reason::ExpiryUnfit, words)
        .map_err(|fault| fault.at("apiKey.expireTime", "is too early or too late"))
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
        let nothing = async |_: &mut registry::Reader<'_>, _: &ApiKey| Ok(());
        let admit = |record: &mut ApiKey, (), call: &mut Call| {
            self.rules.admit(record, call.principal(), call.now())?;
            record.name.clone_from(&name);
            record.secret_sha256 = key.sha256_hex();
            Ok(())
        };
        let made = self.registry.create_with(request, nothing, admit).await?;
        Ok(made.map(|record| {
            // A replay answers with the key made the first time, whose secret nobody has kept.
            let secret = if record.name == name { key.expose().to_owned() } else { String::new() };
            CreateApiKeyResponse { api_key: Some(without_hash(record)), secret }
        }))
    }

    async fn revoke_api_key(&self, request: Request<RevokeApiKeyRequest>) -> Answer<ApiKey> {
        self.registry.act(request, revoke).await.map(|answer| answer.map(without_hash))
    }

    async fn who_am_i(&self, request: Request<WhoAmIRequest>) -> Answer<WhoAmIResponse> {
        let principal = &Called::of(&request)?.principal;
        let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
        Ok(Response::new(WhoAmIResponse {
            subject: principal.subject.as_ref().to_owned(),
            agency: text(&principal.agency),
            mission: text(&principal.mission),
            permissions: principal.permissions.iter().map(str::to_owned).collect(),
            // The key of the settings ends with the settings.
            expire_time: DateTime::from_timestamp(principal.expires, 0).map(timestamp),
        }))
    }
}

/// It cannot be undone: an agency that was wrong about its key's loss is given a new one.
fn revoke(key: &mut ApiKey, _: RevokeApiKeyRequest, call: &mut Call) -> Result<(), Fault> {
    key.revoke_time = Some(timestamp(call.now()));
    Ok(())
}

/// The hash is nobody's to see, whatever their clearance.
fn without_hash(key: ApiKey) -> ApiKey {
    ApiKey { secret_sha256: String::new(), ..key }
}
