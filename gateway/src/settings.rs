//! The gateway's settings, read from `GATEWAY_…`.

use crate::caller::Bootstrap;
use crate::network::Network;
use crate::upstream::Addresses;
use crate::webhooks::WebhookKey;
use config::{Env, ExposeSecret as _, SecretString, Url, Value};
use events::relay;
use identity::Permissions;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;
use vault::Vault;

config::settings! {
    /// The gateway. The prefix is `GATEWAY`.
    pub struct Settings {
        /// The gateway's own database.
        pub database: Database,
        /// Where the door listens, HTTP/1.1 and HTTP/2 without TLS on one port.
        pub listen: SocketAddr = "127.0.0.1:8080",
        /// The door's certificate with those between it and its authority, PEM; read again when it changes. With it the
        /// door speaks TLS alone; without it, TLS ends in front of the gateway.
        pub tls_certificate: Option<PathBuf>,
        /// The certificate's private key, PEM.
        pub tls_key: Option<PathBuf>,
        /// Authorities whose client certificates keys can be bound to, by name: `police=/etc/legation/police.pem`.
        pub tls_authorities: Authorities,
        /// Where clients reach the door, as the documentation and the development issuer say. If it is not set, the one
        /// says that it is where it is read from, and the other takes `http://` and where the door listens.
        pub public_url: Option<Url>,
        /// Services in other processes, by name: `accreditation=http://accreditation:9000`.
        pub upstreams: Addresses,
        /// Redis, where gateways count together: `redis://host:6379`. Without it each gateway counts by itself.
        pub redis_url: Option<SecretString>,
        /// How long a request waits for Redis to count it before the gateway counts alone for a second.
        pub redis_patience: Duration = "100ms",
        /// The key of the audit chain's hashes: 64 or more hexadecimal digits, as `openssl rand -hex 32` makes them, kept
        /// outside the database. With it this gateway seals the audit log and publishes the keys' events to Redis, when
        /// no other does; without it both wait.
        pub relay_audit_key: Option<Sealing>,
        /// The most requests of a caller in any one second, through all gateways together.
        pub rate: NonZeroU32 = 500,
        /// The most requests under way at a time; one more is refused unstarted.
        pub in_flight: NonZeroUsize = 1024,
        /// The most connections at a time; one more is not spoken to.
        pub connections: NonZeroUsize = 8192,
        /// The most connections from one address, or in IPv6 from one network of 64 bits. Proxies of ours are not counted.
        pub connections_of_address: NonZeroUsize = 512,
        /// The age at which a connection gets no new requests, so that its client begins another.
        pub connection_age: Duration = "1h",
        /// How long a client may take nothing of a large answer or a stream before it loses the connection.
        pub read_patience: Duration = "30s",
        /// How long an answer may take, unless the client wants it sooner.
        pub deadline: Duration = "10s",
        /// How long a gateway with one processor stays awake after a request: a lone caller's next is then answered sooner.
        /// It takes the processor's time while there is nothing to do, so it is for processors that nobody else needs.
        pub linger: Duration = "0s",
        /// Whose tokens are accepted: the URL of an OpenID Connect issuer. The audience must be set too.
        pub oidc_issuer: Option<Url>,
        /// What tokens must be made for, as their `aud` says.
        pub oidc_audience: Option<String>,
        /// The applications whose users' tokens are accepted, as `azp` or `client_id` says; any of the issuer's if there are none.
        pub oidc_parties: Vec<String>,
        /// The longest that a token may last. One cannot be taken back before its end.
        pub oidc_longest: Duration = "24h",
        /// Hands out tokens at `/dev/issuer/token` to whoever asks. For development alone: it is refused beside an
        /// issuer, and on an address that others reach.
        pub dev_issuer: bool = false,
        /// The first key, with which the others are made, as its id and its SHA-256: `id:hash`.
        pub bootstrap_key_sha256: Option<String> => bootstrap,
        /// For how long callers go on calling who were good when the database last answered, while it does not. A key that is
        /// revoked, or an agency that is suspended, is refused within a second only while the database answers; with this it
        /// is good for so much longer. With 0 nobody calls while nobody can be asked.
        pub keys_grace: Duration = "0s",
        /// The role file, instead of the one that comes with the gateway.
        pub roles: Option<PathBuf>,
        /// The longest that the glass can be broken for.
        pub break_glass_longest: Duration = "1h",
        /// Origins whose pages may call: `https://console.example.gov`.
        pub cors_origins: Vec<String>,
        /// Proxies whose `X-Forwarded-For` is believed.
        pub trusted_proxies: Vec<Network>,
        /// How long refused calls of strangers stay on record: those for which there was no caller that we know. Calls of known
        /// callers stay. What was removed, and by which rule, is in the audit log and in what `audit:verify` says.
        pub strangers_keep: Duration = "400d",
        /// The most jobs that this gateway runs at a time; with 0 it leaves them to others.
        pub jobs_at_once: u32 = 2 => config::between(0, 64),
        /// The most jobs of one key that are not at their end, with imports that only collect.
        pub jobs_of_key: NonZeroU32 = 50,
        /// The most jobs of the keys of one agency together that are not at their end.
        pub jobs_of_agency: NonZeroU32 = 100,
        /// How many times in a row a job's service may answer too late before the job has failed.
        pub jobs_late: NonZeroU32 = 10,
        /// How long a job is kept after its end, with what it found; what it was given goes at its end.
        pub jobs_keep: Duration = "7d",
        /// The key that secrets of webhooks are derived from: 64 or more hexadecimal digits, the same for all gateways.
        /// Without it, or without Redis, there are no webhooks. Another key makes all secrets others.
        pub webhook_key: Option<WebhookKey>,
        /// The schedule of deliveries, instead of the one that comes with the gateway.
        pub webhook_schedule: Option<PathBuf>,
        /// The most webhooks that an agency may have, and our own house.
        pub webhooks_of_agency: NonZeroU32 = 20,
        /// Networks that no webhook may lead to, besides those that are not public: our own public addresses, behind which
        /// our own services are: `198.18.0.0/15,2001:db8::/32`.
        pub webhook_refused_networks: Vec<Network>,
        /// Lets webhooks be on this machine, without TLS. For tests and laptops alone: it is refused on an address that
        /// others reach.
        pub webhook_loopback: bool = false,
    }
}

config::settings! {
    /// The gateway's own database. The prefix is `GATEWAY_DATABASE`.
    pub struct Database {
        /// Where it is: `postgres://user:password@host:5432/gateway`.
        pub url: SecretString,
        /// The most connections for keys' records, and as many again for knowing callers.
        pub connections: NonZeroU32 = 8,
        /// The keys of what is sealed in it, the lines of jobs: `index` and a key, then `key` and a key for each wrapping
        /// key, the newest first; each 32 bytes in base64. SECURITY.md says how to keep and rotate them.
        pub sealing_keys: Vault,
        /// Brings the schema up to date at start. Of several gateways that start at once, one does.
        pub migrate: bool = true,
    }
}

impl Database {
    /// The pool's settings.
    pub fn pool(&self) -> pg::Settings {
        let max_connections = self.connections.get();
        pg::Settings {
            max_connections,
            application_name: "gateway".into(),
            ..pg::Settings::new(self.url.expose_secret())
        }
    }
}

/// How the gateway's audit log is sealed and its events are published: by this key, and otherwise as the house does it.
#[derive(Clone, Debug)]
pub struct Sealing(pub(crate) relay::Settings);

impl Value for Sealing {
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let env = Env::default().with("RELAY_AUDIT_KEY", text);
        config::read(&env, "RELAY").map(Self).map_err(|_| "is not 64 or more hexadecimal digits".to_owned())
    }

    fn kind() -> String {
        "a secret of 64 or more hexadecimal digits".to_owned()
    }
}

/// Authorities whose client certificates are believed, by the names we give them.
#[derive(Clone, Debug, Default)]
pub struct Authorities(BTreeMap<String, PathBuf>);

impl Authorities {
    /// Their names.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }
}

impl Value for Authorities {
    fn parse(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let read = entries.map(|entry| {
            let parts = entry.split_once('=').filter(|(name, path)| !name.trim().is_empty() && !path.trim().is_empty());
            let (name, path) = parts.ok_or_else(|| format!("has {entry}, which is not name=path"))?;
            Ok((name.trim().to_owned(), PathBuf::from(path.trim())))
        });
        read.collect::<Result<_, _>>().map(Self)
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn kind() -> String {
        "names and files: `name=path,…`".to_owned()
    }
}

impl Settings {
    /// Where the door's certificates are, if it speaks TLS.
    pub fn certificates(&self) -> Option<serve::Files> {
        let (certificate, key) = self.tls_certificate.clone().zip(self.tls_key.clone())?;
        Some(serve::Files { certificate, key, authorities: self.tls_authorities.0.clone() })
    }

    /// What these settings say that cannot be meant together: all of it. Half a lock is worse than none, since it looks
    /// like one.
    pub fn contradictions(&self) -> Vec<&'static str> {
        let issuer = self.oidc_issuer.is_some();
        let found = [
            (
                issuer && self.oidc_audience.is_none(),
                "GATEWAY_OIDC_ISSUER is set without GATEWAY_OIDC_AUDIENCE: tokens made for others would be accepted",
            ),
            (!issuer && self.oidc_audience.is_some(), "GATEWAY_OIDC_AUDIENCE is set without GATEWAY_OIDC_ISSUER"),
            (
                issuer && self.dev_issuer,
                "GATEWAY_DEV_ISSUER hands out tokens to anyone and must not run beside GATEWAY_OIDC_ISSUER",
            ),
            (
                self.relay_audit_key.is_some() && self.redis_url.is_none(),
                "GATEWAY_RELAY_AUDIT_KEY is set without GATEWAY_REDIS_URL, where events go",
            ),
            (
                self.tls_certificate.is_some() != self.tls_key.is_some(),
                "GATEWAY_TLS_CERTIFICATE and GATEWAY_TLS_KEY are set together or not at all",
            ),
            (
                self.tls_certificate.is_none() && !self.tls_authorities.0.is_empty(),
                "GATEWAY_TLS_AUTHORITIES is set without GATEWAY_TLS_CERTIFICATE: no client would be asked for a certificate",
            ),
            (
                self.webhook_loopback && !self.listen.ip().is_loopback(),
                "GATEWAY_WEBHOOK_LOOPBACK lets callers reach this machine and GATEWAY_LISTEN is where others call",
            ),
            (
                self.dev_issuer && !self.listen.ip().is_loopback(),
                "GATEWAY_DEV_ISSUER hands out tokens to anyone and GATEWAY_LISTEN is where others reach it",
            ),
        ];
        found.into_iter().filter_map(|(wrong, words)| wrong.then_some(words)).collect()
    }

    /// Where clients reach the door.
    pub fn address(&self) -> String {
        self.public_url.as_deref().map_or_else(
            || {
                let scheme = if self.tls_certificate.is_some() { "https" } else { "http" };
                format!("{scheme}://{}", self.listen)
            },
            |url| url.trim_end_matches('/').to_owned(),
        )
    }
}

fn bootstrap(text: &Option<String>) -> Result<(), String> {
    text.as_deref().map_or(Ok(()), |text| Bootstrap::read(text, Permissions::default()).map(drop))
}
