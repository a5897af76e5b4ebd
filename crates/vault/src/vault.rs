//! The vault: wrapping keys, of which the newest wraps and all unwrap, and the key of the blind index.
//!
//! While the index key is exchanged there are two. Which of them makes blind values is not for one process to say, or two
//! of them would write one value in two ways: the database says it, and [`Vault::compare_by`] tells the vault.

use crate::data_key::{self, DataKey, cipher};
use crate::file::{self, Unusable};
use crate::{Broken, KEY, joined};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::LessSafeKey;
use ring::digest::{SHA256, digest};
use ring::hmac;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of a wrapping key's id, before what it wrapped.
const ID: usize = 8;
/// Bytes of a blind value: half of SHA-256's, so that two values never look alike by chance.
const BLIND: usize = 16;

/// The keys of a file of sealing keys. Cheap to clone; `Debug` shows the ids of wrapping keys and no key.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    /// The newest first; two at most.
    indexes: Vec<hmac::Key>,
    /// Which of them makes blind values.
    current: AtomicUsize,
    /// The newest first.
    keys: Vec<WrappingKey>,
}

/// A key that wraps data keys.
pub(crate) struct WrappingKey {
    id: [u8; ID],
    cipher: LessSafeKey,
}

/// A data key as the database may have it.
#[derive(Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// The id of the key that wrapped it.
    pub by: String,
    /// The wrapped key, with that id before it.
    pub bytes: Vec<u8>,
}

impl WrappingKey {
    /// Its id says nothing about it, and is the same wherever the key is.
    pub(crate) fn of(key: &[u8; KEY]) -> Self {
        let name = digest(&SHA256, &[b"legation wrapping key".as_slice(), key].concat());
        let mut id = [0; ID];
        id.copy_from_slice(&name.as_ref()[..ID]);
        Self { id, cipher: cipher(key) }
    }
}

impl Vault {
    pub(crate) fn of(indexes: &[[u8; KEY]], keys: Vec<WrappingKey>) -> Self {
        let indexes = indexes.iter().map(|index| hmac::Key::new(hmac::HMAC_SHA256, index)).collect();
        Self(Arc::new(Inner { indexes, current: AtomicUsize::new(0), keys }))
    }

    /// Reads the text of a file of sealing keys: `index` and a key, a second time for the former one while it is
    /// exchanged; `key` and a key as often as there are wrapping keys, the newest first; each 32 bytes in base64. `#`
    /// begins a remark.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        file::read(text)
    }

    /// The ids of the wrapping keys, the newest first.
    pub fn ids(&self) -> Vec<String> {
        self.0.keys.iter().map(|key| hex::encode(key.id)).collect()
    }

    /// Wraps the data key of a record with the newest key. It unwraps for this record alone.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn wrap(&self, record: &str, key: &DataKey) -> Result<Wrapped, Broken> {
        let newest = &self.0.keys[0];
        let mut bytes = newest.id.to_vec();
        bytes.extend(data_key::seal(&newest.cipher, &["data key", record], key.bytes())?);
        Ok(Wrapped { by: hex::encode(newest.id), bytes })
    }

    /// The data key of a record, by whichever key it was wrapped.
    ///
    /// # Errors
    /// The key that wrapped it is not here; it was altered, or is another record's.
    pub fn unwrap(&self, record: &str, wrapped: &[u8]) -> Result<DataKey, Broken> {
        let (id, sealed) = wrapped.split_at_checked(ID).ok_or(Broken::Sealed)?;
        let key = self.0.keys.iter().find(|key| key.id == id).ok_or(Broken::UnknownKey)?;
        DataKey::of(&data_key::open(&key.cipher, &["data key", record], sealed)?)
    }

    /// What stands for a value of this field where values must be compared: the same for equal values of the field, and
    /// nothing that can be guessed from or at without the index key.
    pub fn blind(&self, field: &str, value: &str) -> String {
        blind(self.index(), field, value)
    }

    /// All that may stand for it in a database: by each of the index keys, whichever makes blind values now.
    pub fn blinds(&self, field: &str, value: &str) -> Vec<String> {
        self.0.indexes.iter().map(|index| blind(index, field, value)).collect()
    }

    /// What a request asks, in 32 bytes that nobody can try requests against without the index key.
    pub fn fingerprint(&self, request: &[u8]) -> [u8; 32] {
        fingerprint(self.index(), request)
    }

    /// All that it may have been: by each of the index keys.
    pub fn fingerprints(&self, request: &[u8]) -> Vec<[u8; 32]> {
        self.0.indexes.iter().map(|index| fingerprint(index, request)).collect()
    }

    /// What tells the index key that makes blind values from any other, for a database to know whether it is the one it was
    /// written with.
    pub fn index_mark(&self) -> [u8; 32] {
        mark(self.index())
    }

    /// The marks of the index keys, as the file has them: the newest first.
    pub fn index_marks(&self) -> Vec<[u8; 32]> {
        self.0.indexes.iter().map(mark).collect()
    }

    /// Whether there are two index keys.
    pub fn exchanges_index(&self) -> bool {
        self.0.indexes.len() > 1
    }

    /// From now on blind values are made by the index key of this mark. Whether it is here.
    pub fn compare_by(&self, index_mark: &[u8]) -> bool {
        let found = self.0.indexes.iter().position(|index| mark(index) == index_mark);
        if let Some(found) = found {
            self.0.current.store(found, Ordering::Release);
        }
        found.is_some()
    }

    fn index(&self) -> &hmac::Key {
        &self.0.indexes[self.0.current.load(Ordering::Acquire)]
    }
}

fn blind(index: &hmac::Key, field: &str, value: &str) -> String {
    URL_SAFE_NO_PAD.encode(&code(index, &["blind", field, value])[..BLIND])
}

fn fingerprint(index: &hmac::Key, request: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(index);
    context.update(&joined(&["request"]));
    context.update(request);
    let mut code = [0; 32];
    code.copy_from_slice(context.sign().as_ref());
    code
}

fn mark(index: &hmac::Key) -> [u8; 32] {
    code(index, &["index mark"])
}

fn code(index: &hmac::Key, parts: &[&str]) -> [u8; 32] {
    let mut code = [0; 32];
    code.copy_from_slice(hmac::sign(index, &joined(parts)).as_ref());
    code
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Vault").field(&self.ids()).finish()
    }
}

impl fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wrapped(by {})", self.by)
    }
}

impl config::Value for Vault {
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|unusable| unusable.to_string())
    }

    fn kind() -> String {
        "sealing keys: `index` and a key (two while it is exchanged), then `key` and a key for each wrapping key, the newest first; 32 bytes in base64 each"
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    fn vault(keys: &[u8]) -> Vault {
        let keys: String = keys.iter().map(|byte| format!("key {}\n", STANDARD.encode([*byte; KEY]))).collect();
        Vault::parse(&format!("index {}\n{keys}", STANDARD.encode([200; KEY]))).unwrap()
    }

    #[test]
    fn the_newest_key_wraps_and_the_older_still_open() {
        let key = DataKey::random().unwrap();
        let old = vault(&[1]).wrap("members/a", &key).unwrap();
        let both = vault(&[2, 1]);
        assert_eq!(both.unwrap("members/a", &old.bytes), Ok(key));
        let new = both.wrap("members/a", &key).unwrap();
        assert_eq!((new.by.as_str(), old.by.as_str()), (both.ids()[0].as_str(), both.ids()[1].as_str()));
        assert_eq!(vault(&[2]).unwrap("members/a", &new.bytes), Ok(key));
        assert_eq!(vault(&[2]).unwrap("members/a", &old.bytes), Err(Broken::UnknownKey));
        assert_eq!(both.unwrap("members/b", &new.bytes), Err(Broken::Sealed));
        assert_eq!(both.unwrap("members/a", b"short"), Err(Broken::Sealed));
    }

    #[test]
    fn blind_values_are_of_their_field_and_their_key() {
        let vault = vault(&[1]);
        let blind = vault.blind("members.passport_number", "L898902C3");
        assert_eq!(blind, vault.blind("members.passport_number", "L898902C3"));
        assert_ne!(blind, vault.blind("registrations.passport_number", "L898902C3"));
        assert_ne!(blind, vault.blind("members.passport_number", "L898902C4"));
        let other = Vault::parse(&crate::generate().unwrap()).unwrap();
        assert_ne!(blind, other.blind("members.passport_number", "L898902C3"));
        assert_ne!(vault.index_mark(), other.index_mark());
    }

    #[test]
    fn of_two_index_keys_one_makes_blind_values_and_both_are_looked_for() {
        let [old, new] = [200, 201].map(|byte| STANDARD.encode([byte; KEY]));
        let open = |indexes: &str| Vault::parse(&format!("{indexes} key {}", STANDARD.encode([1; KEY]))).unwrap();
        let before = open(&format!("index {old}"));
        let both = open(&format!("index {new} index {old}"));
        let after = open(&format!("index {new}"));
        let place = "members.passport_number";
        let by = |vault: &Vault| (vault.blind(place, "L898902C3"), vault.fingerprint(b"a request"), vault.index_mark());
        assert_eq!(by(&both), by(&after));
        assert_eq!(both.index_marks(), [after.index_mark(), before.index_mark()]);

        assert!(both.clone().compare_by(&before.index_mark()), "all clones of a vault compare alike");
        assert_eq!(by(&both), by(&before));
        assert!(!both.compare_by(&[0; 32]) && !before.compare_by(&after.index_mark()));
        assert_eq!(both.blinds(place, "L898902C3"), [by(&after).0, by(&before).0]);
        assert_eq!(both.fingerprints(b"a request"), [by(&after).1, by(&before).1]);
        assert!(both.exchanges_index() && !before.exchanges_index());
    }

    #[test]
    fn nothing_shown_is_a_key() {
        let shown = format!("{:?} {:?}", vault(&[1]), DataKey::of(&[7; KEY]).unwrap());
        assert_eq!(shown, format!("Vault([\"{}\"]) DataKey(…)", vault(&[1]).ids()[0]));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_in_its_place_and_whole(plain in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>()) {
            let key = DataKey::random().unwrap();
            let sealed = key.seal(&["members/a", "1-x"], &plain).unwrap();
            prop_assert_eq!(key.open(&["members/a", "1-x"], &sealed).unwrap(), plain);
            prop_assert!(key.open(&["members/a1", "-x"], &sealed).is_err());
            let mut altered = sealed.clone();
            altered[at.index(sealed.len())] ^= 1;
            prop_assert!(key.open(&["members/a", "1-x"], &altered).is_err());
            prop_assert!(DataKey::random().unwrap().open(&["members/a", "1-x"], &sealed).is_err());
        }
    }
}
