//! Messages to those who are registered at a place: whom they are for is found out once, each gets one.

use crate::errand;
use crate::places::{Place, who_is_at};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::message::State;
use proto::consular::v1::message_service_server::MessageService;
use proto::consular::v1::{
    CancelMessageRequest, CompleteMessageRequest, CreateMessageRequest, DeliveryReceipt, GetMessageProgressRequest,
    GetMessageProgressResponse, GetMessageRequest, ListMessageRevisionsRequest, ListMessageRevisionsResponse,
    ListMessagesRequest, ListMessagesResponse, Message, ReadMessageReceiptsRequest, ReadMessageReceiptsResponse,
    Reason, SendMessageRequest, UpdateMessageRequest, WatchMessagesRequest, WatchMessagesResponse, delivery_receipt,
    mailbox_message::Channel,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, timestamp};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use std::collections::BTreeMap;
use tonic::{Request, Response};

/// A parcel for each registration with a proven address, by the one that was proven first; then by the others.
const ADDRESS: &str = "
    insert into parcels (key, message, registration, channel, address, others, language)
    select $1 || '/' || r.name, $1, r.name, case when position('@' in a.proven[1]) > 0 then 'EMAIL' else 'SMS' end,
        a.proven[1], a.proven[2:], r.doc->>'language'
    from unnest($2::text[]) t (name) join registrations r on r.name = t.name,
        lateral (select array(select v.one->>'address' from jsonb_array_elements(r.doc->'verified')
            with ordinality v (one, n) order by v.n) as proven) a
    where r.state in ('ACTIVE', 'STALE') and cardinality(a.proven) > 0
    on conflict (key) do nothing";

const COUNTS: &str = "select state, count(*) from parcels where message = $1 group by state";

const RECEIPTS: &str = "select registration, channel, state, attempts, delivered_at, failure, carrier from parcels
    where message = $1 and registration > $2 order by registration limit $3";

/// The most receipts of a page, and how many it has if the caller does not say.
const PAGES: (i64, i64) = (1_000, 50);

/// The messages.
#[derive(Clone, Debug)]
pub struct Messages {
    registry: Registry<Self>,
}

impl Keep for Messages {
    type Record = Message;

    /// Those who write to citizens; partner agencies and foreign missions never.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    fn admit(message: &mut Message, _: &mut Call) -> Result<(), Fault> {
        place(message).map(drop)
    }

    fn amend(message: &mut Message, _: &Message, _: &mut Call) -> Result<(), Fault> {
        place(message).map(drop)
    }
}

fn place(message: &Message) -> Result<Place, Fault> {
    Place::read(&message.polygon, &message.circle, &message.country, &message.post)
}

/// Whom a message is for.
struct Audience {
    parcels: i32,
    people: i32,
    unreachable: i32,
}

/// What became of the parcels of a message.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    waiting: i32,
    delivered: i32,
    failed: i32,
    cancelled: i32,
    unsent: i32,
}

impl Counts {
    async fn of(on: &mut PgConnection, message: &str) -> Result<Self, Fault> {
        let rows = sqlx::query(COUNTS).bind(message).fetch_all(on).await.map_err(pg::fault)?;
        let count = |row: &PgRow| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)?));
        let states: BTreeMap<String, i64> =
            rows.iter().map(count).collect::<Result<_, sqlx::Error>>().map_err(pg::fault)?;
        let of = |state: &str| states.get(state).map_or(0, |count| i32::try_from(*count).unwrap_or(i32::MAX));
        let (waiting, delivered, failed) = (of("QUEUED"), of("DELIVERED"), of("FAILED"));
        Ok(Self { waiting, delivered, failed, cancelled: of("CANCELLED"), unsent: of("UNSENT") })
    }
}

impl Messages {
    /// The messages that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }

    /// The message whole, for whoever delivers it.
    pub(crate) async fn load(&self, name: &str) -> Result<Option<Message>, Fault> {
        self.registry.load(name).await
    }

    /// Closes every message of which no delivery waits any more; how many.
    pub(crate) async fn complete_all(&self) -> Result<usize, Fault> {
        let ended = "select name from messages m where state = 'SENDING' and deleted_at is null and not exists
            (select from parcels p where p.message = m.name and p.state = 'QUEUED')";
        let rows = sqlx::query(ended).fetch_all(self.registry.store().pool()).await.map_err(pg::fault)?;
        for row in &rows {
            let name = row.try_get(0).map_err(pg::fault)?;
            let ask = CompleteMessageRequest { name, ..Default::default() };
            let path = "/legation.consular.v1.MessageService/CompleteMessage";
            match self.complete_message(errand::request("delivery", path, ask)?).await {
                Ok(_) => {}
                // Another process closed it, or an officer took it back.
                Err(status) if Fault::from(&status).reason() == "WRONG_STATE" => {}
                Err(status) => return Err(Fault::from(&status)),
            }
        }
        Ok(rows.len())
    }

    /// The message, if the caller may see it.
    async fn seen<R>(&self, request: &Request<R>, name: &str) -> Result<Message, Fault> {
        let found = self.registry.load_for(&Called::of(request)?.principal, name).await?;
        found.ok_or_else(|| Fault::new(House::NotFound, format!("there is no {name}")).with("name", name))
    }
}

#[tonic::async_trait]
impl MessageService for Messages {
    async fn get_message(&self, request: Request<GetMessageRequest>) -> Answer<Message> {
        self.registry.get(request).await
    }

    async fn list_messages(&self, request: Request<ListMessagesRequest>) -> Answer<ListMessagesResponse> {
        self.registry.list(request).await
    }

    async fn create_message(&self, request: Request<CreateMessageRequest>) -> Answer<Message> {
        self.registry.create(request).await
    }

    async fn update_message(&self, request: Request<UpdateMessageRequest>) -> Answer<Message> {
        self.registry.update(request).await
    }

    async fn send_message(&self, request: Request<SendMessageRequest>) -> Answer<Message> {
        self.registry.act_with(request, audience, send).await
    }

    async fn complete_message(&self, request: Request<CompleteMessageRequest>) -> Answer<Message> {
        let gather = async |reader: &mut Reader<'_>, message: &Message, _: &CompleteMessageRequest| {
            Counts::of(reader.beside(), &message.name).await
        };
        self.registry.act_with(request, gather, complete).await
    }

    async fn cancel_message(&self, request: Request<CancelMessageRequest>) -> Answer<Message> {
        self.registry.act_with(request, take_back, cancel).await
    }

    async fn get_message_progress(
        &self,
        request: Request<GetMessageProgressRequest>,
    ) -> Answer<GetMessageProgressResponse> {
        registry::check(request.get_ref())?;
        let message = self.seen(&request, &request.get_ref().name).await?;
        let mut connection = self.registry.store().pool().acquire().await.map_err(pg::fault)?;
        let counts = Counts::of(&mut connection, &message.name).await?;
        let Counts { waiting, delivered, failed, cancelled, unsent } = counts;
        let audience = message.audience;
        Ok(Response::new(GetMessageProgressResponse { audience, waiting, delivered, failed, cancelled, unsent }))
    }

    async fn read_message_receipts(
        &self,
        request: Request<ReadMessageReceiptsRequest>,
    ) -> Answer<ReadMessageReceiptsResponse> {
        let ask = request.get_ref();
        registry::check(ask)?;
        let message = self.seen(&request, &ask.name).await?;
        let size = if ask.page_size > 0 { i64::from(ask.page_size).min(PAGES.0) } else { PAGES.1 };
        let query = sqlx::query(RECEIPTS).bind(&message.name).bind(&ask.after).bind(size + 1);
        let rows = query.fetch_all(self.registry.store().pool()).await.map_err(pg::fault)?;
        let more = rows.len() as i64 > size;
        let kept = rows.iter().take(usize::try_from(size).unwrap_or_default());
        let receipts: Vec<_> = kept.map(receipt).collect::<Result<_, _>>().map_err(pg::fault)?;
        let people = receipts.iter().map(|receipt| receipt.registration.clone()).collect();
        self.registry.audit_given(Called::of(&request)?, ask, people).await?;
        Ok(Response::new(ReadMessageReceiptsResponse { receipts, more }))
    }

    async fn list_message_revisions(
        &self,
        request: Request<ListMessageRevisionsRequest>,
    ) -> Answer<ListMessageRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchMessagesStream = Feed<WatchMessagesResponse>;

    async fn watch_messages(&self, request: Request<WatchMessagesRequest>) -> Answer<Self::WatchMessagesStream> {
        self.registry.watch(request).await
    }
}

fn receipt(row: &PgRow) -> Result<DeliveryReceipt, sqlx::Error> {
    let delivered: Option<chrono::DateTime<chrono::Utc>> = row.try_get(4)?;
    Ok(DeliveryReceipt {
        registration: row.try_get(0)?,
        channel: Channel::from_str_name(row.try_get(1)?).unwrap_or_default().into(),
        state: delivery_receipt::State::from_str_name(row.try_get(2)?).unwrap_or_default().into(),
        attempts: row.try_get::<i16, _>(3)?.into(),
        deliver_time: delivered.map(timestamp),
        failure: row.try_get(5)?,
        carrier: delivery_receipt::Carrier::from_str_name(row.try_get(6)?).unwrap_or_default().into(),
    })
}

/// Whom the message is for, from now on: who registers later is not among them, who leaves is.
async fn audience(reader: &mut Reader<'_>, message: &Message, _: &SendMessageRequest) -> Result<Audience, Fault> {
    let place = place(message)?;
    let today = reader.now().with_timezone(&reader.home().timezone).date_naive();
    let there = who_is_at(reader.beside(), &place, today).await?;
    let names: Vec<&str> = there.keys().map(String::as_str).collect();
    let put = sqlx::query(ADDRESS).bind(&message.name).bind(&names).execute(reader.beside()).await;
    let parcels = put.map_err(pg::fault)?.rows_affected();
    let count = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(Audience {
        parcels: count(parcels),
        people: there.values().map(|one| i32::from(one.people)).sum(),
        unreachable: count(there.len() as u64 - parcels),
    })
}

fn send(message: &mut Message, _: SendMessageRequest, audience: Audience, call: &mut Call) -> Result<(), Fault> {
    message.audience = audience.parcels;
    message.people = audience.people;
    message.unreachable = audience.unreachable;
    message.send_time = Some(call.timestamp());
    Ok(())
}

fn complete(message: &mut Message, _: CompleteMessageRequest, counts: Counts, call: &mut Call) -> Result<(), Fault> {
    let words = format!("{} deliveries have not come to their end", counts.waiting);
    refuse_if(counts.waiting > 0, Reason::MessageUnderWay, words)?;
    message.delivered = counts.delivered;
    message.failed = counts.failed;
    message.unsent = counts.unsent;
    message.complete_time = Some(call.timestamp());
    Ok(())
}

/// What is in a sender's hands just now may still be delivered.
async fn take_back(reader: &mut Reader<'_>, message: &Message, _: &CancelMessageRequest) -> Result<Counts, Fault> {
    let text = "update parcels set state = 'CANCELLED' where message = $1 and state = 'QUEUED'";
    sqlx::query(text).bind(&message.name).execute(reader.beside()).await.map_err(pg::fault)?;
    Counts::of(reader.beside(), &message.name).await
}

fn cancel(message: &mut Message, _: CancelMessageRequest, counts: Counts, call: &mut Call) -> Result<(), Fault> {
    message.delivered = counts.delivered;
    message.failed = counts.failed;
    message.unsent = counts.unsent;
    if message.state() == State::Sending {
        message.complete_time = Some(call.timestamp());
    }
    Ok(())
}
