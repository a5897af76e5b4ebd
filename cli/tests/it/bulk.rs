//! `import` and `export`: a register goes out and comes back without a change.

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_exported_can_be_imported() {
    let world = World::new().await;
    let record = |id: &str| {
        format!(
            "{{\"name\":\"missions/{id}\",\"sendingState\":\"FR\",\"type\":\"CONSULATE\",\"title\":\"t\",\"seat\":\"{id}\"}}\n"
        )
    };
    let file = world.file("missions.ndjson", &[record("a"), record("b"), record("c")].concat());
    let made = world.run(&["missions", "import", "-f", &file]).await;
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.err.contains("3 created"), "{made:?}");

    let out = world.folder.join("out.ndjson");
    let exported = world.run(&["missions", "export", "-f", out.to_str().unwrap()]).await;
    assert!(exported.err.contains("3 records"), "{exported:?}");
    assert!(!world.folder.join("out.ndjson.part").exists());
    let again = world.run(&["missions", "import", "-f", out.to_str().unwrap()]).await;
    assert!(again.code == 0 && again.err.contains("3 unchanged"), "{again:?}");
    let printed = world.run(&["missions", "export", "--filter", "seat = \"b\"", "-o", "name"]).await.good();
    assert_eq!(printed, "missions/b\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_is_told_by_its_number_and_the_rest_is_done() {
    let world = World::new().await;
    let good =
        "{\"name\":\"missions/a\",\"sendingState\":\"FR\",\"type\":\"CONSULATE\",\"title\":\"t\",\"seat\":\"s\"}";
    let bad = good.replace("missions/a", "missions/b").replace("\"s\"", "\"\"");
    let file = world.file("missions.ndjson", &format!("{good}\n{bad}\nno JSON\n"));
    let ran = world.run(&["missions", "import", "-f", &file]).await;
    assert_eq!(ran.code, 10, "{ran:?}");
    for part in ["line 2: ", "mission.seat", "line 3: ", "1 created, 2 rejected"] {
        assert!(ran.err.contains(part), "{part} is not in: {}", ran.err);
    }
}
