//! Messages to people at a place: the audience is found out once, each gets one, whatever breaks down meanwhile.

use crate::registrations::{HUALIEN, citizen, journey};
use crate::world::{Signed, World, officer, reason, world};
use consular::channels::{Channel, Mailbox, Parcel, Undelivered};
use consular::{Messages, PostRoom};
use futures::future::{BoxFuture, join_all};
use identity::Principal;
use proto::consular::v1::delivery_receipt::Carrier;
use proto::consular::v1::mailbox_message::Channel as By;
use proto::consular::v1::message::{State, Text};
use proto::consular::v1::message_service_client::MessageServiceClient;
use proto::consular::v1::{self as pb, Message, Registration, delivery_receipt};
use sqlx::PgPool;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tonic::Status;

fn warning() -> Message {
    let text = |language: &str, subject: &str| Text {
        language: language.into(),
        subject: subject.into(),
        body: format!("{subject}. Call us."),
    };
    Message {
        title: "Earthquake".into(),
        texts: vec![text("en", "Are you safe?"), text("fr", "Allez-vous bien?")],
        circle: format!("{},{} 100", HUALIEN.0, HUALIEN.1),
        ..Message::default()
    }
}

impl World {
    fn messages(&self, by: &Principal) -> MessageServiceClient<Signed> {
        MessageServiceClient::new(self.signed(by))
    }

    async fn write_message(&self, message: Message) -> Result<Message, Status> {
        let request = pb::CreateMessageRequest { message: Some(message), ..Default::default() };
        Ok(self.messages(&officer("people/officer")).create_message(request).await?.into_inner())
    }

    async fn start_sending(&self, name: &str) -> Result<Message, Status> {
        let request = pb::SendMessageRequest { name: name.into(), ..Default::default() };
        Ok(self.messages(&officer("people/officer")).send_message(request).await?.into_inner())
    }

    async fn message_of(&self, name: &str) -> Message {
        let get = pb::GetMessageRequest { name: name.into(), as_of: None };
        self.messages(&officer("people/officer")).get_message(get).await.unwrap().into_inner()
    }

    async fn progress_of(&self, name: &str) -> pb::GetMessageProgressResponse {
        let ask = pb::GetMessageProgressRequest { name: name.into() };
        self.messages(&officer("people/officer")).get_message_progress(ask).await.unwrap().into_inner()
    }

    /// So many people near the place, taken over from elsewhere.
    pub(crate) async fn crowd(&self, count: usize) {
        let line = |number: usize| pb::ImportRegistrationsRequest {
            registration_id: format!("p-{number:04}"),
            registration: Some(Registration {
                email: format!("person{number}@example.org"),
                language: if number.is_multiple_of(3) { "fr".into() } else { "en".into() },
                stays: vec![pb::registration::Stay {
                    start_date: "2026-05-01".into(),
                    ..journey(HUALIEN).stays[0].clone()
                }],
                ..journey(HUALIEN)
            }),
        };
        let lines: Vec<_> = (0..count).map(line).collect();
        let mut registrations = self.registrations(&officer("people/officer"));
        let answers = registrations.import_registrations(futures::stream::iter(lines)).await.unwrap().into_inner();
        let answers: Vec<_> = futures::StreamExt::collect(answers).await;
        assert!(answers.into_iter().all(|answer| answer.unwrap().failure.is_none()));
    }
}

#[tokio::test]
async fn each_person_of_the_place_gets_one_in_the_own_language() {
    let world = world().await;
    world.crowd(7).await;
    world.registered(&citizen("elsewhere"), journey((51.5, 0.0))).await;
    let name = world.write_message(warning()).await.unwrap().name;
    let sending = world.start_sending(&name).await.unwrap();
    assert_eq!((sending.state(), sending.audience, sending.people, sending.unreachable), (State::Sending, 7, 14, 0));
    assert_eq!(world.progress_of(&name).await.waiting, 7);
    let sent = world.mailbox_of(&name).await;
    assert_eq!(sent.len(), 7);
    assert_eq!(sent.iter().filter(|one| one.subject == "Allez-vous bien?").count(), 3);
    let message = world.message_of(&name).await;
    assert_eq!((message.state(), message.delivered, message.failed), (State::Sent, 7, 0));
    let ask = pb::ReadMessageReceiptsRequest { name: name.clone(), page_size: 5, ..Default::default() };
    let mut messages = world.messages(&officer("people/officer"));
    let page = messages.read_message_receipts(ask.clone()).await.unwrap().into_inner();
    assert!(page.more && page.receipts.iter().all(|one| one.state() == delivery_receipt::State::Delivered));
    let after = page.receipts[4].registration.clone();
    let rest =
        messages.read_message_receipts(pb::ReadMessageReceiptsRequest { after, ..ask }).await.unwrap().into_inner();
    assert_eq!((rest.more, rest.receipts.len()), (false, 2));
    assert_eq!(reason(world.start_sending(&name).await), "WRONG_STATE");
    // Who registers later is not of the audience.
    world.crowd(8).await;
    assert_eq!(world.mailbox_of(&name).await.len(), 7);
}

#[tokio::test]
async fn a_place_is_one_place() {
    let world = world().await;
    let none = Message { circle: String::new(), ..warning() };
    assert_eq!(reason(world.write_message(none.clone()).await), "PLACE_NOT_ONE");
    assert_eq!(reason(world.write_message(Message { country: "TW".into(), ..warning() }).await), "PLACE_NOT_ONE");
    let strange = Message { polygon: "1,1 2,2".into(), ..none };
    assert_eq!(reason(world.write_message(strange).await), "AREA_UNREADABLE");
    let early = world.write_message(warning()).await.unwrap().name;
    let complete = pb::CompleteMessageRequest { name: early, ..Default::default() };
    assert_eq!(reason(world.messages(&officer("people/officer")).complete_message(complete).await), "WRONG_STATE");
}

/// Delivers through the mailbox, and dies after so many batches before anybody can write down that it did.
struct Dying {
    mailbox: Mailbox,
    batches: AtomicUsize,
}

impl Channel for Dying {
    fn carrier(&self, by: By) -> Option<Carrier> {
        self.mailbox.carrier(by)
    }

    fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> BoxFuture<'a, Vec<Result<(), Undelivered>>> {
        Box::pin(async move {
            let outcomes = self.mailbox.deliver(parcels).await;
            if self.batches.fetch_sub(1, Ordering::Relaxed) == 1 {
                panic!("the sender dies here");
            }
            outcomes
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_dies_leaves_nobody_out_and_writes_to_nobody_twice() {
    let world = world().await;
    world.crowd(450).await;
    let name = world.write_message(warning()).await.unwrap().name;
    world.start_sending(&name).await.unwrap();
    let pool = || world.db.pool.clone();
    let room = |channel: Arc<dyn Channel>| Arc::new(PostRoom::new(pool(), Messages::new(world.store.keep()), channel));
    let dying = Dying { mailbox: Mailbox::new(pool()), batches: AtomicUsize::new(1) };
    let dead = room(Arc::new(dying));
    let died = tokio::spawn(async move { dead.send_some().await }).await;
    assert!(died.is_err(), "it died with a batch in hand");
    assert_eq!(world.rows_of("mailbox_messages").await, 200, "which was delivered");
    assert_eq!(world.progress_of(&name).await.delivered, 0, "and not written down");
    // Three others go on side by side; what the dead one had comes back when its time is over.
    sqlx::query("update parcels set due_at = clock_timestamp()").execute(&world.db.pool).await.unwrap();
    let rooms: Vec<_> = (0..3).map(|_| room(Arc::new(Mailbox::new(pool())))).collect();
    join_all(rooms.iter().map(|room| async { while room.send_some().await.unwrap() > 0 {} })).await;
    assert_eq!(world.rows_of("mailbox_messages").await, 450);
    assert_eq!(
        world.rows_of("(select from mailbox_messages group by doc->>'registration' having count(*) > 1) twice").await,
        0
    );
    let message = world.message_of(&name).await;
    assert_eq!((message.state(), message.delivered), (State::Sent, 450));
}

/// Refuses some addresses for good and is away for others.
struct Picky(Mailbox);

impl Channel for Picky {
    fn carrier(&self, by: By) -> Option<Carrier> {
        self.0.carrier(by)
    }

    fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> BoxFuture<'a, Vec<Result<(), Undelivered>>> {
        Box::pin(async move {
            let mut outcomes = Vec::new();
            for parcel in parcels {
                outcomes.push(match parcel.address.as_str() {
                    "person0@example.org" => Err(Undelivered::ForGood("550 no such mailbox".into())),
                    "person1@example.org" => Err(Undelivered::ForNow("451 later".into())),
                    _ => self.0.deliver(std::slice::from_ref(parcel)).await.remove(0),
                });
            }
            outcomes
        })
    }
}

#[tokio::test]
async fn what_cannot_be_delivered_is_tried_again_given_up_and_told() {
    let world = world().await;
    world.crowd(3).await;
    let name = world.write_message(warning()).await.unwrap().name;
    world.start_sending(&name).await.unwrap();
    let picky = Arc::new(Picky(Mailbox::new(world.db.pool.clone())));
    let room = PostRoom::new(world.db.pool.clone(), Messages::new(world.store.keep()), picky);
    room.send_some().await.unwrap();
    let progress = world.progress_of(&name).await;
    assert_eq!((progress.waiting, progress.delivered, progress.failed), (1, 1, 1));
    for _ in 0..5 {
        sqlx::query("update parcels set due_at = clock_timestamp()").execute(&world.db.pool).await.unwrap();
        room.send_some().await.unwrap();
    }
    room.send_some().await.unwrap();
    let message = world.message_of(&name).await;
    assert_eq!((message.state(), message.delivered, message.failed), (State::Sent, 1, 2));
    assert_eq!(world.rows_of("parcels where state = 'FAILED' and failure ~ '550|451'").await, 2);
}

#[tokio::test]
async fn a_message_taken_back_reaches_nobody_more() {
    let world = world().await;
    world.crowd(2).await;
    let name = world.write_message(warning()).await.unwrap().name;
    world.start_sending(&name).await.unwrap();
    let cancel = pb::CancelMessageRequest { name: name.clone(), ..Default::default() };
    let cancelled = world.messages(&officer("people/officer")).cancel_message(cancel).await.unwrap().into_inner();
    assert_eq!(cancelled.state(), State::Cancelled);
    assert!(world.mailbox_of(&name).await.is_empty());
    assert_eq!(world.progress_of(&name).await.cancelled, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_send_at_once_one_does() {
    let world = world().await;
    world.crowd(5).await;
    let name = world.write_message(warning()).await.unwrap().name;
    let answers = join_all((0..8).map(|_| world.start_sending(&name))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(world.mailbox_of(&name).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_sent_again_sends_no_second_code() {
    let world = world().await;
    let me = citizen("traveller");
    let request_id = "the-same".to_owned();
    let ask = pb::CreateRegistrationRequest { registration: Some(journey(HUALIEN)), request_id, ..Default::default() };
    let create = || async { world.registrations(&me).create_registration(ask.clone()).await };
    let answers = join_all((0..6).map(|_| create())).await;
    let names: std::collections::BTreeSet<_> =
        answers.into_iter().map(|answer| answer.unwrap().into_inner().name).collect();
    assert_eq!(names.len(), 1);
    assert_eq!(world.rows_of("parcels").await, 1, "what is written beside a record has its effect once too");
    assert_eq!(world.rows_of("contact_codes where sent = 1").await, 1);
}

/// Mail to those whose address says so, and nothing else: what a mail server is.
struct MailAlone(Picky);

impl Channel for MailAlone {
    fn carrier(&self, by: By) -> Option<Carrier> {
        (by == By::Email).then_some(Carrier::Smtp)
    }

    fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> BoxFuture<'a, Vec<Result<(), Undelivered>>> {
        assert!(parcels.iter().all(|parcel| parcel.channel == By::Email), "nothing is given to who does not carry it");
        self.0.deliver(parcels)
    }
}

/// Without the question who carries it, text messages that nobody sends are told as delivered.
#[tokio::test]
async fn a_receipt_tells_the_truth_and_the_other_way_to_a_person_is_tried() {
    let world = world().await;
    let line = |id: &str, email: &str, phone: &str| pb::ImportRegistrationsRequest {
        registration_id: id.into(),
        registration: Some(Registration {
            email: email.into(),
            phone: phone.into(),
            stays: vec![pb::registration::Stay {
                start_date: "2026-05-01".into(),
                ..journey(HUALIEN).stays[0].clone()
            }],
            ..journey(HUALIEN)
        }),
    };
    let lines = vec![
        line("a-mail", "person8@example.org", ""),
        line("b-phone", "", "+12025550100"),
        line("c-both", "person0@example.org", "+12025550101"),
        line("d-turned", "person9@example.org", "+12025550102"),
    ];
    let mut registrations = world.registrations(&officer("people/officer"));
    let answers = registrations.import_registrations(futures::stream::iter(lines)).await.unwrap().into_inner();
    let answers: Vec<_> = futures::StreamExt::collect(answers).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().failure.is_none()));
    // This one proved the telephone first.
    let turned = "update registrations set doc = jsonb_set(doc, '{verified}', jsonb_build_array( \
        doc->'verified'->1, doc->'verified'->0)) where name = 'registrations/d-turned'";
    sqlx::query(turned).execute(&world.db.pool).await.unwrap();
    let name = world.write_message(warning()).await.unwrap().name;
    world.start_sending(&name).await.unwrap();
    let channel = Arc::new(MailAlone(Picky(Mailbox::new(world.db.pool.clone()))));
    let room = PostRoom::new(world.db.pool.clone(), Messages::new(world.store.keep()), channel);
    while room.send_some().await.unwrap() > 0 {}
    let message = world.message_of(&name).await;
    assert_eq!((message.state(), message.delivered, message.failed, message.unsent), (State::Sent, 2, 1, 1));
    let progress = world.progress_of(&name).await;
    assert_eq!((progress.waiting, progress.delivered, progress.failed, progress.unsent), (0, 2, 1, 1));
    let ask = pb::ReadMessageReceiptsRequest { name, ..Default::default() };
    let mut messages = world.messages(&officer("people/officer"));
    let receipts = messages.read_message_receipts(ask).await.unwrap().into_inner().receipts;
    use delivery_receipt::State::{Delivered, Failed, Unsent};
    let told: Vec<_> = receipts.iter().map(|one| (one.state(), one.channel(), one.carrier())).collect();
    let expected = [
        (Delivered, By::Email, Carrier::Smtp),
        (Unsent, By::Sms, Carrier::Unspecified),
        (Failed, By::Sms, Carrier::Unspecified),
        (Delivered, By::Email, Carrier::Smtp),
    ];
    assert_eq!(told, expected);
    assert_eq!(receipts[1].failure, "SMS: NO_CHANNEL, no channel of this kind is set");
    let both = "EMAIL: 550 no such mailbox; SMS: NO_CHANNEL, no channel of this kind is set";
    assert_eq!(receipts[2].failure, both, "each way that was tried is told");
}

/// Takes two at a time, and notes how many were written down as delivered when it is given the next.
struct Slow {
    mailbox: Mailbox,
    pool: PgPool,
    seen: Mutex<Vec<i64>>,
}

impl Channel for Slow {
    fn carrier(&self, by: By) -> Option<Carrier> {
        self.mailbox.carrier(by)
    }

    fn at_once(&self) -> usize {
        2
    }

    fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> BoxFuture<'a, Vec<Result<(), Undelivered>>> {
        Box::pin(async move {
            let text = "select count(*) from parcels where state = 'DELIVERED'";
            let count = sqlx::query_scalar(text).fetch_one(&self.pool).await.unwrap();
            self.seen.lock().unwrap().push(count);
            self.mailbox.deliver(parcels).await
        })
    }
}

/// Else whoever dies, or is slower than the hold lasts, sends again what was sent long before.
#[tokio::test]
async fn what_was_sent_is_written_down_before_more_is_sent() {
    let world = world().await;
    world.crowd(5).await;
    let name = world.write_message(warning()).await.unwrap().name;
    world.start_sending(&name).await.unwrap();
    let pool = world.db.pool.clone();
    let slow = Slow { mailbox: Mailbox::new(pool.clone()), pool: pool.clone(), seen: Mutex::default() };
    let slow = Arc::new(slow);
    let room = PostRoom::new(pool, Messages::new(world.store.keep()), Arc::clone(&slow) as Arc<dyn Channel>);
    assert_eq!(room.send_some().await.unwrap(), 5);
    assert_eq!(*slow.seen.lock().unwrap(), [0, 2, 4]);
}
