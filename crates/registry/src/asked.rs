//! A request that passed the door: who calls, what it says, and that it keeps the contract's rules.

use crate::codec::Sight;
use crate::effect::{Deed, Keyed};
use crate::keep::Keep;
use crate::kind::Kind;
use crate::store::Store;
use fault::{Fault, Violation};
use identity::{Called, Principal};
use proto::policy::v1::{Reason, Rule};
use proto::shape::Ask;
use ring::digest::{SHA256, digest};
use vault::Vault;

/// A call and what it asks.
#[derive(Clone, Debug)]
pub(crate) struct Asked<R> {
    pub(crate) called: Called,
    pub(crate) ask: R,
}

impl<R: Ask> Asked<R> {
    /// Takes a request in.
    ///
    /// # Errors
    /// `INTERNAL` if it did not come through the identity layer.
    pub(crate) fn of(request: tonic::Request<R>) -> Result<Self, Fault> {
        let called = Called::of(&request)?.clone();
        Ok(Self { called, ask: request.into_inner() })
    }

    /// Checks the contract's rules for the whole request.
    ///
    /// # Errors
    /// `INVALID_FIELDS` with every violation at once.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        check(&self.ask)
    }

    pub(crate) fn principal(&self) -> &Principal {
        &self.called.principal
    }

    pub(crate) fn rule(&self) -> &'static Rule {
        self.called.method.rule()
    }

    pub(crate) fn deed(&self) -> Deed {
        Deed::of(&self.called, self.ask.reason())
    }

    /// What the caller may read of a kind of record.
    pub(crate) fn sight<K: Keep>(&self) -> Sight {
        sight::<K>(self.principal())
    }

    /// The key under which the request has one effect, if it has one.
    pub(crate) fn keyed(&self, store: &Store) -> Option<Keyed> {
        let key = self.ask.request_id();
        (!key.is_empty()).then(|| {
            let (fingerprint, otherwise) = fingerprints(&self.ask, store.vault());
            Keyed { key: key.to_owned(), fingerprint, otherwise, answer: Vec::new() }
        })
    }
}

/// What a caller may read of a kind of record.
pub(crate) fn sight<K: Keep>(of: &Principal) -> Sight {
    Sight::of(of, Kind::of_record::<K::Record>().service(), K::of_office(of))
}

/// What a request asks, in 32 bytes: the same for two requests that differ in nothing but their key. With sealing keys, a
/// stolen database does not even tell whether a request that is guessed was made. And what it would be by the other index
/// key, while keys are exchanged.
fn fingerprints<R: Ask>(ask: &R, vault: Option<&Vault>) -> ([u8; 32], Option<[u8; 32]>) {
    let mut ask = ask.clone();
    ask.clear_request_id();
    let ask = ask.encode_to_vec();
    if let Some(vault) = vault {
        let fingerprint = vault.fingerprint(&ask);
        return (fingerprint, vault.fingerprints(&ask).into_iter().find(|other| *other != fingerprint));
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, &ask).as_ref());
    (fingerprint, None)
}

/// Checks the contract's rules for a whole request. Methods of the registry do it themselves.
///
/// # Errors
/// `INVALID_FIELDS` with every violation at once.
pub fn check<R: Ask>(ask: &R) -> Result<(), Fault> {
    let message = transcode::tables().message(&R::full_name()).expect("every request is in the contract");
    let violations = message.check(&ask.encode_to_vec());
    if violations.is_empty() {
        return Ok(());
    }
    Err(refused(violations))
}

/// The fault for fields that break the contract.
pub(crate) fn refused(violations: Vec<Violation>) -> Fault {
    let count = violations.len();
    let words = if count == 1 { "1 field is wrong".to_owned() } else { format!("{count} fields are wrong") };
    Fault::new(Reason::InvalidFields, words).with_violations(violations)
}
