//! How many streams a caller may have open, and an agency.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use tokio::sync::Semaphore;

/// Places for streams by who has them, for as long as anyone has one or may: not by credential, since a token is had for
/// the asking.
#[derive(Debug, Default)]
pub(super) struct Streams(Mutex<HashMap<Box<str>, Weak<Semaphore>>>);

impl Streams {
    pub(super) fn of(&self, whose: &str, most: usize) -> Arc<Semaphore> {
        let mut all = self.0.lock().expect("nothing panics while it is held");
        if let Some(known) = all.get(whose).and_then(Weak::upgrade) {
            return known;
        }
        if all.len() == all.capacity() {
            all.retain(|_, places| places.strong_count() > 0);
        }
        let places = Arc::new(Semaphore::new(most));
        all.insert(whose.into(), Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_the_same_as_long_as_someone_has_one() {
        let streams = Streams::default();
        let held = streams.of("people/ada", 2).try_acquire_owned().unwrap();
        for n in 0..1_000 {
            streams.of(&format!("people/{n}"), 2);
        }
        assert_eq!(streams.of("people/ada", 2).available_permits(), 1);
        assert!(streams.0.lock().unwrap().len() < 1_000, "who is gone is not remembered");
        drop(held);
        assert_eq!(streams.of("people/ada", 2).available_permits(), 2);
    }
}
