//! `apply`: what is missing is made, what differs is changed, what is not said is left alone.

use crate::world::World;

const ONE: &str = "name: missions/fr\nsendingState: FR\ntype: EMBASSY\ntitle: Embassy of France\nseat: Washington\n\
                   phone: \"+1 202 555 0100\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_applied_once() {
    let world = World::new().await;
    let file = world.file("one.yaml", ONE);
    let apply = async |file: &str, more: &[&str]| world.run(&[&["apply", "-f", file], more].concat()).await.good();
    assert_eq!(apply(&file, &["--dry-run"]).await, "missions/fr created (dry run)\n");
    assert_eq!(world.run(&["get", "missions/fr"]).await.code, 6, "a dry run changes nothing");
    assert_eq!(apply(&file, &[]).await, "missions/fr created\n");
    assert_eq!(apply(&file, &[]).await, "missions/fr unchanged\n");

    let moved = world.file("moved.yaml", "name: missions/fr\nseat: Lyon\n");
    assert_eq!(
        apply(&moved, &["--dry-run"]).await,
        "missions/fr updated (dry run)\n  seat: \"Washington\" -> \"Lyon\"\n"
    );
    assert_eq!(apply(&moved, &[]).await, "missions/fr updated\n  seat: \"Washington\" -> \"Lyon\"\n");
    let now = world.run(&["get", "missions/fr", "-o", "json"]).await.json();
    assert_eq!((now["seat"].as_str(), now["phone"].as_str()), (Some("Lyon"), Some("+1 202 555 0100")));

    // What the service wrote can be applied as it is.
    let yaml = world.run(&["get", "missions/fr", "-o", "yaml"]).await.good();
    assert_eq!(apply(&world.file("kept.yaml", &yaml), &[]).await, "missions/fr unchanged\n");
    // An etag in the document is the version that is meant.
    let stale = world.file("stale.yaml", "name: missions/fr\nseat: Nice\netag: 1-00000000\n");
    assert_eq!(world.run(&["apply", "-f", &stale]).await.code, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_document_does_not_keep_the_others_back() {
    let world = World::new().await;
    let two = ONE.replace("missions/fr", "missions/fr2").replace("seat: Washington", "seat: \"\"");
    let file = world.file("many.yaml", &format!("{ONE}---\n{two}---\n{}", ONE.replace("missions/fr", "missions/fr3")));
    let ran = world.run(&["apply", "-f", &file]).await;
    assert_eq!(ran.code, 10, "{ran:?}");
    assert_eq!(ran.out, "missions/fr created\nmissions/fr3 created\n");
    assert!(ran.err.contains("missions/fr2: error: ") && ran.err.contains("#/mission/seat"), "{ran:?}");
    let immutable = world.file("state.yaml", "name: missions/fr\nsendingState: JP\n");
    let refused = world.run(&["apply", "-f", &immutable]).await;
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("sendingState"), "{refused:?}");
}
