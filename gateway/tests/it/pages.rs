//! What anyone may read: documentation, health, the development issuer.

use crate::rig::{plan, send, start};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn the_documentation_is_whole_and_asks_no_other_host() {
    let rig = start().await;
    let document = send(rig.ask(Method::GET, "/openapi.json")).await;
    assert_eq!((document.status, document.header("content-type")), (200, Some("application/json")));
    assert_eq!(document.json()["openapi"], "3.1.0");
    assert!(document.json()["paths"]["/v1/gateway/whoami"]["get"].is_object());
    let tag = document.header("etag").unwrap();
    assert_eq!(send(rig.ask(Method::GET, "/openapi.json").header("if-none-match", tag)).await.status, 304);

    for (path, media) in [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/errors", "text/html; charset=utf-8"),
        ("/docs/docs.js", "text/javascript; charset=utf-8"),
    ] {
        let page = send(rig.ask(Method::GET, path)).await;
        assert_eq!((page.status, page.header("content-type")), (200, Some(media)), "{path}");
        assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'self'"), "{path}");
    }
    let page = send(rig.ask(Method::GET, "/docs")).await;
    for link in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
        assert!(!page.text.contains(link), "{link}");
    }
    let head = send(rig.ask(Method::HEAD, "/docs")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}

#[tokio::test]
async fn the_description_comes_compressed_to_who_takes_it_so() {
    let rig = start().await;
    let ask = |accepted: &'static str| send(rig.ask(Method::GET, "/openapi.json").header("accept-encoding", accepted));
    let plain = ask("identity").await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("accept-encoding")));
    let packed =
        rig.ask(Method::GET, "/openapi.json").header("accept-encoding", "br, gzip;q=0.8").send().await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let tag = packed.headers()["etag"].to_str().unwrap().to_owned();
    assert_ne!(plain.header("etag"), Some(&*tag), "another form has another tag");
    let bytes = packed.bytes().await.unwrap();
    assert!(bytes.len() * 5 < plain.text.len(), "{} of {}", bytes.len(), plain.text.len());
    let mut whole = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut whole).unwrap();
    assert_eq!(whole, plain.text);
    let known = rig.ask(Method::GET, "/openapi.json").header("accept-encoding", "gzip").header("if-none-match", &tag);
    assert_eq!(send(known).await.status, 304);
    assert_eq!(ask("gzip;q=0").await.header("content-encoding"), None, "who refuses it does not get it");
}

#[tokio::test]
async fn health_says_whether_it_lives_and_whether_it_is_ready() {
    let rig = start().await;
    assert_eq!(send(rig.ask(Method::GET, "/healthz")).await.text, "alive\n");
    assert_eq!(send(rig.ask(Method::GET, "/readyz")).await.text, "ready\n");
}

#[tokio::test]
async fn the_development_issuer_hands_out_tokens_that_are_accepted() {
    let rig = plan().set("DEV_ISSUER", "true").start().await;
    let ask = json!({"subject": "ada", "roles": ["mission-signatory"], "mission": "missions/fr-embassy"});
    let answer = send(rig.ask(Method::POST, "/dev/issuer/token").json(&ask)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let who = rig.who(&token).await.json();
    assert_eq!((&who["subject"], &who["mission"]), (&json!("people/ada"), &json!("missions/fr-embassy")), "{who}");
    assert!(who["permissions"].as_array().unwrap().contains(&json!("accreditation.members.notify")));

    let configuration = send(rig.ask(Method::GET, "/dev/issuer/.well-known/openid-configuration")).await.json();
    assert!(configuration["jwks_uri"].as_str().unwrap().ends_with("/dev/issuer/jwks.json"));
    assert_eq!(send(rig.ask(Method::GET, "/dev/issuer/jwks.json")).await.json()["keys"][0]["kid"], "dev");

    let wrong = send(rig.ask(Method::POST, "/dev/issuer/token").json(&json!({"subject": "", "roles": ["root"]}))).await;
    assert_eq!(
        (wrong.reason().as_str(), wrong.fields()),
        ("INVALID_FIELDS", vec!["subject".to_owned(), "roles[0]".to_owned()])
    );
}

#[tokio::test]
async fn without_the_setting_there_is_no_development_issuer() {
    let rig = start().await;
    let ask = json!({"subject": "ada", "roles": ["tenant-admin"]});
    assert_eq!(send(rig.ask(Method::POST, "/dev/issuer/token").json(&ask)).await.status, 401);
    assert_eq!(send(rig.post(&rig.admin, "/dev/issuer/token", &ask)).await.reason(), "NO_ROUTE");
}
