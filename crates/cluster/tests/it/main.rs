//! The cluster as its users and its accidents treat it. Needs PostgreSQL and Redis on the machine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use cluster::{Cluster, SUPERUSER, Spec, alive};
use std::env;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A folder of this test's own; what runs in it and is in it goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(env::temp_dir().join(format!("legation-cluster-{}-{name}", std::process::id())))
    }

    fn spec(&self) -> Spec {
        spec(&self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        cluster::purge(&self.0).expect("the cluster can be forgotten");
    }
}

fn spec(dir: &Path) -> Spec {
    Spec { dir: dir.to_owned(), tools: dir.join("tools"), durable: false, install: false }
}

fn start(spec: &Spec) -> Cluster {
    Cluster::start(spec, &mut |_| {}).unwrap()
}

fn databases(cluster: &Cluster) -> String {
    let sql = "select string_agg(datname, ' ' order by datname) from pg_database";
    cluster.postgres().query(SUPERUSER, "postgres", sql).unwrap().concat()
}

fn until(what: &str, mut met: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !met() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain until {what}");
        std::thread::yield_now();
    }
}

fn kill(pid: i32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

fn servers(cluster: &Cluster) -> [i32; 2] {
    [cluster.postgres().pid(), cluster.redis().pid()]
}

fn gone(pids: [i32; 2]) -> bool {
    pids.iter().all(|pid| !alive(*pid, "legation-cluster-"))
}

#[test]
fn what_was_provided_is_there_at_the_second_start() {
    let folder = Folder::new("twice");
    let cluster = start(&folder.spec());
    cluster.postgres().provide(&["accreditation", "gateway"]).unwrap();
    let first = servers(&cluster);
    cluster.stop().unwrap();
    assert!(gone(first));
    let cluster = start(&folder.spec());
    assert_eq!(databases(&cluster), "accreditation gateway postgres template0 template1");
    cluster.postgres().provide(&["accreditation", "gateway"]).unwrap();
}

#[test]
fn one_service_cannot_enter_the_database_of_another() {
    let folder = Folder::new("apart");
    let cluster = start(&folder.spec());
    cluster.postgres().provide(&["accreditation", "gateway"]).unwrap();
    let enter = |role, database| cluster.postgres().query(role, database, "select 1");
    assert_eq!(enter("gateway", "gateway").unwrap(), ["1"]);
    let refusal = enter("gateway", "accreditation").unwrap_err().to_string();
    assert!(refusal.contains("permission denied for database"), "{refusal}");
}

#[test]
fn a_cluster_runs_as_long_as_someone_holds_it() {
    let folder = Folder::new("held");
    let one = start(&folder.spec());
    let other = start(&folder.spec());
    let pids = servers(&one);
    assert_eq!(pids, servers(&other), "the second start takes what runs");
    one.stop().unwrap();
    assert!(!gone(pids));
    databases(&other);
    other.stop().unwrap();
    until("both have ended", || gone(pids));
}

#[test]
fn a_killed_postgres_is_started_anew_though_its_number_is_taken() {
    let folder = Folder::new("killed");
    let cluster = start(&folder.spec());
    cluster.postgres().provide(&["accreditation"]).unwrap();
    let pid = cluster.postgres().pid();
    kill(pid);
    until("it is dead", || !alive(pid, "legation-cluster-"));
    // Another program of the same account has the number by now: PostgreSQL by itself would refuse to start.
    let pid_file = cluster.base().join("postgres/postmaster.pid");
    let stranger =
        fs::read_to_string(&pid_file).unwrap().replacen(&pid.to_string(), &std::process::id().to_string(), 1);
    fs::write(&pid_file, stranger).unwrap();
    drop(cluster);
    let cluster = start(&folder.spec());
    assert!(databases(&cluster).contains("accreditation"));
}

/// Only root can be in this: its folders bar the account that runs PostgreSQL.
#[test]
fn a_project_in_a_folder_of_roots_own_keeps_its_data_elsewhere() {
    if !cluster::is_root() {
        return;
    }
    let barred = Folder::new("barred");
    fs::create_dir(&barred.0).unwrap();
    fs::set_permissions(&barred.0, Permissions::from_mode(0o700)).unwrap();
    let spec = spec(&barred.0.join("cluster"));
    let cluster = start(&spec);
    assert!(cluster.base().starts_with("/var/tmp"), "{}", cluster.base().display());
    let base = cluster.base().to_owned();
    cluster.stop().unwrap();
    assert_eq!(start(&spec).base(), base, "it is found again");
    cluster::purge(&spec.dir).unwrap();
    assert!(!base.exists());
}

/// Holds a cluster until its input ends.
#[test]
#[ignore = "not a test: the next ones start it as a process of its own, and kill it"]
fn holder() {
    let dir = env::var_os("CLUSTER_TEST_HOLD").unwrap();
    let cluster = start(&spec(Path::new(&dir)));
    let [postgres, redis] = servers(&cluster);
    println!("\nholding {postgres} {redis}");
    std::io::stdin().lines().for_each(drop);
}

fn hold(folder: &Folder) -> (Child, [i32; 2]) {
    let mut holder = Command::new(env::current_exe().unwrap());
    holder.args(["--exact", "holder", "--ignored", "--nocapture"]).env("CLUSTER_TEST_HOLD", &folder.0);
    let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let line = lines.find_map(|line| line.unwrap().strip_prefix("holding ").map(str::to_owned)).unwrap();
    let pids: Vec<i32> = line.split(' ').map(|pid| pid.parse().unwrap()).collect();
    (holder, pids.try_into().unwrap())
}

#[test]
fn nothing_is_left_of_a_holder_that_is_killed() {
    let folder = Folder::new("watched");
    let (mut holder, pids) = hold(&folder);
    assert!(!gone(pids));
    holder.kill().unwrap();
    holder.wait().unwrap();
    until("the watchdog has stopped both", || gone(pids));
    drop(start(&folder.spec()));
}

#[test]
fn a_killed_holder_does_not_take_the_cluster_from_another() {
    let folder = Folder::new("shared");
    let (mut holder, pids) = hold(&folder);
    let cluster = start(&folder.spec());
    assert_eq!(servers(&cluster), pids);
    holder.kill().unwrap();
    holder.wait().unwrap();
    databases(&cluster);
    cluster.stop().unwrap();
    until("both have ended", || gone(pids));
}
