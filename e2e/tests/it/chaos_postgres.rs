//! PostgreSQL killed with SIGKILL, every process of it, while the house writes: a durable cluster of the test's own.

use crate::chaos_effects::{PROPOSED, kept, propose_all, retry_all, whole};
use crate::stories_door::{Answer, Door, open, settings};
use cluster::{Cluster, Spec};
use config::Env;
use identity::ApiKeyText;
use sqlx::PgPool;
use std::path::PathBuf;
use std::process::Command;
use testkit::until;
use tokio::sync::Notify;

/// What readers ask for.
const MISSIONS: &str = "accreditation/missions";

/// The folder of a cluster, forgotten with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("legation-e2e-{}", ApiKeyText::generate().id())))
    }

    async fn cluster(&self) -> Cluster {
        let spec = Spec { dir: self.0.clone(), tools: self.0.join("tools"), durable: true, install: false };
        let started = tokio::task::spawn_blocking(move || Cluster::start(&spec, &mut |_| {})).await;
        started.unwrap().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Of what cannot be deleted, the system's own sweeping of temporary files takes care.
        drop(cluster::purge(&self.0));
    }
}

/// Kills the server and its children at one blow, so that none of them ends its work.
fn kill(server: i32) {
    let children = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap();
    let mut kill = Command::new("kill");
    kill.arg("-9").arg(server.to_string()).args(children.split_whitespace());
    // A child may have ended by itself in between.
    kill.status().unwrap();
}

/// Whether a request was served; panics unless it was refused as what can be tried again. A call that waits in vain for
/// a connection cannot know whether the others hold them all or nobody gets one, and is told `OVERLOADED`, or that its
/// time has passed.
fn is_served(answer: &Answer) -> bool {
    if answer.status == 200 {
        return true;
    }
    let again = [(503, "UNAVAILABLE"), (503, "OVERLOADED"), (504, "DEADLINE_EXCEEDED")];
    assert!(again.contains(&(answer.status, answer.reason().as_str())), "{answer:?}");
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postgres_loses_nothing_acknowledged_and_the_service_finds_back_by_itself() {
    let folder = Folder::new();
    let cluster = folder.cluster().await;
    let postgres = cluster.postgres();
    postgres.provide(&["gateway", "accreditation", "consular"]).unwrap();
    let bootstrap = ApiKeyText::generate();
    let (own, accreditation) = (postgres.service_url("gateway"), postgres.service_url("accreditation"));
    let mut env = Env::default();
    let consular = postgres.service_url("consular");
    env.extend(settings(&own, &accreditation, &consular, &cluster.redis().url(0), &bootstrap));
    let opened = open(&env).await;
    let door = Door::at(opened.address, bootstrap.expose(), Some(opened));
    let key = door.officer().await;

    let (server, killed) = (postgres.pid(), Notify::new());
    let writing = propose_all(&door, &key, || {
        kill(server);
        killed.notify_one();
    });
    let restarting = async {
        killed.notified().await;
        until("readers are refused too", async || !is_served(&door.get(&key, MISSIONS).await)).await;
        // Lets go first: the dead server's process number is free only when this process has buried it.
        tokio::task::spawn_blocking(move || drop(cluster)).await.unwrap();
        folder.cluster().await
    };
    let (answers, _restarted) = tokio::join!(writing, restarting);
    let told = answers.iter().map(|answer| answer.as_ref().expect("the door answers, whatever happens behind it"));
    assert!(told.filter(|answer| !is_served(answer)).count() > 0, "it was killed in the middle");

    until("the house finds its database again", async || is_served(&door.get(&key, MISSIONS).await)).await;
    let pool = PgPool::connect(&accreditation).await.unwrap();
    let kept = kept(&door, &key, &answers).await;
    let there = whole(&pool).await;
    assert!((kept..PROPOSED).contains(&there), "{kept} acknowledged, {there} there");
    retry_all(&door, &key, &answers).await;
    assert_eq!(whole(&pool).await, PROPOSED);

    pool.close().await;
    door.close().await;
}
