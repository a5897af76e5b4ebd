//! Channels: ways in which a parcel gets to a person. The embedded one takes everything into a mailbox, which reaches nobody
//! outside; SMTP takes mail and nothing else.

mod mailbox;
mod smtp;

pub use mailbox::Mailbox;
pub use smtp::{Smtp, SmtpSettings};

pub use crate::parcels::Parcel;
use futures::future::BoxFuture;
use proto::consular::v1::delivery_receipt::Carrier;
use proto::consular::v1::mailbox_message::Channel as By;

/// A way to people.
pub trait Channel: Send + Sync + 'static {
    /// Who takes over what goes by this; none where nothing is set that could. It is asked first, so that nothing is given
    /// to a channel that does not carry it, and a receipt says what is true.
    fn carrier(&self, by: By) -> Option<Carrier>;

    /// How many parcels it is given at a time: what became of them is written down before it is given more.
    fn at_once(&self) -> usize {
        usize::MAX
    }

    /// Delivers each parcel, and says for each whether it did. It may be asked again for one that it delivered already, when
    /// whoever asked died before writing that down: the same key is the same parcel.
    fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> BoxFuture<'a, Vec<Result<(), Undelivered>>>;
}

/// Why a parcel was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// It may be later: the server is away or busy.
    #[error("{0}")]
    ForNow(String),
    /// It never will be: there is no such address.
    #[error("{0}")]
    ForGood(String),
}
