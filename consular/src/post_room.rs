//! The post room: takes parcels as they come, hands them to the channel, and writes down what became of them.

use crate::channels::{Channel, Parcel, Undelivered};
use crate::messages::Messages;
use crate::parcels;
use fault::Fault;
use proto::consular::v1::Message;
use proto::consular::v1::delivery_receipt::Carrier;
use sqlx::PgPool;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// What a receipt says of an address that nothing here reaches.
const NO_CHANNEL: &str = "NO_CHANNEL, no channel of this kind is set";
/// How many parcels are taken at once.
const AT_ONCE: i64 = 200;
/// How often it is looked for parcels.
const LOOK: Duration = Duration::from_millis(500);
/// The pause after an error.
const AWAY: Duration = Duration::from_secs(5);

/// Senders of a house. Any number of them work side by side, in any number of processes.
pub struct PostRoom {
    pool: PgPool,
    messages: Messages,
    channel: Arc<dyn Channel>,
}

impl PostRoom {
    /// A post room that sends by a channel.
    pub fn new(pool: PgPool, messages: Messages, channel: Arc<dyn Channel>) -> Self {
        Self { pool, messages, channel }
    }

    /// Sends until shutdown; what is in hand is finished first.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut is_away = false;
        while !shutdown.is_cancelled() {
            let pause = match self.send_some().await {
                Ok(0) => LOOK,
                Ok(_) => continue,
                Err(fault) => {
                    if !is_away {
                        tracing::warn!(error = %fault, "parcels cannot be sent; trying again until they can");
                    }
                    is_away = true;
                    AWAY
                }
            };
            is_away = is_away && pause == AWAY;
            shutdown.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    /// Sends what waits, up to a batch, and closes messages that are through; how many parcels were in hand.
    ///
    /// # Errors
    /// The database's.
    pub async fn send_some(&self) -> Result<usize, Fault> {
        let began = Instant::now();
        let taken = parcels::claim(&self.pool, AT_ONCE).await?;
        if taken.is_empty() {
            self.messages.complete_all().await?;
            return Ok(0);
        }
        let count = taken.len();
        let mut by_carrier: BTreeMap<Carrier, Vec<Parcel>> = BTreeMap::new();
        for parcel in self.written(taken).await? {
            match self.channel.carrier(parcel.channel) {
                Some(carrier) => by_carrier.entry(carrier).or_default().push(parcel),
                None => parcels::failed_for_good(&self.pool, &parcel, NO_CHANNEL, false).await?,
            }
        }
        for (carrier, held) in by_carrier {
            for some in held.chunks(self.channel.at_once()) {
                if began.elapsed() < parcels::BEGIN {
                    self.hand_over(carrier, some).await?;
                } else {
                    let keys: Vec<String> = some.iter().map(|parcel| parcel.key.clone()).collect();
                    parcels::give_back(&self.pool, &keys).await?;
                }
            }
        }
        Ok(count)
    }

    /// Hands parcels to their carrier, and writes down what it says.
    async fn hand_over(&self, carrier: Carrier, parcels: &[Parcel]) -> Result<(), Fault> {
        let outcomes = self.channel.deliver(parcels).await;
        let mut through = Vec::new();
        for (parcel, outcome) in parcels.iter().zip(outcomes) {
            match outcome {
                Ok(()) => through.push(parcel.key.clone()),
                Err(Undelivered::ForNow(why)) => parcels::failed_for_now(&self.pool, parcel, &why).await?,
                Err(Undelivered::ForGood(why)) => parcels::failed_for_good(&self.pool, parcel, &why, true).await?,
            }
        }
        parcels::delivered(&self.pool, &through, carrier).await
    }

    /// The parcels with the texts of the messages they carry, each in its language.
    async fn written(&self, taken: Vec<Parcel>) -> Result<Vec<Parcel>, Fault> {
        let mut messages: HashMap<String, Option<Message>> = HashMap::new();
        let mut written = Vec::with_capacity(taken.len());
        for mut parcel in taken {
            if !parcel.message.is_empty() {
                if !messages.contains_key(&parcel.message) {
                    messages.insert(parcel.message.clone(), self.messages.load(&parcel.message).await?);
                }
                let texts = messages.get(&parcel.message).and_then(Option::as_ref).map(|message| &message.texts);
                let own = |language: &str| speaks(language, &parcel.language);
                let text = texts.and_then(|texts| texts.iter().find(|text| own(&text.language)).or(texts.first()));
                if let Some(text) = text {
                    parcel.subject.clone_from(&text.subject);
                    parcel.body.clone_from(&text.body);
                }
            }
            written.push(parcel);
        }
        Ok(written)
    }
}

impl std::fmt::Debug for PostRoom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostRoom").finish_non_exhaustive()
    }
}

/// Whether a text in one language is for a reader of another: the same, or the same without the region.
fn speaks(language: &str, reader: &str) -> bool {
    let first = |tag: &str| tag.split('-').next().map(str::to_ascii_lowercase);
    language.eq_ignore_ascii_case(reader) || first(language) == first(reader)
}
