//! The same order prints the same bytes: again, beside others, and in another process.

use crate::page;
use documents::{Most, Press, typeset};
use std::path::PathBuf;
use std::process::Command;

const TEXTS: [&str; 3] = ["The first paragraph.", "Второй абзац. Τρίτη παράγραφος.", "الفقرة الرابعة في المذكرة."];

fn printed() -> Vec<u8> {
    typeset(&page(&TEXTS), &Most::default()).unwrap()
}

#[test]
fn again_in_one_process() {
    let first = printed();
    typeset(&page(&["Something else in between."]), &Most::default()).unwrap();
    assert!(first == printed());
    assert!(first.starts_with(b"%PDF-1.7"));
    let other = typeset(&page(&["The first paragraph"]), &Most::default()).unwrap();
    assert!(first != other, "what differs is printed differently");
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_others_at_the_press() {
    let press = Press::default();
    let prints = (0..6).map(|number| {
        let press = press.clone();
        tokio::spawn(async move {
            let noise = format!("Noise {number}");
            let order = if number % 2 == 0 { page(&TEXTS) } else { page(&[&noise]) };
            (number, press.print(order).await.unwrap())
        })
    });
    let alone = printed();
    for print in prints.collect::<Vec<_>>() {
        let (number, pdf) = print.await.unwrap();
        assert_eq!(pdf == alone, number % 2 == 0, "{number}");
    }
}

#[test]
fn in_another_process() {
    let target = std::env::temp_dir().join(format!("documents-{}.pdf", std::process::id()));
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sameness::writes_where_it_is_told", "--ignored"])
        .env("DOCUMENTS_TARGET", &target)
        .status()
        .unwrap();
    assert!(status.success());
    let theirs = std::fs::read(&target).unwrap();
    std::fs::remove_file(&target).unwrap();
    assert!(theirs == printed());
}

#[test]
#[ignore = "it is the other process of the test above"]
fn writes_where_it_is_told() {
    let target = PathBuf::from(std::env::var_os("DOCUMENTS_TARGET").unwrap());
    std::fs::write(target, printed()).unwrap();
}
