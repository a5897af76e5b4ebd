//! The gateway's own gRPC services: partner agencies, products, API keys, webhooks and jobs, in a database of its own.

use crate::agencies::Agencies;
use crate::agency_notices::AgencyNotices;
use crate::api_keys::ApiKeys;
use crate::audit::Audit;
use crate::caller::Bootstrap;
use crate::elevations::Elevations;
use crate::jobs::Jobs;
use crate::key_rules::Rules;
use crate::products::Products;
use crate::roles::{Known, Roles, SHIPPED};
use crate::settings::{Sealing, Settings};
use crate::webhooks::{self, Deliveries, Webhooks};
use anyhow::Context as _;
use config::ExposeSecret as _;
use events::relay::Relay;
use identity::Permissions;
use proto::gateway::v1::agency_notice_service_server::AgencyNoticeServiceServer;
use proto::gateway::v1::agency_service_server::AgencyServiceServer;
use proto::gateway::v1::api_key_service_server::ApiKeyServiceServer;
use proto::gateway::v1::audit_service_server::AuditServiceServer;
use proto::gateway::v1::delivery_service_server::DeliveryServiceServer;
use proto::gateway::v1::elevation_service_server::ElevationServiceServer;
use proto::gateway::v1::job_service_server::JobServiceServer;
use proto::gateway::v1::product_service_server::ProductServiceServer;
use proto::gateway::v1::webhook_service_server::WebhookServiceServer;
use registry::{Options, Store};
use serve::{House, Service, Started};
use sqlx::migrate::Migrator;
use std::sync::Arc;
use tonic::service::Routes;

/// The gateway's own tables, after the registry's.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// The gateway's own service.
#[derive(Debug)]
pub enum Gateway {}

impl Service for Gateway {
    const NAME: &'static str = "gateway";
    type Settings = Settings;

    async fn start(settings: Settings, house: House) -> anyhow::Result<Started> {
        let pool = pg::connect(&settings.database.pool()).await.context("connect to the gateway's database")?;
        if settings.database.migrate {
            pg::migrate(&pool, &[&registry::MIGRATIONS, &MIGRATIONS]).await?;
        }
        pg::gate(&pool, &[&registry::MIGRATIONS, &MIGRATIONS]).await?;
        let vault = Some(settings.database.sealing_keys.clone());
        let options = Options { shutdown: house.shutdown.clone(), vault, ..Options::new(Arc::clone(&house.home)) };
        let store = Store::open(pool.clone(), options).await?;
        let routes = routes(&store, &settings)?;
        if let Some((redis, Sealing(relay))) = settings.redis_url.as_ref().zip(settings.relay_audit_key) {
            let relay = Relay::new(pool, redis.expose_secret(), Self::NAME, relay)?;
            house.tasks.spawn(relay.run(house.shutdown.clone()));
        }
        house.tasks.spawn(async move { store.run_timers(house.shutdown).await });
        Ok(Started::new(routes))
    }
}

/// The service's methods, on a register that is open. Tests bring a register with a clock of their own.
///
/// # Errors
/// A role file or a first key that is no good.
pub fn routes(store: &Store, settings: &Settings) -> anyhow::Result<Routes> {
    let rules = Arc::new(rules(settings)?);
    let making = webhooks::making(settings, store.pool().clone())?;
    let key = settings.relay_audit_key.as_ref().map(|Sealing(relay)| relay.audit_key.clone());
    let (roles, longest) = (Arc::clone(&rules.roles), settings.break_glass_longest);
    let routes = Routes::new(AgencyServiceServer::new(Agencies::new(store.keep())))
        .add_service(AgencyNoticeServiceServer::new(AgencyNotices::new(store.keep())))
        .add_service(ApiKeyServiceServer::new(ApiKeys::new(store.keep(), rules)))
        .add_service(AuditServiceServer::new(Audit::new(store.clone(), key)))
        .add_service(DeliveryServiceServer::new(Deliveries::new(store.keep())))
        .add_service(ElevationServiceServer::new(Elevations::new(store.keep(), roles, longest)))
        .add_service(JobServiceServer::new(Jobs::new(store.keep(), settings)))
        .add_service(ProductServiceServer::new(Products::new(store.keep())))
        .add_service(WebhookServiceServer::new(Webhooks::new(store.keep(), making)));
    Ok(routes)
}

/// The roles and permissions there are, as the settings and the contract have them.
pub(crate) fn rules(settings: &Settings) -> anyhow::Result<Rules> {
    let known = Known::of(proto::contract::contract());
    let roles = match &settings.roles {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
            Roles::read(&text, &known)?
        }
        None => Roles::read(SHIPPED, &known)?,
    };
    let roles = Arc::new(roles);
    let bootstrap = bootstrap(settings, &roles)?.map(|bootstrap| bootstrap.subject());
    let authorities = settings.tls_authorities.names();
    Ok(Rules { roles, known, authorities, bootstrap })
}

/// The key of the settings, with what a `tenant-admin` may do.
pub(crate) fn bootstrap(settings: &Settings, roles: &Roles) -> anyhow::Result<Option<Bootstrap>> {
    let Some(text) = &settings.bootstrap_key_sha256 else { return Ok(None) };
    let role = roles.get("tenant-admin").context("the role file has no tenant-admin, which the first key needs")?;
    let permissions: Permissions = role.permissions.clone();
    Ok(Some(Bootstrap::read(text, permissions).map_err(anyhow::Error::msg)?))
}
