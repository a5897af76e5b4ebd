//! People of a real OpenID Connect provider: npm's `oidc-provider`, which `tests/oidc/` starts. Where there is no node, or
//! its packages cannot be had, the test says so and passes.

use crate::rig::{Rig, plan, send};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use testkit::until;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::OnceCell;

const AUDIENCE: &str = "https://api.example.gov";

/// A provider at work.
struct Provider {
    issuer: String,
    orders: ChildStdin,
    told: Lines<BufReader<ChildStdout>>,
    _node: Child,
}

/// The folder where the provider is installed, once for all tests and all runs; or why it cannot be.
async fn installed() -> Result<PathBuf, String> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    INSTALLED.get_or_init(install).await.clone()
}

async fn install() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oidc-provider");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    for file in ["package.json", "provider.mjs"] {
        std::fs::copy(source.join(file), folder.join(file)).map_err(|error| error.to_string())?;
    }
    if !folder.join("node_modules/oidc-provider").exists() {
        let install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"];
        let output = Command::new("npm").args(install).current_dir(&folder).output().await;
        let output = output.map_err(|error| format!("npm cannot be run: {error}"))?;
        if !output.status.success() {
            return Err(format!("npm cannot install it: {}", String::from_utf8_lossy(&output.stderr)));
        }
    }
    Ok(folder)
}

impl Provider {
    /// A provider whose clients have tokens with these claims; or why there can be none.
    async fn start(claims: &Value) -> Result<Self, String> {
        let folder = installed().await?;
        let mut node = Command::new("node")
            .arg("provider.mjs")
            .current_dir(folder)
            .env("AUDIENCE", AUDIENCE)
            .env("CLAIMS", claims.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("node cannot be run: {error}"))?;
        let (orders, told) = (node.stdin.take().expect("it is piped"), node.stdout.take().expect("it is piped"));
        let mut told = BufReader::new(told).lines();
        let issuer = told.next_line().await.expect("its words are text").expect("it says where it listens");
        Ok(Self { issuer, orders, told, _node: node })
    }

    /// A client's access token.
    async fn token(&self, client: &str) -> String {
        let asked = crate::rig::client().post(format!("{}/token", self.issuer));
        let asked = asked.basic_auth(client, Some(format!("secret%20of%20{client}")));
        let answer = send(
            asked.header("content-type", "application/x-www-form-urlencoded").body("grant_type=client_credentials"),
        );
        answer.await.json()["access_token"].as_str().expect("a token is given").to_owned()
    }

    /// From now on it signs with another key.
    async fn rotate(&mut self) {
        self.orders.write_all(b"\n").await.expect("it listens");
        // It has other things to say too.
        while self.told.next_line().await.expect("its words are text").expect("it goes on talking") != "rotated" {}
    }
}

/// What the gateway tells services of the caller.
async fn principal(rig: &Rig, token: &str) -> Value {
    let echo = send(rig.get(token, "/v1/accreditation/missions/echo")).await.json();
    let line = echo["title"].as_str().expect("headers are echoed").lines();
    let signed = line.filter_map(|line| line.strip_prefix("legation-principal=v1.")).next().expect("it is among them");
    let claims = URL_SAFE_NO_PAD.decode(signed.split('.').next().expect("it has dots")).expect("it is base64");
    serde_json::from_slice::<Value>(&claims).expect("it is JSON")["who"].clone()
}

/// A token is good for whom, when and by whom it says, though the provider itself signed it.
#[tokio::test]
async fn a_real_providers_token_is_good_at_its_time_and_at_its_place_only() {
    let now = chrono::Utc::now().timestamp();
    let instead = |claims: Value| json!({"roles": ["legal-adviser"], "instead": claims});
    let bad = [
        ("expired", json!({"exp": now - 60})),
        ("early", json!({"nbf": now + 300})),
        ("elsewhere", json!({"aud": "https://other.example"})),
        ("nowhere", json!({"aud": []})),
        ("stranger", json!({"iss": "https://login.example.gov"})),
        ("nameless", json!({"sub": ""})),
        ("timeless", json!({"exp": null})),
        ("listless", json!({"roles": "legal-adviser"})),
        ("placeless", json!({"mission": 7})),
    ];
    let good = [
        ("plain", json!({})),
        // Our clocks may differ a little.
        ("just-expired", json!({"exp": now - 5})),
        ("shared", json!({"aud": ["https://other.example", AUDIENCE]})),
    ];
    let claims = bad.iter().chain(&good).map(|(name, claims)| ((*name).to_owned(), instead(claims.clone())));
    let provider = match Provider::start(&Value::Object(claims.collect())).await {
        Ok(provider) => provider,
        Err(why) => return println!("skipped, since a real provider cannot be had here: {why}"),
    };
    let rig = plan().set("OIDC_ISSUER", &*provider.issuer).set("OIDC_AUDIENCE", AUDIENCE).start().await;
    for (name, _) in &good {
        assert_eq!(rig.who(&provider.token(name).await).await.status, 200, "{name}");
    }
    for (name, _) in &bad {
        assert_eq!(rig.who(&provider.token(name).await).await.status, 401, "{name}");
    }
}

#[tokio::test]
async fn people_of_a_real_provider_are_known_by_its_tokens() {
    let claims = json!({
        "ada": {"roles": ["legal-adviser", "offline_access"], "clearance": "S"},
        "clerk": {"roles": ["mission-clerk"], "mission": "missions/fra"},
        "customs": {"roles": ["agency-admin", "protocol-officer"], "agency": "metropolitan-police"},
        "consul": {"roles": ["legal-adviser"], "post": "posts/rome"},
        "nobody": {},
        "spy": {"roles": ["legal-adviser"], "clearance": "COSMIC"},
    });
    let mut provider = match Provider::start(&claims).await {
        Ok(provider) => provider,
        Err(why) => return println!("skipped, since a real provider cannot be had here: {why}"),
    };
    let rig = plan().set("OIDC_ISSUER", &*provider.issuer).set("OIDC_AUDIENCE", AUDIENCE).start().await;
    let ada = provider.token("ada").await;
    let who = rig.who(&ada).await.json();
    assert_eq!(who["subject"], "people/ada");
    assert!(who["permissions"].as_array().unwrap().contains(&json!("accreditation.members.history")), "{who}");
    assert_eq!(principal(&rig, &ada).await["clr"], "S");

    let clerk = provider.token("clerk").await;
    assert_eq!(principal(&rig, &clerk).await["msn"], "missions/fra");
    let consul = provider.token("consul").await;
    assert_eq!(principal(&rig, &consul).await["pst"], "posts/rome");
    assert_eq!(rig.who(&consul).await.json()["post"], "posts/rome");
    let customs = provider.token("customs").await;
    assert_eq!(rig.who(&customs).await.json()["agency"], "metropolitan-police");
    assert_eq!(send(rig.get(&customs, "/v1/gateway/apiKeys")).await.status, 200);
    let members = send(rig.get(&customs, "/v1/accreditation/members/a")).await;
    assert_eq!(members.reason(), "PERMISSION_DENIED", "a partner's people are partners, whatever roles they have");
    let nobody = rig.who(&provider.token("nobody").await).await.json();
    assert_eq!(nobody["permissions"], json!([]));
    assert_eq!(rig.who(&provider.token("spy").await).await.status, 401, "a clearance that is none is no claim of ours");

    let other =
        plan().set("OIDC_ISSUER", &*provider.issuer).set("OIDC_AUDIENCE", "https://other.example").start().await;
    assert_eq!(other.who(&ada).await.status, 401, "the token is made for someone else");
    let (rest, last) = ada.split_at(ada.len() - 3);
    let forged = format!("{rest}{}", last.chars().rev().collect::<String>());
    assert!(forged == ada || rig.who(&forged).await.status == 401);

    provider.rotate().await;
    let new = provider.token("ada").await;
    until("the new key is known", async || rig.who(&new).await.status == 200).await;
}
