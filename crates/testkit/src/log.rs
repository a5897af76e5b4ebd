//! What a test's code logs, kept, so that a test fails on a warning nobody expected.

use std::fmt::{self, Debug, Write as _};
use std::panic;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use tokio::runtime::Builder;
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Level, Subscriber, dispatcher};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::{EnvFilter, Registry};

/// As long as there is but one dispatcher, tracing asks that of the thread which first comes by a place in the code
/// whether the place is logged, and remembers the answer for all threads: the thread of a test that keeps no log would
/// silence it for one that does. With a second dispatcher it asks all of them.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Registry::default().with(LevelFilter::OFF)));

/// One logged event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How bad it is.
    pub level: Level,
    /// The module that logged it.
    pub target: String,
    /// The sentence and its fields: `cannot reach redis error="connection refused"`.
    pub text: String,
}

/// What was logged so far.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    entries: Vec<Entry>,
    expected: Vec<String>,
}

/// A log kept on this thread for as long as this lives. For tests on a single-threaded runtime, `#[tokio::test]`'s
/// own; for others see [`story`].
#[derive(Debug)]
pub struct Capture {
    log: Log,
    _guard: DefaultGuard,
}

/// Begins to keep what this thread logs.
pub fn capture() -> Capture {
    let log = Log::default();
    let guard = dispatcher::set_default(&log.dispatch());
    Capture { log, _guard: guard }
}

impl std::ops::Deref for Capture {
    type Target = Log;
    fn deref(&self) -> &Log {
        &self.log
    }
}

/// Runs a test on a runtime of its own with several threads, keeps what they log, and panics at the end if there was
/// a warning or an error that the test did not [expect](Log::expect).
pub fn story<F: Future>(body: impl FnOnce(Log) -> F) -> F::Output {
    let log = Log::default();
    let dispatch = log.dispatch();
    let on_threads = dispatch.clone();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        // The guard would take the log from the thread; the thread ends with the runtime.
        .on_thread_start(move || std::mem::forget(dispatcher::set_default(&on_threads)))
        .build()
        .expect("a runtime needs threads and nothing else");
    let guard = dispatcher::set_default(&dispatch);
    let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| runtime.block_on(body(log.clone()))));
    drop(runtime);
    drop(guard);
    match outcome {
        Ok(value) => {
            log.assert_quiet();
            value
        }
        Err(cause) => {
            eprintln!("{log}");
            panic::resume_unwind(cause)
        }
    }
}

impl Log {
    /// Everything logged so far, at INFO or above, or as `RUST_LOG` says.
    pub fn entries(&self) -> Vec<Entry> {
        self.kept(|kept| kept.entries.clone())
    }

    /// Warnings and errors whose text contains this are part of the test.
    pub fn expect(&self, text: impl Into<String>) {
        self.kept(|kept| kept.expected.push(text.into()));
    }

    /// Whether something was logged whose text contains this.
    pub fn has(&self, text: &str) -> bool {
        self.kept(|kept| kept.entries.iter().any(|entry| entry.text.contains(text)))
    }

    /// Warnings and errors that were not expected.
    pub fn unexpected(&self) -> Vec<Entry> {
        self.kept(|kept| {
            let expected = |entry: &&Entry| kept.expected.iter().any(|text| entry.text.contains(text.as_str()));
            kept.entries.iter().filter(|entry| entry.level <= Level::WARN && !expected(entry)).cloned().collect()
        })
    }

    /// Panics if there is a warning or an error that was not expected.
    pub fn assert_quiet(&self) {
        let unexpected = self.unexpected();
        assert!(unexpected.is_empty(), "unexpected in the log: {unexpected:#?}");
    }

    /// A dispatcher that keeps events here, to be set on threads of one's own.
    pub fn dispatch(&self) -> Dispatch {
        LazyLock::force(&SECOND);
        let filter = EnvFilter::builder().with_default_directive(Level::INFO.into()).from_env_lossy();
        Dispatch::new(Registry::default().with(filter).with(Keeper(self.clone())))
    }

    fn kept<T>(&self, read: impl FnOnce(&mut Kept) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries().iter().try_for_each(|entry| writeln!(f, "{:5} {} {}", entry.level, entry.target, entry.text))
    }
}

struct Keeper(Log);

impl<S: Subscriber> Layer<S> for Keeper {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let metadata = event.metadata();
        let entry = Entry { level: *metadata.level(), target: metadata.target().to_owned(), text: text.0 };
        self.0.kept(|kept| kept.entries.push(entry));
    }
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let name = field.name();
        let written = match name {
            "message" => write!(self.0, "{value:?}"),
            _ => write!(self.0, " {name}={value:?}"),
        };
        written.expect("text can be written to a string");
    }
}
