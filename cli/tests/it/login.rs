//! Logging in: the key is kept for its owner alone, and shown nowhere.

use crate::world::World;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_kept_for_its_owner_alone_and_never_shown() {
    let world = World::new().await;
    let address = format!("http://{}", world.address);
    let nobody = world.run_with("", &["missions", "list"]).await;
    assert_eq!(nobody.code, 4, "{nobody:?}");
    assert!(nobody.err.contains("legation login"), "{nobody:?}");

    let login = world.run_with(&format!("{}\n", world.officer), &["login", "--address", &address]).await;
    assert_eq!(login.code, 0, "{login:?}");
    assert!(login.err.contains("logged in as apiKeys/"), "{login:?}");
    let path = world.folder.join("config/profiles.toml");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);

    let who = world.run_with("", &["whoami"]).await;
    assert!(who.out.contains("subject:     apiKeys/"), "{who:?}");
    let listed = world.run_with("", &["profiles"]).await;
    assert_eq!(listed.out, format!("* default  {address}\n"));
    for ran in [&login, &who, &listed] {
        assert!(!ran.out.contains(&world.officer) && !ran.err.contains(&world.officer), "{ran:?}");
    }

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = world.run_with("", &["whoami"]).await;
    assert_eq!(open.code, 4, "{open:?}");
    assert!(open.err.contains("chmod 600"), "{open:?}");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();

    assert_eq!(world.run_with("", &["logout"]).await.code, 0);
    assert!(!std::fs::read_to_string(&path).unwrap().contains(&world.officer));
    assert_eq!(world.run_with("", &["whoami"]).await.code, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_accepted_is_not_kept_nor_one_sent_in_the_clear() {
    let world = World::new().await;
    let wrong = identity::ApiKeyText::generate();
    let address = format!("http://{}", world.address);
    let refused = world.run_with(wrong.expose(), &["login", "--address", &address]).await;
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(refused.err.contains("UNAUTHENTICATED") && refused.err.contains("remedy: "), "{refused:?}");
    assert!(!world.folder.join("config/profiles.toml").exists());
    let clear = world.run_with(&world.officer, &["login", "--address", "http://legation.example"]).await;
    assert_eq!(clear.code, 2, "{clear:?}");
    assert!(clear.err.contains("https"), "{clear:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_has_an_exit_code_of_its_own() {
    let world = World::new().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let away = world.run(&["missions", "list", "--address", &format!("http://127.0.0.1:{port}")]).await;
    assert_eq!(away.code, 9, "{away:?}");
}

/// An issuer at which a person confirms a code at the second question.
#[derive(Debug, Default)]
struct Issuer {
    token: String,
    /// The forms sent to it, in their order.
    asked: Mutex<Vec<String>>,
}

async fn give(State(issuer): State<Arc<Issuer>>, form: String) -> (StatusCode, String) {
    let before = {
        let mut asked = issuer.asked.lock().unwrap();
        asked.push(form.clone());
        asked.len()
    };
    let (status, answer) = match () {
        () if form.contains("refresh_token=first") => {
            (StatusCode::OK, json!({"access_token": issuer.token, "refresh_token": "second", "expires_in": 3600}))
        }
        () if form.contains("grant_type=refresh_token") => (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant"})),
        () if before == 1 => (StatusCode::BAD_REQUEST, json!({"error": "authorization_pending"})),
        // Over at once, so that it has to be renewed before it is used.
        () => (StatusCode::OK, json!({"access_token": issuer.token, "refresh_token": "first", "expires_in": 1})),
    };
    (status, answer.to_string())
}

impl Issuer {
    async fn open(token: String) -> (String, Arc<Self>) {
        let issuer = Arc::new(Self { token, ..Self::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let says = json!({
            "issuer": url, "token_endpoint": format!("{url}/token"), "device_authorization_endpoint": format!("{url}/device"),
        });
        let device = json!({
            "device_code": "code-of-the-device", "user_code": "WDJB-MJHT", "verification_uri": "https://issuer.example/device",
            "expires_in": 60, "interval": 1,
        });
        let told = |what: Value| move || std::future::ready(what.to_string());
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(told(says)))
            .route("/device", post(told(device)))
            .route("/token", post(give))
            .with_state(Arc::clone(&issuer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (url, issuer)
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_logs_in_elsewhere_and_the_token_is_renewed_as_long_as_the_issuer_lets_it() {
    let world = World::of_people().await;
    let address = format!("http://{}", world.address);
    let wish = json!({"subject": "ada", "roles": ["protocol-officer"]}).to_string();
    let asked = reqwest::Client::builder().no_proxy().build().unwrap().post(format!("{address}/dev/issuer/token"));
    let given = asked.header("content-type", "application/json").body(wish).send().await.unwrap().text().await.unwrap();
    let token = serde_json::from_str::<Value>(&given).unwrap()["access_token"].as_str().unwrap().to_owned();
    let (url, issuer) = Issuer::open(token.clone()).await;

    let login = ["login", "--address", &address, "--issuer", &url, "--client-id", "legation-cli"];
    let login = world.run_with("", &login).await;
    assert_eq!(login.code, 0, "{login:?}");
    for words in ["open https://issuer.example/device and enter WDJB-MJHT", "logged in as people/ada"] {
        assert!(login.err.contains(words), "{login:?}");
    }
    assert_eq!(issuer.asked(), 2, "once too early, once when it was confirmed");
    let sent = issuer.asked.lock().unwrap()[1].clone();
    assert!(sent.contains("device_code=code-of-the-device") && sent.contains("client_id=legation-cli"), "{sent}");

    let who = world.run_with("", &["whoami"]).await;
    assert!(who.out.contains("people/ada"), "{who:?}");
    assert_eq!(issuer.asked(), 3, "it was renewed before it was used");
    assert_eq!(world.run_with("", &["whoami"]).await.code, 0);
    assert_eq!(issuer.asked(), 3, "what is good for an hour is not renewed");
    for ran in [&login, &who] {
        assert!(
            ![&ran.out, &ran.err].into_iter().any(|text| text.contains(&token) || text.contains("first")),
            "{ran:?}"
        );
    }

    // The issuer has ended it: the person is told to log in again, and nothing is called.
    let path = world.folder.join("config/profiles.toml");
    let kept = std::fs::read_to_string(&path).unwrap();
    let over: String = kept
        .lines()
        .map(|line| if line.starts_with("until") { "until = 0\n".into() } else { format!("{line}\n") })
        .collect();
    std::fs::write(&path, over).unwrap();
    let refused = world.run_with("", &["whoami"]).await;
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(refused.err.contains("log"), "{refused:?}");
}
