//! A story fails on a warning it did not expect.

use std::panic;
use testkit::log::{capture, story};
use tracing::Level;

#[test]
fn warnings_of_every_thread_of_a_story_are_kept() {
    let outcome = panic::catch_unwind(|| {
        story(|_| async {
            let logged = tokio::spawn(async { tracing::warn!(attempt = 2, "cannot reach redis") });
            logged.await.unwrap();
        });
    });
    let words = *outcome.unwrap_err().downcast::<String>().unwrap();
    assert!(words.contains("cannot reach redis attempt=2"), "{words}");
}

#[test]
fn a_story_may_expect_a_warning() {
    story(|log| async move {
        log.expect("cannot reach redis");
        tokio::spawn(async { tracing::warn!("cannot reach redis") }).await.unwrap();
        assert!(log.has("cannot reach redis"));
    });
}

#[tokio::test]
async fn two_captures_at_once_keep_apart() {
    let log = capture();
    let other = std::thread::spawn(|| {
        let log = capture();
        tracing::error!("of the other thread");
        log.entries().len()
    });
    tokio::spawn(async { tracing::info!("of this thread") }).await.unwrap();
    assert_eq!(other.join().unwrap(), 1);
    let entries = log.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].level, entries[0].text.as_str()), (Level::INFO, "of this thread"));
    log.assert_quiet();
}
