//! Settings as a service declares and reads them.

use config::{Entry, Env, ExposeSecret as _, Home, Reader, SecretString, Url};
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

config::settings! {
    /// Where records are.
    struct Database {
        /// The address, with its password.
        url: SecretString,
        /// Most connections.
        connections: u32 = 16 => config::between(1, 100),
    }
}

config::settings! {
    /// A service.
    struct Post {
        /// Where it listens,
        /// for everyone.
        listen: SocketAddr = "127.0.0.1:0",
        /// How long it waits.
        patience: Duration = "5s",
        /// Whether it tells.
        tells: bool = false,
        /// Where it reports.
        reports: Option<Url>,
        /// Whom it knows.
        friends: Vec<String>,
        /// Its records.
        database: Database,
    }
}

fn errors(env: Env) -> Vec<(String, String)> {
    let errors = config::read::<Post>(&env, "POST").expect_err("the settings are wrong");
    errors.iter().map(|error| (error.name.clone(), error.message.clone())).collect()
}

fn good() -> Env {
    Env::from_iter([("POST_DATABASE_URL", "postgres://me:hunter2@localhost/post")])
}

#[test]
fn what_is_not_set_has_its_default() {
    let post: Post = config::read(&good(), "POST").unwrap();
    assert_eq!(post.listen, "127.0.0.1:0".parse().unwrap());
    assert_eq!(post.patience, Duration::from_secs(5));
    assert!(!post.tells && post.reports.is_none() && post.friends.is_empty());
    assert_eq!(post.database.connections, 16);
}

#[test]
fn what_is_set_is_read_by_its_type() {
    let env = good()
        .with("POST_LISTEN", "[::1]:8080")
        .with("POST_PATIENCE", "250ms")
        .with("POST_TELLS", "true")
        .with("POST_REPORTS", "http://collector:4317")
        .with("POST_FRIENDS", "ann, bob,,")
        .with("POST_DATABASE_CONNECTIONS", "100");
    let post: Post = config::read(&env, "POST").unwrap();
    assert_eq!(post.listen, "[::1]:8080".parse().unwrap());
    assert_eq!(post.patience, Duration::from_millis(250));
    assert!(post.tells);
    assert_eq!(post.reports.as_deref(), Some("http://collector:4317"));
    assert_eq!(post.friends, ["ann", "bob"]);
    assert_eq!(post.database.connections, 100);
    assert_eq!(post.database.url.expose_secret(), "postgres://me:hunter2@localhost/post");
}

#[test]
fn every_error_is_reported_at_once_and_a_typing_error_is_one() {
    let env = Env::from_iter([
        ("POST_LISTEN", "nowhere"),
        ("POST_PATIENCE", "5 seconds"),
        ("POST_TELLS", "yes"),
        ("POST_REPORTS", "collector"),
        ("POST_DATABASE_CONNECTIONS", "101"),
        ("POST_LISTENS", "127.0.0.1:1"),
        ("POST_DATABASE_FILE", "x"),
        ("ELSEWHERE", "is not our business"),
    ]);
    let names: Vec<_> = errors(env).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "POST_LISTEN",
            "POST_PATIENCE",
            "POST_TELLS",
            "POST_REPORTS",
            "POST_DATABASE_URL",
            "POST_DATABASE_CONNECTIONS",
            "POST_DATABASE_FILE",
            "POST_LISTENS",
        ]
    );
}

#[test]
fn an_empty_text_is_as_good_as_none() {
    assert_eq!(errors(good().with("POST_DATABASE_URL", "")).len(), 1);
    assert!(config::read::<Post>(&good().with("POST_REPORTS", ""), "POST").unwrap().reports.is_none());
}

#[test]
fn what_kubernetes_adds_for_a_service_of_our_name_is_no_typing_error() {
    let env = good()
        .with("POST_SERVICE_HOST", "10.0.0.1")
        .with("POST_SERVICE_PORT_GRPC", "8080")
        .with("POST_PORT", "tcp://10.0.0.1:8080")
        .with("POST_PORT_8080_TCP_ADDR", "10.0.0.1");
    assert!(config::read::<Post>(&env, "POST").is_ok());
    assert_eq!(errors(good().with("POST_PORT", "8080")).len(), 1);
}

#[test]
fn a_secret_is_shown_nowhere() {
    let env = good().with("POST_REPORTS", "http://me:hunter2@collector/x");
    let post: Post = config::read(&env, "POST").unwrap();
    for shown in [format!("{post:?}"), format!("{env:?}"), format!("{:?}", Url::clone(&post.reports.unwrap()))] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let env = Env::from_iter([("POST_DATABASE_CONNECTIONS", "hunter2")]);
    assert!(!config::read::<Post>(&env, "POST").unwrap_err().to_string().contains("hunter2"));
}

#[test]
fn a_secret_may_stand_in_a_file_but_not_in_two_places() {
    let path = std::env::temp_dir().join(format!("config-secret-{}", std::process::id()));
    fs::write(&path, "from a file\n").unwrap();
    let path = path.to_str().unwrap();
    let env = Env::from_iter([("POST_DATABASE_URL_FILE", path)]);
    let post: Post = config::read(&env, "POST").unwrap();
    assert_eq!(post.database.url.expose_secret(), "from a file");
    assert_eq!(errors(good().with("POST_DATABASE_URL_FILE", path)).len(), 1);
    fs::write(path, "\n").unwrap();
    assert_eq!(errors(env.clone()), [("POST_DATABASE_URL_FILE".to_owned(), "names an empty file".to_owned())]);
    fs::remove_file(path).unwrap();
    assert_eq!(errors(env)[0].0, "POST_DATABASE_URL_FILE");
    // A setting that is no secret has no such variant.
    assert_eq!(errors(good().with("POST_PATIENCE_FILE", "x"))[0].0, "POST_PATIENCE_FILE");
}

#[test]
fn several_groups_report_together_and_may_share_a_prefix() {
    let env = Env::from_iter([("POST_URL", "x"), ("POST_LISTEN", "nowhere"), ("HOME_STATE", "usa")]);
    let mut reader = Reader::new(&env);
    let all = reader.read::<Database>("POST").zip(reader.read::<Post>("POST")).zip(reader.read::<Home>("HOME"));
    let errors = reader.finish(all).unwrap_err();
    let names: Vec<_> = errors.iter().map(|error| error.name.as_str()).collect();
    assert_eq!(names, ["POST_LISTEN", "POST_DATABASE_URL", "HOME_STATE"]);
}

#[test]
fn the_home_is_a_setting_and_its_defaults_are_good() {
    let home = Home::default();
    assert_eq!((home.state.as_str(), home.timezone), ("US", chrono_tz::America::New_York));
    assert_eq!(home.weekend, [chrono::Weekday::Sat, chrono::Weekday::Sun]);
    let env = Env::from_iter([
        ("HOME_STATE", "fr"),
        ("HOME_LANGUAGE", "French"),
        ("HOME_TIMEZONE", "Europe/Lutetia"),
        ("HOME_CURRENCY", "euro"),
        ("HOME_WEEKEND", "Mon,Tue,Wed,Thu,Fri,Sat,Sun"),
    ]);
    assert_eq!(config::read::<Home>(&env, "HOME").unwrap_err().iter().count(), 5);
}

#[test]
fn the_docs_list_every_setting() {
    let entries = <Post as config::Settings>::describe("POST");
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "POST_LISTEN",
            "POST_PATIENCE",
            "POST_TELLS",
            "POST_REPORTS",
            "POST_FRIENDS",
            "POST_DATABASE_URL",
            "POST_DATABASE_CONNECTIONS"
        ]
    );
    let Entry { doc, default, required, .. } = &entries[0];
    assert_eq!(
        (doc.as_str(), default.as_deref(), *required),
        ("Where it listens, for everyone.", Some("127.0.0.1:0"), false)
    );
    assert!(entries[5].required && entries[5].secret);
    let table = config::table(&entries);
    assert!(table.contains("| `POST_DATABASE_URL` or `POST_DATABASE_URL_FILE` | a secret | required | The address"));
    assert!(table.contains("| `POST_DATABASE_CONNECTIONS` | a whole number | `16` | Most connections. |"));
}
