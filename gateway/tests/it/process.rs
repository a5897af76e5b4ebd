//! The gateway as its own process: from its settings to SIGTERM.

use crate::rig::{client, database, send};
use identity::ApiKeyText;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const LONG_ENOUGH: Duration = Duration::from_secs(60);

fn gateway(settings: &[(&str, &str)]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.envs(settings.iter().copied()).spawn().unwrap()
}

#[tokio::test]
async fn a_process_opens_its_door_and_closes_it_in_order() {
    let db = database().await;
    let key = ApiKeyText::generate();
    let bootstrap = format!("{}:{}", key.id(), key.sha256_hex());
    let mut child = gateway(&[
        ("GATEWAY_DATABASE_URL", &db.url),
        ("GATEWAY_DATABASE_SEALING_KEYS", testkit::SEALING_KEYS),
        ("GATEWAY_LISTEN", "127.0.0.1:0"),
        ("GATEWAY_BOOTSTRAP_KEY_SHA256", &bootstrap),
        ("GATEWAY_SIGNING_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(LONG_ENOUGH, lines.next_line()).await.unwrap().unwrap().expect("it says where it listens");
    let address =
        line.split_whitespace().find_map(|word| word.trim_end_matches(';').parse::<std::net::SocketAddr>().ok());
    let url = format!("http://{}/v1/gateway/whoami", address.unwrap_or_else(|| panic!("{line}")));
    let who = send(client().get(url).bearer_auth(key.expose())).await;
    assert_eq!((who.status, who.json()["subject"].as_str()), (200, Some(&*format!("apiKeys/{}", key.id()))));

    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    let status = timeout(LONG_ENOUGH, child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_process_with_bad_settings_names_all_of_them_and_ends() {
    let child = gateway(&[
        ("GATEWAY_LISTEN", "everywhere"),
        ("GATEWAY_RATE", "0"),
        ("GATEWAY_UPSTREAMS", "accreditation"),
        ("GATEWAY_BOOTSTRAP_KEY_SHA256", "secret"),
        ("GATEWAY_TYPO", "1"),
    ]);
    let output = timeout(LONG_ENOUGH, child.wait_with_output()).await.unwrap().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    for name in ["DATABASE_URL", "SIGNING_KEY", "LISTEN", "RATE", "UPSTREAMS", "BOOTSTRAP_KEY_SHA256", "TYPO"] {
        assert!(said.contains(&format!("GATEWAY_{name}")), "{name} is not in: {said}");
    }
}
