//! The whole house in one process, with databases of its own, and callers who are the same at both doors.

use accreditation::Accreditation;
use config::{Env, Home};
use consular::Consular;
use gateway::{Door, Gateway, Upstream, Upstreams};
use identity::{Clearance, Permissions, Principal};
use layers::Limits;
use proto::gateway::v1::api_key_service_client::ApiKeyServiceClient;
use proto::gateway::v1::{ApiKey, CreateApiKeyRequest};
use serve::Hosted;
use sqlx::PgPool;
use testkit::TestDb;
use testkit::conformance::{Bench, Caller};

/// Whose applications the callers are.
const AGENCY: &str = "conformance";

/// A private key on P-256, of tests alone: base64 of PKCS #8.
pub(crate) const SEAL_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyu1fuCb/tRU3QGgqivp3KIn1vzrb+O0pJBOhRhr9Z1ehRANCAARy+dwKdBFbaFBmSLGdq3zL1tlJp15zYiW6ekjdoXSeDX/xfDKp4Sow3j2Gf1vRhtJItNRuS/9VZsyKtTDbyhPv";
/// Its certificate, signed by itself: base64 of X.509 in DER.
pub(crate) const SEAL_X509: &str = "MIIBoDCCAUagAwIBAgIBATAKBggqhkjOPQQDAjAuMQswCQYDVQQGEwJVUzEQMA4GA1UECgwHRXhhbXBsZTENMAsGA1UEAwwEVVNGUzAgFw0yNjExMjIxNTA4NDdaGA8yMTI2MTAyOTE1MDg0N1owLjELMAkGA1UEBhMCVVMxEDAOBgNVBAoMB0V4YW1wbGUxDTALBgNVBAMMBFVTRlMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARy+dwKdBFbaFBmSLGdq3zL1tlJp15zYiW6ekjdoXSeDX/xfDKp4Sow3j2Gf1vRhtJItNRuS/9VZsyKtTDbyhPvo1MwUTAdBgNVHQ4EFgQUAW7UnkNwPJM0BHwhGC8dUk44A0swHwYDVR0jBBgwFoAUAW7UnkNwPJM0BHwhGC8dUk44A0swDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAz5mDttt06gok9m9Z1i1+ymV71rntoFr2BeEqAcHKxB0CIFG4/LD3vLxXYwvPlnEpdndK95W9acblYvCCG/cbuTAX";

/// A house at work.
pub(super) struct House {
    accreditation: (TestDb, Hosted),
    consular: (TestDb, Hosted),
    gateway: (TestDb, Hosted),
    address: String,
    _door: Door,
}

impl House {
    pub(super) async fn start() -> Self {
        let (keys, register, abroad) = (
            testkit::database(&[&registry::MIGRATIONS, &gateway::MIGRATIONS]).await,
            testkit::database(&[&registry::MIGRATIONS, &accreditation::MIGRATIONS]).await,
            testkit::database(&[&registry::MIGRATIONS, &consular::MIGRATIONS]).await,
        );
        let redis = testkit::redis().await;
        let env = Env::default()
            .with("GATEWAY_DATABASE_URL", &keys.url)
            .with("GATEWAY_DATABASE_SEALING_KEYS", testkit::SEALING_KEYS)
            .with("GATEWAY_REDIS_URL", &redis.url)
            .with("GATEWAY_RATE", "1000000")
            // Jobs stand where verbs put them.
            .with("GATEWAY_JOBS_AT_ONCE", "0")
            .with("GATEWAY_WEBHOOK_KEY", "5a".repeat(32))
            .with("GATEWAY_WEBHOOK_LOOPBACK", "true")
            // The suite makes one for nearly every question.
            .with("GATEWAY_WEBHOOKS_OF_AGENCY", "1000000")
            .with("ACCREDITATION_DATABASE_URL", &register.url)
            .with("ACCREDITATION_DATABASE_SEALING_KEYS", testkit::SEALING_KEYS)
            .with("ACCREDITATION_REDIS_URL", &redis.url)
            .with("ACCREDITATION_PAPERS_SEAL_KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")
            .with("ACCREDITATION_RELAY_AUDIT_KEY", "07".repeat(32))
            .with("CONSULAR_DATABASE_URL", &abroad.url)
            .with("CONSULAR_DATABASE_SEALING_KEYS", testkit::SEALING_KEYS)
            .with("CONSULAR_REDIS_URL", &redis.url)
            .with("CONSULAR_RELAY_AUDIT_KEY", "08".repeat(32))
            // Messages stand where verbs put them.
            .with("CONSULAR_SENDERS", "0")
            .with("CONSULAR_TRAVEL_PAPERS_SEAL_KEY", SEAL_KEY)
            .with("CONSULAR_TRAVEL_PAPERS_SEAL_X509", SEAL_X509)
            .with("CONSULAR_LISTS_FOLDER", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/lists"));
        let settings: gateway::Settings = config::read(&env, "GATEWAY").expect("the settings are good");
        let own = config::read(&env, "ACCREDITATION").expect("the settings are good");
        let theirs = config::read(&env, "CONSULAR").expect("the settings are good");
        let house = serve::House::new(Home::default(), testkit::verifier(), Limits::default());
        let gateway = serve::host::<Gateway>(settings.clone(), house.clone()).await.expect("the gateway starts");
        let accreditation = serve::host::<Accreditation>(own, house.clone()).await.expect("accreditation starts");
        let consular = serve::host::<Consular>(theirs, house.clone()).await.expect("the consular service starts");
        let upstreams =
            [&gateway, &accreditation, &consular].into_iter().fold(Upstreams::default(), |upstreams, hosted| {
                upstreams.with(hosted.name, Upstream::Local(hosted.service.clone()))
            });
        let door = gateway::door(&settings, &house, testkit::signer(), upstreams).await.expect("the door is made");
        let address = door.listen("127.0.0.1:0".parse().expect("it is an address")).await.expect("a port is free");
        Self {
            accreditation: (register, accreditation),
            consular: (abroad, consular),
            gateway: (keys, gateway),
            address: address.to_string(),
            _door: door,
        }
    }

    pub(super) async fn accreditation(&self) -> Bench {
        let (db, hosted) = &self.accreditation;
        self.bench(&db.pool, hosted, "accreditation.*").await
    }

    pub(super) async fn consular(&self) -> Bench {
        let (db, hosted) = &self.consular;
        self.bench(&db.pool, hosted, "consular.*").await
    }

    pub(super) async fn gateway(&self) -> Bench {
        let (db, hosted) = &self.gateway;
        self.bench(&db.pool, hosted, "gateway.*").await
    }

    async fn bench(&self, pool: &PgPool, hosted: &Hosted, all: &str) -> Bench {
        Bench {
            name: hosted.name,
            service: hosted.service.clone(),
            gateway: self.address.clone(),
            pool: pool.clone(),
            // They may do everything of the service: what each role of a ministry may do is not asked here.
            officers: [self.caller(&[all]).await, self.caller(&[all]).await],
            hurried: self.caller(&[all]).await,
            stranger: self.caller(&[]).await,
        }
    }

    /// A new caller of one of our own applications, with these permissions: as the gateway knows it by its key, and as
    /// it vouches for it to the services.
    async fn caller(&self, permissions: &[&str]) -> Caller {
        let expires = chrono::Utc::now().timestamp() + 30 * 24 * 3600;
        let key = ApiKey {
            agency: AGENCY.into(),
            title: "A caller of the suite".into(),
            expire_time: Some(registry::timestamp(chrono::DateTime::from_timestamp(expires, 0).expect("it is near"))),
            permissions: permissions.iter().map(|permission| (*permission).to_owned()).collect(),
            internal: true,
            ..ApiKey::default()
        };
        let request = CreateApiKeyRequest { api_key: Some(key), request_id: String::new() };
        let request = testkit::signed(&testkit::principal(["*"]), request);
        let mut keys = ApiKeyServiceClient::new(self.gateway.1.service.clone());
        let made = keys.create_api_key(request).await.expect("the key is made").into_inner();
        let principal = Principal {
            subject: made.api_key.expect("the record is in the answer").name.into(),
            // The agency of a key of our own is nobody's.
            agency: None,
            mission: None,
            permissions: Permissions::of(permissions),
            clearance: Clearance::Unclassified,
            elevation: None,
            expires,
        };
        Caller { principal, credential: made.secret }
    }
}
