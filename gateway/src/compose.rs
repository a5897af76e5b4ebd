//! Puts the door together from its settings.

use crate::caller::{Bounds, Callers, DevIssuer, Glass, Issuer, KeyTable, Partners, People, Terms};
use crate::calls::{self, Calls, Keeper};
use crate::denials::Denials;
use crate::door::{Connections, Door, Parts};
use crate::errand::Errands;
use crate::jobs;
use crate::key_rules::Rules;
use crate::rate::{Limits, Quotas, Shares};
use crate::roles::Roles;
use crate::service;
use crate::settings::Settings;
use crate::upstream::Upstreams;
use crate::usage::Ledger;
use crate::webhooks;
use anyhow::{Context as _, ensure};
use config::ExposeSecret as _;
use identity::Signer;
use proto::contract::{Contract, contract};
use serve::{House, Tls};
use std::sync::Arc;
use std::time::Duration;

/// What development tokens are made for, if the settings do not say.
const DEV_AUDIENCE: &str = "legation";

/// The door of a house, in front of these services. The gateway's own, [`Gateway`](crate::Gateway), is to be started
/// before it: it keeps the keys that the door reads, and is one of the services.
///
/// # Errors
/// Settings that contradict each other; a database, an address or a role file that is no good.
pub async fn door(
    settings: &Settings,
    house: &House,
    signer: Arc<Signer>,
    upstreams: Upstreams,
) -> anyhow::Result<Door> {
    door_of(contract(), settings, house, signer, upstreams).await
}

/// As [`door()`], for a contract that is this build's but for its rules: what a method on its way out says is shown so.
///
/// # Errors
/// As [`door()`].
pub async fn door_of(
    contract: &'static Contract,
    settings: &Settings,
    house: &House,
    signer: Arc<Signer>,
    upstreams: Upstreams,
) -> anyhow::Result<Door> {
    let contradictions = settings.contradictions();
    ensure!(contradictions.is_empty(), "{}", contradictions.join("; "));
    let rules = Arc::new(service::rules(settings)?);
    let roles = Arc::clone(&rules.roles);
    let bootstrap = service::bootstrap(settings, &roles)?;

    // Apart from the service's own, so that no list of keys, however long, keeps callers from being known.
    // And with little patience: a caller waits for this before it is anyone.
    let wait = Duration::from_secs(1);
    let own = pg::Settings { acquire_timeout: wait, statement_timeout: wait, ..settings.database.pool() };
    let pool = pg::connect(&own).await.context("connect to the gateway's database")?;
    let (denials, writer) = Denials::new(pool.clone());
    house.tasks.spawn(writer.run(house.shutdown.clone()));
    let calls = Calls::default();
    house.tasks.spawn(Keeper::new(pool.clone(), calls.clone()).run(house.shutdown.clone()));

    let redis = settings.redis_url.as_ref().map(|url| url.expose_secret());
    let limits = Arc::new(Limits::new(settings.rate, redis, settings.redis_patience)?);
    let quotas = Arc::new(Quotas::new(&limits, pool.clone()));
    house.tasks.spawn(Arc::clone(&quotas).run(house.shutdown.clone()));
    let shares = Shares::new(settings.in_flight.get());
    let dev_issuer = settings.dev_issuer.then(|| development(settings, &roles));
    let people = people(settings, dev_issuer.as_ref(), Arc::clone(&rules), Partners::new(pool.clone()))?;
    let ledger = Arc::new(Ledger::default());
    house.tasks.spawn(Arc::clone(&ledger).run(pool.clone(), house.shutdown.clone()));
    let glass = Arc::new(Glass::new(Arc::clone(&rules.roles)));
    house.tasks.spawn(Arc::clone(&glass).run(pool.clone(), house.shutdown.clone()));
    let table = KeyTable::new(pool, rules);
    let errands =
        Errands::new(table.clone(), bootstrap.clone(), Arc::clone(&quotas), upstreams.clone(), Arc::clone(&signer));
    let background = pg::connect(&settings.database.pool()).await.context("connect to the gateway's database")?;
    house.tasks.spawn(calls::keep_for(settings.strangers_keep, background.clone(), house.shutdown.clone()));
    webhooks::start(settings, house, background.clone(), errands.clone()).await?;
    jobs::start(settings, house, &background, errands);
    // Seven places in eight are never taken by who is not known.
    let strangers = settings.in_flight.get().div_ceil(8);
    let bounds = Bounds { limits: Arc::clone(&limits), quotas, shares, grace: settings.keys_grace, strangers };
    let callers = Callers::new(table, bootstrap, people, bounds, ledger, glass, Arc::clone(&signer));

    Door::new(Parts {
        contract,
        callers,
        limits,
        signer,
        upstreams,
        denials,
        calls,
        issuer: settings.oidc_issuer.as_deref().unwrap_or_default().to_owned(),
        dev_issuer,
        origins: settings.cors_origins.clone(),
        proxies: settings.trusted_proxies.clone(),
        in_flight: settings.in_flight.get(),
        connections: Connections {
            total: settings.connections.get(),
            of_address: settings.connections_of_address.get(),
            age: settings.connection_age,
            read_patience: settings.read_patience,
        },
        linger: settings.linger,
        deadline: settings.deadline,
        address: settings.public_url.as_deref().unwrap_or("/").to_owned(),
        tls: settings.certificates().map(Tls::open).transpose().context("the door's certificates")?,
        house: house.clone(),
    })
}

fn development(settings: &Settings, roles: &Arc<Roles>) -> DevIssuer {
    tracing::warn!("the development issuer gives anyone a token for any role");
    DevIssuer::new(&settings.address(), DEV_AUDIENCE, Arc::clone(roles))
}

/// Whose tokens are accepted: the issuer's, the development issuer's, or nobody's.
fn people(
    settings: &Settings,
    dev_issuer: Option<&DevIssuer>,
    rules: Arc<Rules>,
    partners: Partners,
) -> anyhow::Result<Option<People>> {
    let (issuer, audience) = match (&settings.oidc_issuer, &settings.oidc_audience, dev_issuer) {
        (Some(url), Some(audience), _) => (Issuer::remote(url)?, audience.clone()),
        (_, _, Some(own)) => (own.issuer(), DEV_AUDIENCE.to_owned()),
        _ => return Ok(None),
    };
    let longest = i64::try_from(settings.oidc_longest.as_secs()).unwrap_or(i64::MAX);
    let terms = Terms { audience, longest, parties: settings.oidc_parties.clone() };
    Ok(Some(People::new(Arc::new(issuer), terms, rules, partners)))
}
