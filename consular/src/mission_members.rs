//! Members of missions, as accreditation tells of them: where each stands, so that visas for their posts follow it.
//!
//! Accreditation's events come over the stream at least once, and to several processes not always in order. A row is the newest
//! version that was told; an older one that comes late changes nothing. Nothing personal is kept: events have none, and the name of
//! the record, its state and what that means for a visa are enough. The row is written before the visas are looked for, and whoever
//! prints a visa shares it: so a visa is refused, or found.

use crate::visa::posting_end;
use crate::visa_reviews::POSTING;
use crate::visas::Visas;
use chrono::{DateTime, Utc};
use events::{Event, Handler, HandlerError};
use fault::{Fault, refuse_if};
use pg::Tx;
use proto::consular::v1::visa::PostingEnd;
use proto::consular::v1::visa_application::Purpose;
use proto::consular::v1::{Reason, VisaApplication};
use registry::{Reader, Registry, Store};
use serde::Deserialize;

/// The group of consumers that takes the events in.
pub const GROUP: &str = "consular-mission-members";
/// The service that tells.
pub const TELLS: &str = "accreditation";
/// The collection that it tells of.
const MEMBERS: &str = "members";

const KEEP: &str = "
    insert into mission_members (name, version, state, posting_end, at) values ($1, $2, $3, $4, $5)
    on conflict (name) do update
        set version = excluded.version, state = excluded.state, posting_end = excluded.posting_end, at = excluded.at
        where mission_members.version < excluded.version";

/// Visas in use that say something else of the posting.
const CONCERNED: &str = "
    select name from visas
    where member = $1 and deleted_at is null and state in ('PRINTED', 'VALID') and posting_end <> $2
    order by name";

const STANDS: &str = "select posting_end from mission_members where name = $1";
const STANDS_SHARED: &str = "select posting_end from mission_members where name = $1 for share";

/// Takes in what accreditation tells of members.
#[derive(Clone, Debug)]
pub struct MissionMembers {
    visas: Registry<Visas>,
}

/// What an event says of a member that matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    state: String,
    #[serde(default)]
    unwanted_time: Option<DateTime<Utc>>,
}

impl MissionMembers {
    /// For the visas of a register.
    pub fn new(store: &Store) -> Self {
        Self { visas: store.keep() }
    }
}

impl Handler for MissionMembers {
    fn concerns(&self, event: &Event) -> bool {
        event.kind == MEMBERS
    }

    async fn handle(&self, tx: &mut Tx, event: &Event) -> Result<(), HandlerError> {
        let told: Told = event.document()?;
        let end = match event.verb.as_str() {
            "delete" => Some(PostingEnd::StatusEnded),
            _ => posting_end(&told.state, told.unwanted_time.is_some())?,
        };
        let word = end.map(|end| end.as_str_name()).unwrap_or_default();
        let row = sqlx::query(KEEP).bind(&event.name).bind(event.version).bind(&told.state).bind(word).bind(event.at);
        let is_news = row.execute(&mut **tx).await?.rows_affected() > 0;
        if !is_news || end.is_none() {
            return Ok(());
        }
        let visas = sqlx::query_scalar(CONCERNED).bind(&event.name).bind(word);
        let visas: Vec<String> = visas.fetch_all(&mut **tx).await?;
        self.visas.set_off(tx, &visas, POSTING).await?;
        Ok(())
    }
}

/// What is known of the member that an application names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Posting {
    /// The application is for no post at a mission.
    OtherPurpose,
    /// Nobody told us of this member.
    Unknown,
    /// The member may have a visa for the post, or what ended.
    Known(Option<PostingEnd>),
}

impl Posting {
    /// Of an application's member, who stays so until this change is committed.
    pub(crate) async fn of(reader: &mut Reader<'_>, application: &VisaApplication) -> Result<Self, Fault> {
        if application.purpose() != Purpose::MissionPosting {
            return Ok(Self::OtherPurpose);
        }
        read(reader, STANDS_SHARED, &application.member).await
    }

    /// Of a member at this instant, without a lock: an event may wait for whoever asks.
    pub(crate) async fn glance(reader: &mut Reader<'_>, member: &str) -> Result<Self, Fault> {
        read(reader, STANDS, member).await
    }

    /// Whether a visa can be applied for, granted and printed.
    ///
    /// # Errors
    /// `MISSION_MEMBER_UNKNOWN`, `MISSION_MEMBER_ENDED`.
    pub(crate) fn stands(&self) -> Result<(), Fault> {
        let unknown = *self == Self::Unknown;
        refuse_if(unknown, Reason::MissionMemberUnknown, "no member of a mission is known here by this name yet")
            .map_err(|fault| fault.at("visaApplication.member", "is not known here yet"))?;
        let Self::Known(Some(end)) = self else { return Ok(()) };
        let words = match end {
            PostingEnd::NotAccepted => "the member of the mission was not accepted",
            PostingEnd::PersonaNonGrata => "the member of the mission is declared persona non grata",
            PostingEnd::FunctionsEnded => "the functions of the member of the mission have ended",
            PostingEnd::StatusEnded | PostingEnd::Unspecified => "the status of the member of the mission has ended",
        };
        Err(Fault::new(Reason::MissionMemberEnded, words).with("postingEnd", end.as_str_name()))
    }
}

async fn read(reader: &mut Reader<'_>, text: &'static str, member: &str) -> Result<Posting, Fault> {
    let found = sqlx::query_scalar(text).bind(member).fetch_optional(reader.beside()).await;
    let found: Option<String> = found.map_err(pg::fault)?;
    Ok(found.map_or(Posting::Unknown, |end| Posting::Known(PostingEnd::from_str_name(&end))))
}
