//! Partner agencies: taken on by two persons, calling for what they were assigned, suspended at once.

use crate::rig::{Rig, key, plan, send, start};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::until;

/// Proposes an agency; its path.
pub(crate) async fn propose(rig: &Rig, id: &str) -> String {
    let agency = json!({"title": id, "contact": "desk@agency.example", "legalBasis": "Example Act, section 2"});
    rig.done(&rig.admin, &format!("/v1/gateway/agencies?agencyId={id}"), &agency).await;
    format!("/v1/gateway/agencies/{id}")
}

/// An agency that may call; its path.
pub(crate) async fn agency(rig: &Rig, id: &str) -> String {
    let path = propose(rig, id).await;
    let other = rig.role("tenant-admin").await;
    rig.done(&other, &format!("{path}:approve"), &json!({})).await;
    path
}

/// A product on offer; its name.
pub(crate) async fn product(rig: &Rig, id: &str, permissions: &[&str]) -> String {
    let product = json!({"title": id, "permissions": permissions});
    rig.done(&rig.admin, &format!("/v1/gateway/products?productId={id}"), &product).await;
    let other = rig.role("tenant-admin").await;
    rig.done(&other, &format!("/v1/gateway/products/{id}:publish"), &json!({})).await;
    format!("products/{id}")
}

pub(crate) async fn assign(rig: &Rig, agency: &str, products: &[&str]) {
    rig.done(&rig.admin, &format!("{agency}:assignProducts"), &json!({"products": products})).await;
}

async fn refused(rig: &Rig, by: &str, path: &str, body: &Value) -> (u16, String) {
    let answer = send(rig.post(by, path, body)).await;
    (answer.status, answer.reason())
}

fn refusal(status: u16, reason: &str) -> (u16, String) {
    (status, reason.to_owned())
}

#[tokio::test]
async fn an_agency_is_taken_on_by_two_persons_and_calls_for_what_it_was_assigned() {
    let rig = start().await;
    let path = propose(&rig, "customs").await;
    let wish = key(json!({"agency": "customs", "product": "products/cards"}));
    let make = || refused(&rig, &rig.admin, "/v1/gateway/apiKeys", &wish);
    assert_eq!(make().await, refusal(409, "AGENCY_NOT_ACTIVE"), "it is only proposed");
    let approve = format!("{path}:approve");
    assert_eq!(refused(&rig, &rig.admin, &approve, &json!({})).await, refusal(403, "SAME_PERSON"));
    let other = rig.role("tenant-admin").await;
    assert_eq!(rig.done(&other, &approve, &json!({})).await["state"], "ACTIVE");
    assert_eq!(make().await, refusal(409, "PRODUCT_NOT_ASSIGNED"), "there is no such product");

    let cards = json!({"title": "Cards", "permissions": ["accreditation.identityCards.verify"]});
    rig.done(&rig.admin, "/v1/gateway/products?productId=cards", &cards).await;
    let (assigned, products) = (format!("{path}:assignProducts"), json!({"products": ["products/cards"]}));
    assert_eq!(refused(&rig, &other, &assigned, &products).await, refusal(409, "PRODUCT_NOT_ASSIGNED"), "a draft");
    let publish = "/v1/gateway/products/cards:publish";
    assert_eq!(refused(&rig, &rig.admin, publish, &json!({})).await, refusal(403, "SAME_PERSON"));
    rig.done(&other, publish, &json!({})).await;
    assert_eq!(make().await, refusal(409, "PRODUCT_NOT_ASSIGNED"), "published, and not assigned");
    rig.done(&other, &assigned, &products).await;

    let made = rig.done(&rig.admin, "/v1/gateway/apiKeys", &wish).await;
    assert_eq!(made["apiKey"]["holder"], "agencies/customs");
    let who = rig.who(made["secret"].as_str().unwrap()).await.json();
    assert_eq!(who["permissions"], json!(["accreditation.identityCards.verify"]));
    assert_eq!(who["agency"], "customs");
}

#[tokio::test]
async fn what_partners_may_not_do_no_product_gives_them() {
    let rig = start().await;
    let permissions = ["accreditation.identityCards.verify", "accreditation.members.read", "accreditation.missions.*"];
    let product = json!({"title": "Too much", "permissions": permissions});
    let answer = send(rig.post(&rig.admin, "/v1/gateway/products", &product)).await;
    assert_eq!((answer.status, answer.reason().as_str()), (400, "PRODUCT_PERMISSION_UNFIT"), "{answer:?}");
    assert_eq!(answer.fields(), ["product.permissions[1]", "product.permissions[2]"]);
}

#[tokio::test]
async fn a_suspended_agency_is_refused_at_once_and_a_closed_one_for_good() {
    let rig = start().await;
    let path = agency(&rig, "customs").await;
    let cards = product(&rig, "cards", &["accreditation.identityCards.verify"]).await;
    assign(&rig, &path, &[&cards]).await;
    let (_, secret) = rig.key(json!({"agency": "customs", "product": cards})).await;
    let is = async |status| rig.who(&secret).await.status == status;
    assert!(is(200).await);

    rig.done(&rig.admin, &format!("{path}:suspend"), &json!({"reason": "under inquiry"})).await;
    until("a suspended agency's key is refused", async || is(401).await).await;
    rig.done(&rig.admin, &format!("{path}:resume"), &json!({})).await;
    until("a resumed agency's key is good", async || is(200).await).await;

    assign(&rig, &path, &[]).await;
    until("a key for what is no longer assigned is refused", async || is(401).await).await;
    assign(&rig, &path, &[&cards]).await;
    until("it is good again", async || is(200).await).await;
    // What is retired is no longer offered; keys made for it stay.
    rig.done(&rig.admin, "/v1/gateway/products/cards:retire", &json!({})).await;
    let wish = key(json!({"agency": "customs", "product": cards}));
    assert_eq!(refused(&rig, &rig.admin, "/v1/gateway/apiKeys", &wish).await, refusal(409, "PRODUCT_NOT_ASSIGNED"));
    assert!(is(200).await);

    rig.done(&rig.admin, &format!("{path}:close"), &json!({})).await;
    until("a closed agency's key is refused", async || is(401).await).await;
    assert_eq!(refused(&rig, &rig.admin, &format!("{path}:resume"), &json!({})).await, refusal(409, "WRONG_STATE"));
}

#[tokio::test]
async fn an_agency_whose_agreement_is_over_is_not_taken_on() {
    let rig = start().await;
    let past = "2020-01-01T00:00:00Z";
    let agency = json!({
        "title": "Late", "contact": "desk@late.example", "legalBasis": "Example Act", "agreementEndTime": past,
    });
    rig.done(&rig.admin, "/v1/gateway/agencies?agencyId=late", &agency).await;
    let other = rig.role("tenant-admin").await;
    let approve = "/v1/gateway/agencies/late:approve";
    assert_eq!(refused(&rig, &other, approve, &json!({})).await, refusal(409, "AGREEMENT_OVER"));
}

/// A token of the development issuer for a person of an agency.
async fn person(rig: &Rig, agency: &str, roles: &[&str]) -> String {
    let ask = json!({"subject": "ada", "roles": roles, "agency": agency});
    let answer = send(rig.ask(Method::POST, "/dev/issuer/token").json(&ask)).await;
    answer.json()["access_token"].as_str().expect("a token is given").to_owned()
}

#[tokio::test]
async fn an_agencys_people_call_while_it_may_and_for_what_it_was_assigned() {
    let rig = plan().set("DEV_ISSUER", "true").start().await;
    assert_eq!(
        rig.who(&person(&rig, "invented", &["agency-admin"]).await).await.status,
        401,
        "there is no such agency"
    );
    let proposed = propose(&rig, "customs").await;
    let ada = person(&rig, "customs", &["agency-admin", "police-verifier", "protocol-officer"]).await;
    assert_eq!(rig.who(&ada).await.status, 401, "it is only proposed");
    let other = rig.role("tenant-admin").await;
    rig.done(&other, &format!("{proposed}:approve"), &json!({})).await;
    until("its people are known", async || rig.who(&ada).await.status == 200).await;
    let may = async |permission: &str| {
        rig.who(&ada).await.json()["permissions"].as_array().unwrap().contains(&json!(permission))
    };
    assert!(may("gateway.apiKeys.manage").await, "its own affairs");
    assert!(!may("accreditation.missions.read").await, "nothing else without a product, whatever roles say");
    assert!(!may("accreditation.personal.read").await && !may("accreditation.members.read").await);
    assert_eq!(send(rig.get(&ada, "/v1/accreditation/missions/a")).await.reason(), "PERMISSION_DENIED");
    let missions = product(&rig, "missions", &["accreditation.missions.read", "accreditation.vehicles.verify"]).await;
    assign(&rig, &proposed, &[&missions]).await;
    until("the product is theirs", async || send(rig.get(&ada, "/v1/accreditation/missions/a")).await.status == 200)
        .await;
    let clerk = person(&rig, "customs", &["agency-admin"]).await;
    assert_eq!(send(rig.get(&clerk, "/v1/accreditation/missions/a")).await.status, 403, "a product gives no role");
    // A stream of theirs ends with it.
    let mut watch = rig.get(&ada, "/v1/accreditation/missions:watch").send().await.unwrap();
    assert_eq!(watch.status(), 200);
    rig.done(&rig.admin, &format!("{proposed}:suspend"), &json!({"reason": "under inquiry"})).await;
    let since = std::time::Instant::now();
    let mut last_good = since;
    until("people of a suspended agency are refused", async || {
        let asked = std::time::Instant::now();
        let refused = rig.who(&ada).await.status == 401;
        if !refused {
            last_good = asked;
        }
        refused
    })
    .await;
    assert!(last_good - since < std::time::Duration::from_secs(1), "still accepted after {:?}", last_good - since);
    let mut told = String::new();
    while let Some(piece) = watch.chunk().await.unwrap() {
        told.push_str(&String::from_utf8_lossy(&piece));
    }
    assert!(told.contains("event: problem") && told.contains("UNAUTHENTICATED"), "{told}");
    rig.done(&rig.admin, &format!("{proposed}:resume"), &json!({})).await;
    until("they call again", async || rig.who(&ada).await.status == 200).await;
    rig.done(&rig.admin, &format!("{proposed}:close"), &json!({})).await;
    until("people of a closed agency are refused", async || rig.who(&ada).await.status == 401).await;
}

#[tokio::test]
async fn an_agencys_people_are_bound_to_its_networks_and_its_quota() {
    let rig = plan().set("DEV_ISSUER", "true").start().await;
    let path = agency(&rig, "customs").await;
    let fields = json!({"title": "few", "permissions": ["accreditation.missions.read"], "requestsPerMonth": "3", "requestsPerSecond": 2});
    rig.done(&rig.admin, "/v1/gateway/products?productId=few", &fields).await;
    let other = rig.role("tenant-admin").await;
    rig.done(&other, "/v1/gateway/products/few:publish", &json!({})).await;
    let ada = person(&rig, "customs", &["police-verifier"]).await;
    let change = async |networks: Value| {
        let etag = send(rig.get(&rig.admin, &path)).await.json()["etag"].as_str().unwrap().to_owned();
        let change = rig.ask(Method::PATCH, &path).bearer_auth(&rig.admin).header("if-match", format!("\"{etag}\""));
        send(change.json(&json!({"allowedNetworks": networks}))).await
    };
    assert_eq!(change(json!(["nowhere"])).await.fields(), ["agency.allowedNetworks[0]"]);
    assert_eq!(change(json!(["192.0.2.0/24"])).await.status, 200);
    until("they may not call from here", async || rig.who(&ada).await.status == 403).await;
    assert_eq!(rig.who(&ada).await.reason(), "ADDRESS_NOT_ALLOWED");
    assert_eq!(change(json!(["127.0.0.0/8"])).await.status, 200);
    until("they may again", async || rig.who(&ada).await.status == 200).await;
    assign(&rig, &path, &["products/few"]).await;
    until("they have a quota", async || {
        let answer = rig.who(&ada).await;
        answer.header("ratelimit-policy") == Some("\"second\";q=2;w=1, \"month\";q=3")
    })
    .await;
    until("the quota is used up", async || {
        let answer = rig.who(&ada).await;
        answer.status == 429 && answer.reason() == "QUOTA_USED_UP"
    })
    .await;
}

/// A person who goes on trying stays known; the agency's next product has a quota of its own all the same.
#[tokio::test]
async fn another_product_of_the_same_size_is_another_quota() {
    let rig = plan().set("DEV_ISSUER", "true").start().await;
    let path = agency(&rig, "customs").await;
    let other = rig.role("tenant-admin").await;
    for id in ["first", "second"] {
        let fields = json!({"title": id, "permissions": ["accreditation.missions.read"], "requestsPerMonth": "3"});
        rig.done(&rig.admin, &format!("/v1/gateway/products?productId={id}"), &fields).await;
        rig.done(&other, &format!("/v1/gateway/products/{id}:publish"), &json!({})).await;
    }
    let ada = person(&rig, "customs", &["police-verifier"]).await;
    assign(&rig, &path, &["products/first"]).await;
    until("the first is used up", async || rig.who(&ada).await.status == 429).await;
    assign(&rig, &path, &["products/second"]).await;
    until("the second counts from nothing", async || rig.who(&ada).await.status == 200).await;
}
