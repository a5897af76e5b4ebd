//! TLS at the door: a certificate that is renewed without a restart, and keys that are bound to a client's certificate.

use crate::rig::{key, plan, send};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType, date_time_ymd,
};
use reqwest::{Certificate, Client, ClientBuilder, Identity};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use testkit::until;

/// An authority of a test.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for this name, and its key.
    fn certify(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> (String, String) {
        self.certify_for(name, purpose, Duration::from_hours(24))
    }

    /// One that is good for so long from now on.
    fn certify_for(&self, name: &str, purpose: ExtendedKeyUsagePurpose, time: Duration) -> (String, String) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let until = date_time_ymd(1970, 1, 1) + now + time;
        let mut params = CertificateParams::default();
        params.not_after = until;
        params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// A folder of a test, gone when it is.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("legation-tls-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        // In one step, as whoever renews certificates should.
        let beside = path.with_extension("new");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, &path).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(Path::new(&self.0));
    }
}

fn client(authority: &Authority, own: Option<&(String, String)>) -> Client {
    // Each request on a connection of its own, so that each sees the certificate of its time.
    building(authority, own).pool_max_idle_per_host(0).build().unwrap()
}

fn building(authority: &Authority, own: Option<&(String, String)>) -> ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root = Certificate::from_pem(authority.pem.as_bytes()).unwrap();
    let builder = Client::builder().no_proxy().tls_certs_only([root]);
    let own = own.map(|(certificate, key)| Identity::from_pem(format!("{key}{certificate}").as_bytes()).unwrap());
    own.into_iter().fold(builder, ClientBuilder::identity)
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart_and_a_bad_one_is_not() {
    let (folder, old, new) = (Folder::new(), Authority::new(), Authority::new());
    let server = ExtendedKeyUsagePurpose::ServerAuth;
    let (certificate, private) = old.certify("localhost", server.clone());
    let rig = plan()
        .set("TLS_CERTIFICATE", folder.write("door.pem", &certificate))
        .set("TLS_KEY", folder.write("door.key", &private))
        .start()
        .await;
    let url = format!("https://localhost:{}/v1/gateway/whoami", rig.address.port());
    let trusts = async |authority: &Authority| {
        client(authority, None)
            .get(&url)
            .bearer_auth(&rig.admin)
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 200)
    };
    let answer = send(client(&old, None).get(&url).bearer_auth(&rig.admin)).await;
    assert_eq!((answer.status, answer.header("strict-transport-security")), (200, Some("max-age=63072000")));
    assert!(!trusts(&new).await);
    let plain = rig.http.get(rig.url("/livez")).send().await;
    assert!(plain.is_err(), "the door speaks nothing but TLS: {plain:?}");

    folder.write("door.pem", "no certificate");
    assert!(trusts(&old).await, "what is in use stays");
    let (certificate, private) = new.certify("localhost", server);
    folder.write("door.key", &private);
    folder.write("door.pem", &certificate);
    until("the new certificate is shown", async || trusts(&new).await).await;
    assert!(!trusts(&old).await);
}

#[tokio::test]
async fn a_key_bound_to_a_certificate_is_no_good_without_it() {
    let (folder, ours, police, strangers) = (Folder::new(), Authority::new(), Authority::new(), Authority::new());
    let (certificate, private) = ours.certify("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    let authorities = [("police", &police), ("strangers", &strangers)]
        .map(|(name, authority)| format!("{name}={}", folder.write(&format!("{name}.pem"), &authority.pem)));
    let rig = plan()
        .set("TLS_CERTIFICATE", folder.write("door.pem", &certificate))
        .set("TLS_KEY", folder.write("door.key", &private))
        .set("TLS_AUTHORITIES", authorities.join(","))
        .start()
        .await;
    let base = format!("https://localhost:{}/v1/gateway", rig.address.port());
    let plain = client(&ours, None);
    let bound = json!({
        "role": "police-verifier", "certificateAuthority": "police", "certificateName": "terminals.police.example",
    });
    for half in [json!({"certificateName": "a"}), json!({"certificateAuthority": "customs", "certificateName": "a"})] {
        let answer = send(plain.post(format!("{base}/apiKeys")).bearer_auth(&rig.admin).json(&key(half))).await;
        assert_eq!(answer.reason(), "CERTIFICATE_UNFIT");
    }
    let made = send(plain.post(format!("{base}/apiKeys")).bearer_auth(&rig.admin).json(&key(bound))).await;
    assert_eq!(made.status, 200, "{made:?}");
    let secret = made.json()["secret"].as_str().unwrap().to_owned();

    let who = async |authority: &Authority, name: &str| {
        let own = authority.certify(name, ExtendedKeyUsagePurpose::ClientAuth);
        send(client(&ours, Some(&own)).get(format!("{base}/whoami")).bearer_auth(&secret)).await
    };
    assert_eq!(who(&police, "terminals.police.example").await.status, 200);
    let without = send(plain.get(format!("{base}/whoami")).bearer_auth(&secret)).await;
    assert_eq!((without.status, without.reason().as_str()), (403, "CERTIFICATE_NEEDED"));
    for (authority, name) in [(&police, "other.police.example"), (&strangers, "terminals.police.example")] {
        assert_eq!(who(authority, name).await.reason(), "CERTIFICATE_NEEDED", "{name}");
    }
    // A certificate of nobody we know opens no connection at all.
    let unknown = Authority::new().certify("terminals.police.example", ExtendedKeyUsagePurpose::ClientAuth);
    let asked = client(&ours, Some(&unknown)).get(format!("{base}/whoami")).bearer_auth(&secret).send().await;
    assert!(asked.is_err(), "{asked:?}");
}

#[tokio::test]
async fn a_connection_kept_open_is_no_good_once_its_certificate_or_its_authority_is_not() {
    let (folder, ours, police, customs) = (Folder::new(), Authority::new(), Authority::new(), Authority::new());
    let (certificate, private) = ours.certify("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    let authorities = [("police", &police), ("customs", &customs)]
        .map(|(name, authority)| format!("{name}={}", folder.write(&format!("{name}.pem"), &authority.pem)));
    let rig = plan()
        .set("TLS_CERTIFICATE", folder.write("door.pem", &certificate))
        .set("TLS_KEY", folder.write("door.key", &private))
        .set("TLS_AUTHORITIES", authorities.join(","))
        .start()
        .await;
    let base = format!("https://localhost:{}/v1", rig.address.port());
    let bound = async |authority: &str| {
        let bound = json!({
            "permissions": ["accreditation.missions.read"], "internal": true,
            "certificateAuthority": authority, "certificateName": "terminals.example",
        });
        let make = client(&ours, None).post(format!("{base}/gateway/apiKeys")).bearer_auth(&rig.admin);
        let made = send(make.json(&key(bound))).await;
        assert_eq!(made.status, 200, "{made:?}");
        made.json()["secret"].as_str().unwrap().to_owned()
    };
    let (of_police, of_customs) = (bound("police").await, bound("customs").await);
    // One connection for all requests: whoever began another with a certificate that is no good would not be answered at all.
    let kept = |authority: &Authority, time| {
        let own = authority.certify_for("terminals.example", ExtendedKeyUsagePurpose::ClientAuth, time);
        building(&ours, Some(&own)).build().unwrap()
    };
    let who = async |client: &Client, secret: &str| {
        send(client.get(format!("{base}/gateway/whoami")).bearer_auth(secret)).await
    };
    let watch = async |client: &Client, secret: &str| {
        client.get(format!("{base}/accreditation/missions:watch")).bearer_auth(secret).send().await.unwrap()
    };
    let day = Duration::from_hours(24);
    let (short, long, other) = (kept(&police, Duration::from_secs(8)), kept(&police, day), kept(&customs, day));
    assert_eq!((who(&short, &of_police).await.status, who(&long, &of_police).await.status), (200, 200));
    assert_eq!(who(&other, &of_customs).await.status, 200);
    let (of_short, of_long) = (watch(&short, &of_police).await, watch(&long, &of_police).await);

    // Asked all the time, so that no connection is given up for lying idle.
    until("the certificate has expired", async || {
        assert_eq!(who(&long, &of_police).await.status, 200, "another's is good still");
        let answer = who(&short, &of_police).await;
        answer.status != 200 && answer.reason() == "CERTIFICATE_NEEDED"
    })
    .await;
    assert!(of_short.text().await.unwrap().contains("CERTIFICATE_NEEDED"), "its stream ends with it");

    folder.write("police.pem", &Authority::new().pem);
    until("the authority is withdrawn", async || {
        assert_eq!(who(&other, &of_customs).await.status, 200, "who is vouched for by another authority goes on");
        let answer = who(&long, &of_police).await;
        answer.status != 200 && answer.reason() == "CERTIFICATE_NEEDED"
    })
    .await;
    assert!(of_long.text().await.unwrap().contains("CERTIFICATE_NEEDED"), "its stream ends with it");
}
