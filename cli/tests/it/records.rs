//! Records made, read, listed, moved by their verbs and deleted; every refusal with its fields, remedy and exit code.

use crate::world::World;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_mission_from_a_file_to_its_verbs() {
    let world = World::new().await;
    // In YAML 1.1 this would be a mission from `false`.
    let yaml =
        "name: missions/no-embassy\nsendingState: NO\ntype: EMBASSY\ntitle: Embassy of Norway\nseat: Washington\n";
    let file = world.file("norway.yaml", yaml);
    let made = world.run(&["missions", "create", "-f", &file, "-o", "json"]).await.json();
    assert_eq!((&made["name"], &made["sendingState"]), (&json!("missions/no-embassy"), &json!("NO")));

    let shown = world.run(&["get", "missions/no-embassy"]).await.good();
    assert!(shown.contains("state:") && shown.contains("PROPOSED"), "{shown}");
    let row = world.run(&["missions", "request-consent", "no-embassy", "--reason", "a note of 3 March"]).await.good();
    assert!(row.starts_with("NAME") && row.contains("CONSENT_REVIEW"), "{row}");

    let again = world.run(&["missions", "request-consent", "no-embassy"]).await;
    assert_eq!(again.code, 7, "{again:?}");
    assert!(again.err.contains("WRONG_STATE") && again.err.contains("remedy: "), "{again:?}");
    let same = world.run(&["missions", "consent", "no-embassy"]).await;
    assert_eq!(same.code, 5, "{same:?}");
    assert!(same.err.contains("SAME_PERSON"), "{same:?}");

    let updated = world.run(&["missions", "update", "no-embassy", "--seat", "Lyon", "-o", "yaml"]).await.good();
    assert!(updated.contains("seat: Lyon"), "{updated}");
    let stale = world.run(&["missions", "update", "no-embassy", "--seat", "Paris", "--etag", "1-00000000"]).await;
    assert_eq!(stale.code, 7, "{stale:?}");
    let history = world.run(&["missions", "revisions", "no-embassy"]).await.good();
    for part in ["VERB", "requestConsent", "a note of 3 March", "update"] {
        assert!(history.contains(part), "{part} is not in: {history}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_every_field_and_what_to_do() {
    let world = World::new().await;
    let wrong = world.run(&["missions", "create", "--type", "EMBASSY", "--sending-state", "Norway"]).await;
    assert_eq!(wrong.code, 3, "{wrong:?}");
    for part in ["INVALID_FIELDS", "#/mission/sendingState", "#/mission/title", "#/mission/seat", "remedy: ", "trace: "]
    {
        assert!(wrong.err.contains(part), "{part} is not in: {}", wrong.err);
    }
    assert_eq!(world.run(&["missions", "get", "nobody"]).await.code, 6);
    assert_eq!(world.run(&["missions", "get", "members/nobody"]).await.code, 2);
    assert_eq!(world.run(&["missions", "create", "--type", "CASTLE"]).await.code, 2);
    assert_eq!(world.run(&["missions", "list", "--filter", "height = 3"]).await.code, 3);
    let auditor = world.key("auditor").await;
    let denied = world.run_as(&auditor, &["members", "list"]).await;
    assert_eq!(denied.code, 5, "{denied:?}");
    assert!(denied.err.contains("accreditation.members.read"), "{denied:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_paged_and_shown_as_asked() {
    let world = World::new().await;
    for (id, state, seat) in [("a", "FR", "Paris"), ("b", "JP", "Tokyo"), ("c", "FR", "Lyon"), ("d", "FR", "Nice")] {
        world.mission(id, state, seat).await;
    }
    let names = async |arguments: &[&str]| {
        let arguments = [&["missions", "list", "-o", "name"], arguments].concat();
        world.run(&arguments).await.good().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let french = "sendingState = \"FR\"";
    assert_eq!(names(&["--filter", french, "--order-by", "seat"]).await, ["missions/c", "missions/d", "missions/a"]);
    assert_eq!(names(&["--q", "tokyo"]).await, ["missions/b"]);
    assert_eq!(names(&["--all", "--page-size", "1"]).await.len(), 4);
    assert_eq!(names(&["--limit", "3", "--page-size", "2"]).await.len(), 3);
    let first = world.run(&["missions", "list", "--page-size", "2"]).await;
    assert!(first.err.contains("--page-token "), "{first:?}");
    let token = first.err.split("--page-token ").nth(1).unwrap().trim().to_owned();
    assert_eq!(names(&["--page-size", "2", "--page-token", &token]).await, ["missions/c", "missions/d"]);

    let table = world.run(&["missions", "list", "--all"]).await.good();
    let heading =
        table.lines().next().unwrap().split("  ").map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>();
    assert_eq!(heading[..4], ["NAME", "STATE", "SENDING STATE", "TYPE"], "{table}");
    assert_eq!(table.lines().count(), 5, "{table}");
    let chosen = world.run(&["missions", "list", "--columns", "name,seat", "--q", "tokyo"]).await.good();
    assert_eq!(chosen, "NAME        SEAT\nmissions/b  Tokyo\n");
    let json = world.run(&["missions", "list", "--all", "-o", "json"]).await.json();
    assert_eq!(json["missions"].as_array().unwrap().len(), 4);

    world.run(&["missions", "delete", "b"]).await.good();
    assert_eq!(names(&["--all"]).await.len(), 3);
    assert_eq!(names(&["--all", "--show-deleted"]).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn completion_knows_every_collection() {
    let world = World::new().await;
    for shell in ["bash", "zsh", "fish"] {
        let script = world.run_with("", &["completion", shell]).await.good();
        for word in ["identity-cards", "request-consent", "sending-state", "EMBASSY"] {
            assert!(script.contains(word), "{shell} has no {word}");
        }
    }
}
