//! `audit`: a log is proved where it is kept and where it was taken to, and what was done to it is told.

use crate::world::{Ran, World};
use serde_json::Value;
use testkit::until;

/// A house in which something happened, an auditor, and the export of all of it, with the head that a check ended with.
struct Audited {
    world: World,
    auditor: String,
    export: String,
    head: String,
}

impl Audited {
    async fn new() -> Self {
        let world = World::sealed().await;
        let auditor = world.key("auditor").await;
        for id in ["a", "b", "c"] {
            world.mission(id, "FR", id).await;
        }
        let out = world.folder.join("audit.ndjson");
        let export = out.to_str().unwrap().to_owned();
        // One of the contract's services is not in this house: an export of all would say so and fail.
        let mut whole = String::new();
        for service in ["accreditation", "gateway"] {
            let sealed = async || {
                let arguments = ["audit", "export", "--service", service, "-f", &export];
                world.run_as(&auditor, &arguments).await.good();
                let text = std::fs::read_to_string(&export).unwrap();
                (text.lines().count() >= 3).then_some(text)
            };
            whole += &until("what happened is sealed", sealed).await;
        }
        std::fs::write(&export, whole).unwrap();
        let checked = world.run_as("", &["audit", "verify", "--file", &export]).await.good();
        let head = checked.lines().find(|line| line.starts_with("head accreditation=")).unwrap().to_owned();
        Self { world, auditor, export, head }
    }

    /// A check of the export after a change to its lines of accreditation, with the head that was kept.
    async fn checked(&self, change: impl Fn(&mut Vec<Value>)) -> Ran {
        let text = std::fs::read_to_string(&self.export).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut lines: Vec<_> = lines.filter(|line| line["service"] == "accreditation").collect();
        change(&mut lines);
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let file = self.world.file("changed.ndjson", &text);
        // No key and no address: nothing but the file and the head.
        let arguments = ["audit", "verify", "--file", &file, "--anchor", self.head.strip_prefix("head ").unwrap()];
        self.world.run_with("", &arguments).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_exported_is_proved_without_the_services_and_every_change_to_it_is_found() {
    let audited = Audited::new().await;
    let whole = audited.checked(|_| ()).await.good();
    assert!(whole.starts_with("accreditation: intact, ") && whole.contains(" 0 past the anchors"), "{whole}");

    let tampered = audited.checked(|lines| lines[1]["row"]["actor"] = "people/nobody".into()).await;
    assert_eq!(tampered.code, 11, "{tampered:?}");
    assert!(tampered.out.contains("NOT INTACT") && tampered.out.contains("at position 2 was altered"), "{tampered:?}");
    let removed = audited.checked(|lines| drop(lines.remove(1))).await;
    assert_eq!(removed.code, 11, "{removed:?}");
    assert!(removed.out.contains("positions 2 to 2 are missing"), "{removed:?}");
    let reordered = audited.checked(|lines| lines.swap(0, 1)).await;
    assert_eq!(reordered.code, 11, "{reordered:?}");
    assert!(reordered.out.contains("position 1 stands behind a later one"), "{reordered:?}");
    let cut = audited.checked(|lines| drop(lines.pop())).await;
    assert_eq!(cut.code, 11, "{cut:?}");
    assert!(cut.out.contains("and was anchored at"), "{cut:?}");
    let empty = audited.checked(Vec::clear).await;
    assert_eq!(empty.code, 11, "{empty:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_services_log_is_proved_and_one_that_was_changed_ends_the_program_so() {
    let audited = Audited::new().await;
    let (world, auditor) = (&audited.world, &audited.auditor);
    let head = audited.head.strip_prefix("head ").unwrap();
    let good = world.run_as(auditor, &["audit", "verify", "--service", "accreditation", "--anchor", head]).await.good();
    assert!(good.starts_with("accreditation: intact, "), "{good}");
    // Of the services of the contract one is not in this house: what could not be checked is no proof.
    let all = world.run_as(auditor, &["audit", "verify"]).await;
    assert!(all.code == 9 && all.out.contains("consular: not checked"), "{all:?}");
    assert!(all.out.contains("accreditation: intact") && all.out.contains("gateway: intact"), "{all:?}");

    world.tamper("update audit set actor = 'people/nobody' where seq = (select min(seq) from audit_chain)").await;
    let broken = world.run_as(auditor, &["audit", "verify", "--service", "all"]).await;
    assert_eq!(broken.code, 11, "{broken:?}");
    assert!(broken.out.contains("accreditation: NOT INTACT") && broken.out.contains("was altered"), "{broken:?}");
    let refused = world.run(&["audit", "verify", "--service", "accreditation"]).await;
    assert_eq!(refused.code, 5, "an officer is no auditor: {refused:?}");
    assert_eq!(world.run_as(auditor, &["audit", "verify", "--service", "nobody"]).await.code, 2);
    assert_eq!(world.run_as(auditor, &["audit", "verify", "--anchor", "x"]).await.code, 2);
}
