//! How many bookings a second 200 callers make at once, beside pgbench writing the same rows:
//! `cargo run --release -p consular --example booking_speed [seconds]`.
//!
//! A durable PostgreSQL of its own, the service's methods in this process. Every caller books for themselves, each time as
//! another person, five to a slot, so that many wait for the same row. Then 200 callers want five seats. pgbench takes the
//! same seats by the same trigger: once with everything in one statement, once in a transaction that asks the same questions
//! first, as any program must that keeps the same rules.

use anyhow::{Context as _, Result, ensure};
use chrono::{TimeDelta, Utc};
use cluster::{Cluster, Spec};
use consular::{AppointmentServices, AppointmentSlots, Bookings};
use futures::StreamExt as _;
use identity::Principal;
use proto::consular::v1::appointment_service_service_server::AppointmentServiceService as _;
use proto::consular::v1::appointment_slot_service_server::AppointmentSlotService as _;
use proto::consular::v1::booking_service_server::BookingService as _;
use proto::consular::v1::{
    Applicant, AppointmentService, AppointmentSlot, Booking, CreateAppointmentServiceRequest,
    CreateAppointmentSlotRequest, CreateBookingRequest,
};
use registry::{Options, Store, timestamp};
use sqlx::PgPool;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::{called, principal};

const CALLERS: usize = 200;
const SEATS: usize = 5;
/// How long each round runs, if the first argument does not say otherwise.
const SECONDS: u64 = 8;
/// Slots for each run: more than can be filled in the time.
const SLOTS: usize = 16_000;
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::current_dir()?.join(".local/booking-speed");
    cluster::purge(&folder.join("cluster"))?;
    let tools = std::env::current_dir()?.join(".local/tools");
    let spec = Spec { dir: folder.join("cluster"), tools, durable: true, install: true };
    let cluster = Cluster::start(&spec, &mut |line| println!("{line}"))?;
    cluster.postgres().provide(&["consular"])?;
    let pool = pg::connect(&pg::Settings::new(cluster.postgres().superuser_url("consular"))).await?;
    pg::migrate(&pool, &[&registry::MIGRATIONS, &consular::MIGRATIONS]).await?;
    let store =
        Store::open(pool.clone(), Options { vault: Some(testkit::vault()), ..Options::new(Arc::default()) }).await?;
    let house = House::of(&store).await?;

    let slot = house.slot(0).await?;
    let wanted = futures::stream::iter(0..CALLERS).map(|n| house.book(&slot, n)).buffer_unordered(CALLERS);
    let had = wanted.filter(|outcome| std::future::ready(*outcome)).count().await;
    println!("{CALLERS} callers at once for {SEATS} seats: {had} have one");
    ensure!(had == SEATS, "the slot is overbooked");

    let (mut ours, mut one, mut transaction) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        ours.push(house.run(&pool, round).await?);
        one.push(pgbench(&cluster, &pool, &folder, &house.service, round, false).await?);
        transaction.push(pgbench(&cluster, &pool, &folder, &house.service, round, true).await?);
    }
    let (ours, one, transaction) = (middle(ours), middle(one), middle(transaction));
    for (name, rate) in [("bookings", ours), ("pgbench_statement", one), ("pgbench_transaction", transaction)] {
        println!("figure {name}_per_second {rate:.0}");
    }
    println!("bookings by {CALLERS} callers:                    {ours:8.0} /s");
    println!("pgbench, the same rows in one statement:     {one:8.0} /s   ratio {:.2}", ours / one);
    println!("pgbench, the same questions and rows:        {transaction:8.0} /s   ratio {:.2}", ours / transaction);
    let over = "select count(*) from appointment_slots where taken > capacity";
    let over: i64 = sqlx::query_scalar(over).fetch_one(&pool).await?;
    ensure!(over == 0, "{over} slots are overbooked");
    pool.close().await;
    cluster.stop()
}

fn seconds() -> u64 {
    std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(SECONDS)
}

/// The service's methods, with one service by appointment.
struct House {
    slots: AppointmentSlots,
    bookings: Bookings,
    service: String,
}

impl House {
    async fn of(store: &Store) -> Result<Self> {
        let services = AppointmentServices::new(store.keep());
        let service = AppointmentService {
            post: "posts/example".into(),
            title: "Passport".into(),
            time_zone: "Europe/Paris".into(),
            country: "FR".into(),
            slot_minutes: 15,
            capacity: i32::try_from(SEATS)?,
            horizon_days: 60,
            ..AppointmentService::default()
        };
        let ask = CreateAppointmentServiceRequest { appointment_service: Some(service), ..Default::default() };
        let path = "/legation.consular.v1.AppointmentServiceService/CreateAppointmentService";
        let made = services.create_appointment_service(called(&principal(["consular.*"]), path, ask)).await?;
        let slots = AppointmentSlots::new(store.keep(), store.keep(), store.keep());
        Ok(Self { slots, bookings: Bookings::new(store.keep()), service: made.into_inner().name })
    }

    async fn slot(&self, minute: i64) -> Result<String> {
        let start_time = Some(timestamp(Utc::now() + TimeDelta::days(30) + TimeDelta::minutes(minute)));
        let slot = AppointmentSlot { service: self.service.clone(), start_time, ..AppointmentSlot::default() };
        let ask = CreateAppointmentSlotRequest { appointment_slot: Some(slot), ..Default::default() };
        let path = "/legation.consular.v1.AppointmentSlotService/CreateAppointmentSlot";
        let by = principal(["consular.*"]);
        Ok(self.slots.create_appointment_slot(called(&by, path, ask)).await?.into_inner().name)
    }

    /// Whether the person has a seat.
    async fn book(&self, slot: &str, person: usize) -> bool {
        let by = Principal { subject: format!("people/{person}").into(), ..principal(["consular.bookings.book"]) };
        let booking = Booking { slot: slot.to_owned(), applicant: Some(applicant(person)), ..Booking::default() };
        let ask =
            CreateBookingRequest { booking: Some(booking), request_id: format!("b{person}"), ..Default::default() };
        let path = "/legation.consular.v1.BookingService/CreateBooking";
        self.bookings.create_booking(called(&by, path, ask)).await.is_ok()
    }

    /// Bookings a second.
    async fn run(&self, pool: &PgPool, round: usize) -> Result<f64> {
        let prefix = format!("r{round}");
        fresh(pool, &self.service, &prefix).await?;
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let start = Instant::now();
        let end = start + Duration::from_secs(seconds());
        let caller = async |_: usize| {
            while Instant::now() < end {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let slot = format!("appointmentSlots/{prefix}-{}", n / SEATS);
                if self.book(&slot, 1_000_000 * (round + 1) + n).await {
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        futures::stream::iter(0..CALLERS).for_each_concurrent(CALLERS, caller).await;
        let (asked, had) = (next.into_inner(), done.into_inner());
        ensure!(asked == had, "of {asked} who asked for a free seat {had} had one");
        #[expect(clippy::cast_precision_loss, reason = "there are not that many")]
        let rate = had as f64 / start.elapsed().as_secs_f64();
        Ok(rate)
    }
}

fn applicant(person: usize) -> Applicant {
    Applicant {
        family_name: "Example".into(),
        given_names: "Person".into(),
        birth_date: "1980-01-01".into(),
        nationality: "US".into(),
        document_number: format!("P{person:09}"),
    }
}

/// Empty slots for one run, copies of the first, `prefix-0` and so on, each a minute of its own.
async fn fresh(pool: &PgPool, service: &str, prefix: &str) -> Result<()> {
    let copies = "insert into appointment_slots (name, uid, version, doc, created_at, updated_at) \
        select 'appointmentSlots/' || $2 || '-' || n, gen_random_uuid(), 1, s.doc || jsonb_build_object( \
            'name', 'appointmentSlots/' || $2 || '-' || n, \
            'startTime', to_char(now() at time zone 'utc' + interval '20 days' + n * interval '1 second' \
                + hashtext($2) % 1000000 * interval '1 microsecond', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')), now(), now() \
        from generate_series(0, $3) n, (select doc from appointment_slots where service = $1 order by created_at limit 1) s";
    sqlx::query(copies).bind(service).bind(prefix).bind(i32::try_from(SLOTS)?).execute(pool).await?;
    sqlx::query("vacuum analyze appointment_slots").execute(pool).await?;
    Ok(())
}

/// What pgbench reaches with the rows of a booking, over as many connections as the service has.
async fn pgbench(
    cluster: &Cluster,
    pool: &PgPool,
    folder: &Path,
    service: &str,
    round: usize,
    questions: bool,
) -> Result<f64> {
    let prefix = format!("p{round}{}", u8::from(questions));
    fresh(pool, service, &prefix).await?;
    sqlx::query("drop sequence if exists bench_bookings").execute(pool).await?;
    sqlx::query("create sequence bench_bookings minvalue 0").execute(pool).await?;
    let document: String = sqlx::query_scalar("select doc::text from bookings limit 1").fetch_one(pool).await?;
    let rows = format!(
        "with new as materialized (select gen_random_uuid() as id, :n::bigint as n), \
         made as materialized (select id, 'bookings/' || id as name, $d${document}$d$::jsonb || jsonb_build_object( \
             'name', 'bookings/' || id, 'slot', 'appointmentSlots/{prefix}-' || n / {SEATS}, 'state', 'HELD', \
             'applicantKey', 'US/{prefix}' || n, 'holder', 'people/{prefix}' || n) as doc from new), \
         idem as (insert into idempotency (principal, method, key, fingerprint, answer, at) \
             select name, '/pgbench', name, sha256(name::bytea), convert_to(doc::text, 'utf8'), now() from made), \
         rec as (insert into bookings (name, uid, version, doc, created_at, updated_at) \
             select name, id, 1, doc, now(), now() from made), \
         his as (insert into history (kind, name, version, verb, actor, at, doc) \
             select 'bookings', name, 1, 'create', name, now(), doc from made), \
         aud as (insert into audit (actor, method, name, outcome) select name, '/pgbench', name, 'OK' from made), \
         tim as (insert into timers (kind, name, timer, due_at, clock) \
             select 'bookings', name, 'hold', now() + interval '10 minutes', '{{}}'::jsonb from made) \
         insert into outbox (at, kind, name, version, verb, actor, doc) \
             select now(), 'bookings', name, 1, 'create', name, doc from made;\n"
    );
    // pgbench takes a colon before a letter for a variable; times in the document have digits after theirs.
    let number = "select nextval('bench_bookings') as n \\gset\n";
    let script = if questions {
        format!(
            "{number}begin;\nselect pg_advisory_xact_lock(hashtextextended('{prefix}' || :n, 0));\n\
             select doc from bookings where deleted_at is null and holder = 'people/{prefix}' || :n;\n\
             select doc from appointment_slots where name = 'appointmentSlots/{prefix}-' || :n / {SEATS};\n\
             select doc from appointment_services where name = '{service}';\n\
             select doc from bookings where deleted_at is null and applicant_key = 'US/{prefix}' || :n;\n{rows}commit;\n"
        )
    } else {
        format!("{number}{rows}")
    };
    let file = folder.join("booking.sql");
    std::fs::write(&file, script)?;
    let postgres = cluster.postgres();
    let output = Command::new(postgres.programs().join("pgbench"))
        .args(["-n", "-M", "prepared", "-j", "1", "-c", "16", "-T", &seconds().to_string(), "-f"])
        .arg(&file)
        .arg(postgres.superuser_url("consular"))
        .output()
        .context("pgbench does not start")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(!text.contains("aborted"), "pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok());
    rate.with_context(|| format!("pgbench printed no rate: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

fn middle(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
