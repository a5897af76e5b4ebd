//! A consumer group's commands to Redis.

use super::dead_letters;
use crate::link::{Link, is_busy_group};
use redis::streams::{
    StreamAutoClaimOptions, StreamAutoClaimReply, StreamId, StreamPendingCountReply, StreamReadOptions, StreamReadReply,
};
use redis::{AsyncCommands as _, RedisError, Script, Value};
use std::collections::HashMap;
use std::time::Duration;

/// About how many dead letters are kept.
const DEAD_LETTERS: usize = 100_000;

/// Hands over what a leaving member has not finished, as if it had been left long ago; a member that left nothing is
/// forgotten. In one script: a late answer to a read given up must not be forgotten with it.
const LEAVE: &str = "
    local left = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 10000, ARGV[2])
    for _, entry in ipairs(left) do
        redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, entry[1], 'IDLE', ARGV[3], 'JUSTID')
    end
    if #left == 0 then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2]) end
    return #left";

/// A group, and the member of it that this consumer is.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) member: String,
    pub(super) streams: Vec<String>,
}

/// An entry of a stream, delivered to this member.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) stream: String,
    pub(super) id: String,
    pub(super) fields: HashMap<String, Value>,
    /// How often it was delivered to anyone, this time included.
    pub(super) deliveries: u32,
}

impl Group {
    /// Makes the group on every stream that lacks it, from the stream's first entry on.
    pub(super) async fn found(&self, link: &mut Link) -> Result<(), RedisError> {
        let redis = link.open().await?;
        for stream in &self.streams {
            match redis.xgroup_create_mkstream::<_, _, _, ()>(stream, &self.name, "0").await {
                Err(error) if !is_busy_group(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Waits for entries that nobody has been given yet.
    pub(super) async fn read(&self, link: &mut Link, block: Duration, most: u32) -> Result<Vec<Entry>, RedisError> {
        let milliseconds = usize::try_from(block.as_millis()).unwrap_or(usize::MAX);
        self.deliver(link, ">", StreamReadOptions::default().block(milliseconds).count(most as usize)).await
    }

    /// What this member was given and has not acknowledged.
    pub(super) async fn resume(&self, link: &mut Link) -> Result<Vec<Entry>, RedisError> {
        self.deliver(link, "0", StreamReadOptions::default()).await
    }

    async fn deliver(&self, link: &mut Link, from: &str, how: StreamReadOptions) -> Result<Vec<Entry>, RedisError> {
        let options = how.group(&self.name, &self.member);
        let from = vec![from; self.streams.len()];
        let reply: Option<StreamReadReply> = link.open().await?.xread_options(&self.streams, &from, &options).await?;
        let mut entries = Vec::new();
        for stream in reply.into_iter().flat_map(|reply| reply.keys) {
            entries.extend(stream.ids.into_iter().map(|found| Entry::of(&stream.key, found, 1)));
        }
        Ok(entries)
    }

    /// Takes over entries whose member gave no sign for `stale`.
    pub(super) async fn claim(&self, link: &mut Link, stale: Duration, most: u32) -> Result<Vec<Entry>, RedisError> {
        let redis = link.open().await?;
        let idle = u64::try_from(stale.as_millis()).unwrap_or(u64::MAX);
        let mut entries = Vec::new();
        for stream in &self.streams {
            let mut from = "0-0".to_owned();
            loop {
                let options = StreamAutoClaimOptions::default().count(most as usize);
                let reply: StreamAutoClaimReply =
                    redis.xautoclaim_options(stream, &self.name, &self.member, idle, &from, options).await?;
                for found in reply.claimed {
                    let pending: StreamPendingCountReply =
                        redis.xpending_count(stream, &self.name, &found.id, &found.id, 1).await?;
                    let deliveries = pending.ids.first().map_or(1, |pending| pending.times_delivered);
                    entries.push(Entry::of(stream, found, u32::try_from(deliveries).unwrap_or(u32::MAX)));
                }
                if !reply.deleted_ids.is_empty() {
                    let events = reply.deleted_ids.len();
                    tracing::error!(
                        group = self.name,
                        stream,
                        events,
                        "events left the stream before they were handled"
                    );
                }
                from = reply.next_stream_id;
                if from == "0-0" || entries.len() >= most as usize {
                    break;
                }
            }
        }
        Ok(entries)
    }

    /// Says that an entry had its effect.
    pub(super) async fn acknowledge(&self, link: &mut Link, entry: &Entry) -> Result<(), RedisError> {
        link.open().await?.xack(&entry.stream, &self.name, &[&entry.id]).await
    }

    /// Puts an entry in the dead letters, and is done with it.
    pub(super) async fn bury(&self, link: &mut Link, entry: &Entry, error: &str, tries: u32) -> Result<(), RedisError> {
        let mut pipeline = redis::pipe();
        pipeline.atomic();
        let add = pipeline.cmd("XADD").arg(dead_letters(&self.name)).arg("MAXLEN").arg("~").arg(DEAD_LETTERS).arg("*");
        for (field, value) in &entry.fields {
            if let Value::BulkString(value) = value {
                add.arg(field).arg(value);
            }
        }
        add.arg("error").arg(error).arg("tries").arg(tries);
        add.arg("stream").arg(&entry.stream).arg("entry").arg(&entry.id).ignore();
        pipeline.xack(&entry.stream, &self.name, &[&entry.id]).ignore();
        pipeline.exec_async(link.open().await?).await
    }

    /// Leaves the group, and what is unfinished to the others.
    pub(super) async fn leave(&self, link: &mut Link, stale: Duration) -> Result<(), RedisError> {
        let redis = link.open().await?;
        let script = Script::new(LEAVE);
        for stream in &self.streams {
            let idle = u64::try_from(stale.as_millis()).unwrap_or(u64::MAX);
            script.key(stream).arg(&self.name).arg(&self.member).arg(idle).invoke_async::<()>(redis).await?;
        }
        Ok(())
    }
}

impl Entry {
    fn of(stream: &str, found: StreamId, deliveries: u32) -> Self {
        Self { stream: stream.to_owned(), id: found.id, fields: found.map, deliveries }
    }
}
