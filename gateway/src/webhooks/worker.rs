//! The worker of one gateway: takes due deliveries from the ledger, a few of each webhook at a time, so that a slow
//! endpoint holds up nobody but itself.

use super::endpoint::{Attempt, Sender};
use super::ledger::{Claim, Due, Ledger, Outcome, Target};
use super::owner::{Seen, Sight, see};
use super::records::Webhooks;
use super::schedule::Schedule;
use super::secret::{Secret, WebhookKey};
use super::turns::choose;
use crate::errand::Errands;
use chrono::Utc;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_millis(500);
/// How long to wait after the database did not answer.
const AWAY: Duration = Duration::from_secs(2);
/// The most deliveries of one webhook under way at a time.
const AT_ONCE: i64 = 8;
/// The most webhooks that one gateway works for at a time.
const MOST_WEBHOOKS: usize = 64;
/// The most of them that are of one agency.
const MOST_OF_AGENCY: usize = 16;
/// How often deliveries of one webhook are taken in a row before others have their turn.
const ROUNDS: usize = 8;
/// How often what is kept no longer is removed.
const SWEEP: Duration = Duration::from_hours(1);

/// What deliveries are made with.
pub(crate) struct Worker {
    pub(crate) ledger: Ledger,
    pub(crate) sender: Sender,
    pub(crate) errands: Errands,
    pub(crate) key: WebhookKey,
    pub(crate) schedule: Schedule,
    pub(crate) webhooks: Webhooks,
}

impl Worker {
    /// Delivers until shutdown. An attempt under way is let end; what is held is left to others when its time is over.
    pub(crate) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut running: JoinSet<String> = JoinSet::new();
        // Webhooks in hand, with their agencies.
        let mut busy: HashMap<String, String> = HashMap::new();
        let mut next_sweep = Instant::now();
        let (mut is_away, mut is_stuck) = (false, false);
        while !shutdown.is_cancelled() {
            let mut pause = match self.ledger.due().await {
                Ok(due) => {
                    let free = MOST_WEBHOOKS.saturating_sub(busy.len());
                    for Due { webhook, agency } in choose(due, &busy, free, MOST_OF_AGENCY) {
                        busy.insert(webhook.clone(), agency);
                        let (worker, shutdown) = (Arc::clone(&self), shutdown.clone());
                        running.spawn(async move {
                            worker.drain(&webhook, &shutdown).await;
                            webhook
                        });
                    }
                    is_away = false;
                    LOOK
                }
                Err(error) => {
                    // Told once for each outage.
                    if !is_away {
                        tracing::warn!(%error, "due deliveries cannot be read; trying again until they can");
                    }
                    is_away = true;
                    AWAY
                }
            };
            match self.ledger.replay().await {
                Ok(more) => {
                    is_stuck = false;
                    if more {
                        pause = Duration::ZERO;
                    }
                }
                Err(error) => {
                    if !is_stuck && !is_away {
                        tracing::warn!(%error, "replays cannot go on now; trying again until they can");
                    }
                    is_stuck = true;
                }
            }
            if Instant::now() >= next_sweep {
                next_sweep = Instant::now() + SWEEP;
                if let Err(error) = self.ledger.sweep(self.schedule.keep).await {
                    tracing::warn!(%error, "old deliveries cannot be removed; it is tried again later");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => {}
                Some(ended) = running.join_next() => match ended {
                    Ok(webhook) => drop(busy.remove(&webhook)),
                    Err(error) => {
                        tracing::error!(%error, "deliveries to a webhook met a fault of ours");
                        // Which one it was is not told; none is thought busy that may not be.
                        busy.clear();
                        running.abort_all();
                    }
                },
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Delivers to one webhook as long as something is due, for some rounds: then it waits for its turn again.
    async fn drain(&self, webhook: &str, shutdown: &CancellationToken) {
        for _ in 0..ROUNDS {
            if shutdown.is_cancelled() {
                return;
            }
            match self.round(webhook).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(webhook, %error, "the ledger of deliveries cannot be read or written; trying again later");
                    return;
                }
            }
        }
    }

    /// Takes some deliveries and makes them. Whether there were any.
    async fn round(&self, webhook: &str) -> Result<bool, sqlx::Error> {
        let Some(target) = self.ledger.webhook(webhook).await? else { return Ok(false) };
        let claims = self.ledger.claim(&target, AT_ONCE, self.schedule.hold).await?;
        let made = futures::future::join_all(claims.iter().map(|claim| self.deliver(&target, claim))).await;
        made.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(!claims.is_empty())
    }

    async fn deliver(&self, target: &Target, claim: &Claim) -> Result<(), sqlx::Error> {
        let (service, collection, verb, record) = (&*claim.service, &*claim.collection, &*claim.verb, &*claim.record);
        let seen = Seen { service, collection, verb, record, at: claim.at };
        let later = Utc::now() + self.schedule.postpone;
        let with_actor = match see(&self.errands, &target.key, &seen).await {
            Ok(Sight::Shown { with_actor }) => with_actor || claim.actor == target.key,
            Ok(Sight::Hidden) => return self.ledger.forget(claim).await,
            Ok(Sight::NoKey) => {
                let words = "the key that the webhook acts for is not in force; let another adopt it";
                return self.ledger.postpone(claim, later, words).await;
            }
            Err(fault) => {
                tracing::debug!(
                    delivery = claim.name,
                    reason = fault.reason(),
                    "who may see a record cannot be told now"
                );
                return self.ledger.postpone(claim, later, "the service that keeps the record is away").await;
            }
        };
        let id = claim.name.strip_prefix("deliveries/").unwrap_or(&claim.name);
        let begun = Instant::now();
        let attempt = self.sender.send(&target.url, &self.secrets(target), id, body(claim, with_actor)).await;
        let outcome = self.outcome(claim, &attempt);
        self.ledger.settle(claim, &outcome, begun.elapsed()).await?;
        match outcome {
            Outcome::Delivered(_) => self.ledger.succeeded(&target.name).await,
            Outcome::Later(..) | Outcome::Failed(..) => {
                let failing = self.ledger.failing(&target.name).await?;
                if attempt.is_gone() {
                    self.webhooks.give_up(&target.name, "the endpoint says that it is gone (410)").await;
                } else if failing >= self.schedule.disable_after {
                    let hours = self.schedule.disable_after.as_secs() / 3600;
                    self.webhooks.give_up(&target.name, &format!("nothing was accepted for {hours} hours")).await;
                }
                Ok(())
            }
        }
    }

    fn outcome(&self, claim: &Claim, attempt: &Attempt) -> Outcome {
        let Some(error) = attempt.error.clone() else { return Outcome::Delivered(attempt.status) };
        match self.schedule.wait(claim.attempts + 1, attempt.retry_after, rand::random()) {
            Some(pause) => Outcome::Later(Utc::now() + pause, attempt.status, error),
            None => Outcome::Failed(attempt.status, error),
        }
    }

    /// The secrets in force, the newest first.
    fn secrets(&self, target: &Target) -> Vec<Secret> {
        self.key.in_force(&target.name, target.secret_version, target.overlap_end_time, Utc::now())
    }
}

/// What is sent: the event, with the record as it was after it, without personal and classified fields,
/// and who did it only for who may read the record's history.
fn body(claim: &Claim, with_actor: bool) -> String {
    json!({
        "type": format!("{}.{}.{}", claim.service, claim.collection, claim.verb),
        "timestamp": claim.at,
        "data": {
            "event": claim.event,
            "cursor": claim.seq.to_string(),
            "name": claim.record,
            "version": claim.version,
            "actor": if with_actor { &*claim.actor } else { "" },
            "record": claim.doc.0,
        },
    })
    .to_string()
}
