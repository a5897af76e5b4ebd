//! The service process killed with SIGKILL in the middle of its work, and started again.
//!
//! The process is this test binary once more, which serves the house until it is killed: it is what was just built,
//! whichever package's tests are run.

use crate::chaos_effects::{PROPOSED, kept, propose_all, retry_all, whole};
use crate::stories_door::{Door, Ground, open};
use config::Env;
use std::process::Stdio;
use std::sync::Mutex;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Set for the process that serves.
const SERVES: &str = "LEGATION_E2E_SERVES";
/// What it says before its address.
const READY: &str = "the door is open at ";

/// Serves the house of its environment until it is killed, or whoever started it is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "not a test: the next one starts it as a process of its own, and kills it"]
async fn serves() {
    if std::env::var_os(SERVES).is_none() {
        return;
    }
    let opened = open(&Env::system()).await;
    println!("\n{READY}{}", opened.address);
    let orphaned = tokio::task::spawn_blocking(|| std::io::stdin().lines().for_each(drop));
    orphaned.await.unwrap();
}

/// Starts the house as a process.
async fn start(ground: &Ground) -> (Child, Door) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "chaos_process::serves", "--ignored", "--nocapture"]).env(SERVES, "yes");
    command.envs(ground.settings(&ground.redis.url)).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = loop {
        let line = lines.next_line().await.unwrap().expect("it says where it serves");
        if let Some(address) = line.strip_prefix(READY) {
            break address.parse().unwrap();
        }
    };
    (child, Door::at(address, ground.bootstrap.expose(), None))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_keeps_what_it_acknowledged_and_a_retry_has_one_effect() {
    let ground = Ground::new().await;
    let (child, door) = start(&ground).await;
    let key = door.officer().await;
    let child = Mutex::new(child);
    let answers = propose_all(&door, &key, || child.lock().unwrap().start_kill().unwrap()).await;
    let status = child.into_inner().unwrap().wait().await.unwrap();
    assert!(!status.success(), "it was killed: {status}");
    assert!(answers.iter().any(Option::is_none), "it was killed in the middle");

    let (_child, door) = start(&ground).await;
    let acknowledged = kept(&door, &key, &answers).await;
    let there = whole(&ground.accreditation.pool).await;
    assert!((acknowledged..PROPOSED).contains(&there), "{acknowledged} acknowledged, {there} there");
    retry_all(&door, &key, &answers).await;
    assert_eq!(whole(&ground.accreditation.pool).await, PROPOSED);
}
