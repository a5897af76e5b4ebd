//! Consular service as people meet it at the public door: a passport that a partner verifies, a visa that a hit stops, a
//! crisis from the area to the departure.

use crate::conformance::{SEAL_KEY, SEAL_X509};
use crate::stories_door::{Answer, Door, Ground, open};
use chrono::{TimeDelta, Utc};
use config::Env;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use testkit::until;

pub(crate) const POST: &str = "posts/example";
const ZONE: &str = "consular/mrz:parse";

/// The house with people's tokens, a key to seal with, and watch lists that the story writes.
pub(crate) struct Section {
    pub(crate) door: Door,
    lists: PathBuf,
    /// Two heads of section: each does what the other must not do alone.
    pub(crate) one: String,
    pub(crate) other: String,
}

pub(crate) fn name(record: &Value) -> String {
    record["name"].as_str().expect("a record has a name").to_owned()
}

/// The day so many days from today, which is today where the house is: that of a drawer, a few hours after that of the
/// world.
pub(crate) fn day(days: i64) -> String {
    let here = Utc::now().with_timezone(&config::Home::default().timezone);
    (here + TimeDelta::days(days)).format("%Y-%m-%d").to_string()
}

fn time(hours: i64) -> String {
    (Utc::now() + TimeDelta::hours(hours)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// As a filter stands in an address.
fn equals(field: &str, value: &str) -> String {
    format!("filter={field}%3D%22{}%22", value.replace('/', "%2F"))
}

impl Section {
    pub(crate) async fn of(ground: &Ground) -> Self {
        let lists = std::env::temp_dir().join(format!("legation-story-{}", ground.bootstrap.id()));
        std::fs::create_dir_all(lists.join("story")).unwrap();
        let mut env = Env::default()
            .with("GATEWAY_DEV_ISSUER", "true")
            .with("CONSULAR_TRAVEL_PAPERS_SEAL_KEY", SEAL_KEY)
            .with("CONSULAR_TRAVEL_PAPERS_SEAL_X509", SEAL_X509)
            .with("CONSULAR_LISTS_FOLDER", lists.to_string_lossy());
        env.extend(ground.settings(&ground.redis.url));
        let opened = open(&env).await;
        let door = Door::at(opened.address, ground.bootstrap.expose(), Some(opened));
        let head = async || door.key("supervisor", "foreign-ministry", true).await;
        let (one, other) = (head().await, head().await);
        Self { door, lists, one, other }
    }

    async fn citizen(&self, subject: &str) -> String {
        self.door.person(subject, &["applicant"], None).await
    }

    pub(crate) async fn make(&self, key: &str, collection: &str, record: &Value) -> Value {
        self.door.post(key, &format!("consular/{collection}"), record).await.good()
    }

    pub(crate) async fn act(&self, key: &str, record: &str, verb: &str, ask: Value) -> Answer {
        self.door.post(key, &format!("consular/{record}:{verb}"), &ask).await
    }

    pub(crate) async fn done(&self, key: &str, record: &str, verb: &str, ask: Value) -> Value {
        self.act(key, record, verb, ask).await.good()
    }

    pub(crate) async fn read(&self, key: &str, path: &str) -> Value {
        self.door.get(key, &format!("consular/{path}")).await.good()
    }

    /// What was sent for this, once it was sent: the last of it.
    async fn mail(&self, source: &str) -> Value {
        until("what was sent lies in the mailbox", async || {
            let path = format!("mailboxMessages?{}", equals("source", source));
            self.read(&self.one, &path).await["mailboxMessages"].as_array()?.last().cloned()
        })
        .await
    }

    /// A registration in force, by all the steps of a citizen.
    async fn registered(&self, key: &str, family: &str, email: &str) -> String {
        let told = json!({
            "kind": "TRAVEL", "familyName": family, "givenNames": "Person", "birthDate": "1974-08-12",
            "nationalities": ["US"], "language": "en", "email": email, "consents": ["KEEP_DATA"],
            "stays": [
                {"country": "IT", "city": "Rome", "location": {"latitude": 41.9, "longitude": 12.5},
                    "startDate": day(-6), "endDate": day(-5)},
                {"country": "TW", "city": "Hualien", "location": {"latitude": 23.977, "longitude": 121.604},
                    "startDate": day(-4), "endDate": day(20)},
            ],
        });
        let registration = name(&self.make(key, "registrations", &told).await);
        let code = self.mail(&registration).await["body"].as_str().expect("a code has a text")[..6].to_owned();
        self.done(key, &registration, "verify", json!({"address": email, "code": code})).await;
        assert_eq!(self.done(key, &registration, "activate", json!({})).await["state"], "ACTIVE");
        registration
    }

    /// Puts a fee in force.
    async fn costs(&self, code: &str) {
        let row = json!({
            "code": code, "title": "A fee of this story", "amount": {"currency": "USD", "minorUnits": "1000"},
            "effectiveDate": "2020-01-01", "source": "Example Act, section 1",
        });
        let row = name(&self.make(&self.one, "feeSchedules", &row).await);
        self.done(&self.other, &row, "approve", json!({})).await;
    }

    /// The receipt of a fee that was paid for this record.
    async fn paid(&self, subject: &str, code: &str) -> String {
        let drawer = json!({"post": POST, "cashier": format!("people/{}", code.to_lowercase()), "date": day(0), "currency": "USD"});
        let drawer = name(&self.make(&self.one, "cashDays", &drawer).await);
        let receipt = json!({
            "cashDay": drawer, "lines": [{"code": code}], "payer": "Person Example", "method": "CASH", "subject": subject,
        });
        name(&self.make(&self.one, "receipts", &receipt).await)
    }

    /// Puts the list of this story in force with these lines.
    pub(crate) async fn listed(&self, list: Option<&str>, people: &[(&str, &str)]) -> String {
        let line = |(number, (name, remarks)): (usize, &(&str, &str))| {
            format!("{number},\"{name}\",\"individual\",\"TEST\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"{remarks}\"\n")
        };
        let lines: String = people.iter().enumerate().map(line).collect();
        for (file, content) in [("sdn.csv", lines.as_str()), ("alt.csv", ""), ("add.csv", "")] {
            std::fs::write(self.lists.join("story").join(file), content).unwrap();
        }
        let list = match list {
            Some(list) => list.to_owned(),
            None => {
                let list = json!({"title": "List of a story", "format": "OFAC_DELIMITED", "folder": "story"});
                name(&self.make(&self.one, "watchLists", &list).await)
            }
        };
        self.done(&self.one, &list, "load", json!({})).await;
        list
    }

    pub(crate) async fn screened(&self, who: &str, born: &str, documents: &[&str]) -> Value {
        let subject = json!({"kind": "PERSON", "names": [who], "birthDate": born, "documentNumbers": documents});
        self.make(&self.one, "screenings", &json!({"subject": subject, "occasion": "a story"})).await
    }

    /// What every process of the service does each half minute: whom a change of the lists touches is screened again.
    async fn screen_again(&self, ground: &Ground) {
        let pool = ground.consular.pool.clone();
        let lists = Arc::new(consular::Lists::below(self.lists.clone()).unwrap());
        lists.refresh(&pool).await.unwrap();
        let options = registry::Options { vault: Some(testkit::vault()), ..registry::Options::new(Arc::default()) };
        let store = registry::Store::open(pool, options).await.unwrap();
        consular::Screenings::new(store.keep(), lists).again().await.unwrap();
    }

    pub(crate) async fn close(self) {
        let _ = std::fs::remove_dir_all(&self.lists);
        self.door.close().await;
    }

    pub(crate) async fn blank(&self, kind: &str, number: &str) -> String {
        let blank = json!({"number": number, "kind": kind, "post": POST, "consignment": "2026/1"});
        name(&self.make(&self.one, "blankBooks", &blank).await)
    }
}

#[tokio::test]
async fn a_citizen_books_has_a_passport_and_a_partner_verifies_it_until_it_is_lost() {
    let ground = Ground::new().await;
    let house = Section::of(&ground).await;
    house.listed(None, &[("SAMPLE, Other", "")]).await;
    let me = house.citizen("traveller").await;
    house.registered(&me, "Example", "person@example.org").await;

    // An appointment, booked by the citizen.
    let service = json!({
        "post": POST, "title": "Passport, first", "timeZone": "Europe/Paris", "country": "FR", "slotMinutes": 30,
        "capacity": 1, "horizonDays": 60,
    });
    let service = name(&house.make(&house.one, "appointmentServices", &service).await);
    let slot = json!({"service": service, "startTime": time(72)});
    let slot = name(&house.make(&house.one, "appointmentSlots", &slot).await);
    let booking = |number: &str| {
        json!({"slot": slot, "email": "person@example.org", "applicant": {
            "familyName": "Example", "givenNames": "Person", "birthDate": "1974-08-12", "nationality": "US",
            "documentNumber": number,
        }})
    };
    let booked = name(&house.make(&me, "bookings", &booking("X0000001")).await);
    assert_eq!(house.done(&me, &booked, "confirm", json!({})).await["state"], "CONFIRMED");
    let stranger = house.citizen("stranger").await;
    let full = house.door.post(&stranger, "consular/bookings", &booking("X0000002")).await;
    assert_eq!(full.refusal(), (409, "SLOT_FULL".to_owned()));

    // The passport, with another officer's eyes on it.
    let asked = json!({
        "type": "FIRST", "post": POST, "person": "P-1", "familyName": "Example", "givenNames": "Person",
        "birthDate": "1974-08-12", "birthPlace": "Zenith", "sex": "FEMALE",
    });
    let application = name(&house.make(&house.one, "passportApplications", &asked).await);
    house.costs("PASSPORT_ADULT").await;
    let receipt = house.paid(&application, "PASSPORT_ADULT").await;
    house.done(&house.one, &application, "submit", json!({"feeReceipt": receipt})).await;
    let evidence = json!({
        "identityEvidence": "identity card X1", "citizenshipEvidence": "certificate of birth", "photo": "photos/1",
        "biometrics": "biometrics/1",
    });
    house.done(&house.one, &application, "takeIn", evidence).await;
    let screening = name(&house.screened("Person Example", "1974-08-12", &[]).await);
    house.done(&house.one, &application, "adjudicate", json!({"screening": screening})).await;
    let alone = house.act(&house.one, &application, "approve", json!({})).await;
    assert_eq!(alone.reason(), "SAME_PERSON", "{alone:?}");
    house.done(&house.other, &application, "approve", json!({})).await;
    let book = house.blank("PASSPORT_BOOK", "C01X00T47").await;
    let made = json!({"application": application, "blank": book});
    let passport = house.make(&house.one, "travelDocuments", &made).await;
    let border = house.door.key("travel-document-verifier", "border-guard", false).await;
    let verified = async || house.read(&border, &format!("{}:verify", name(&passport))).await;
    assert_eq!(verified().await["finding"], "NOT_DELIVERED");
    house.done(&house.one, &application, "inspect", json!({})).await;
    house.done(&house.one, &application, "ship", json!({"shipment": "bag 7"})).await;
    house.done(&house.one, &application, "receive", json!({})).await;
    let handed = house.done(&house.one, &application, "deliver", json!({"evidence": "identity card X1"})).await;
    assert_eq!(handed["state"], "DELIVERED");

    // A partner reads the zone and asks about the number in it.
    let zone: Vec<_> = passport["zone"].as_array().expect("a passport has a zone").iter().collect();
    let lines = format!("{}\n{}", zone[0].as_str().unwrap(), zone[1].as_str().unwrap());
    let read = house.door.post(&border, ZONE, &json!({"lines": lines})).await.good();
    assert_eq!(read["valid"], true, "{read}");
    assert_eq!(read["zone"]["number"], passport["number"]);
    let valid = verified().await;
    assert_eq!((&valid["valid"], &valid["finding"]), (&json!(true), &json!("VALID")), "{valid}");
    // Its holder shows a sealed copy on a telephone; whoever reads it asks what it is worth.
    let copy = house.read(&house.one, &format!("{}:sealedCopy", name(&passport))).await;
    let shown = async || house.door.post(&border, "consular/vds:verify", &json!({"json": copy["json"]})).await.good();
    let good = shown().await;
    assert_eq!((&good["finding"], &good["document"]), (&json!("VALID"), &json!("IN_FORCE")), "{good}");
    let closed = house.door.get(&border, &format!("consular/{}", name(&passport))).await;
    assert_eq!(closed.status, 403, "who verifies a passport does not read the register");

    // Lost: the very next question is told so, and nothing undoes it.
    house.done(&house.one, &name(&passport), "reportLoss", json!({"place": "At the station."})).await;
    let lost = verified().await;
    assert_eq!((&lost["valid"], &lost["finding"]), (&json!(false), &json!("REPORTED_LOST")), "{lost}");
    let stopped = shown().await;
    assert_eq!((&stopped["finding"], &stopped["document"]), (&json!("VALID"), &json!("REPORTED_LOST")), "{stopped}");
    let found = house.act(&house.other, &name(&passport), "cancel", json!({"grounds": "Found again."})).await;
    assert_eq!(found.refusal(), (409, "WRONG_STATE".to_owned()));
    house.close().await;
}

#[tokio::test]
async fn a_visa_is_not_printed_while_a_hit_is_open_and_two_officers_clear_it() {
    let ground = Ground::new().await;
    let house = Section::of(&ground).await;
    let list = house.listed(None, &[("SAMPLE, Other", "")]).await;
    let asked = json!({
        "visaClass": "C", "purpose": "TOURISM", "post": POST, "person": "T-1", "familyName": "Traveller",
        "givenNames": "Ravi", "birthDate": "1974-08-12", "sex": "MALE", "nationality": "IN", "passportNumber": "Z1234567",
        "passportIssueDate": day(-700), "passportExpireDate": day(2000), "blankPages": 10, "arrivalDate": day(30),
        "departureDate": day(40), "photo": "photos/1", "insuranceCover": "3000000",
    });
    house.costs("VISA_C").await;
    let application = name(&house.make(&house.one, "visaApplications", &asked).await);
    let receipt = house.paid(&application, "VISA_C").await;
    house.done(&house.one, &application, "submit", json!({"feeReceipt": receipt})).await;
    house.done(&house.one, &application, "recordBiometrics", json!({"biometrics": "biometrics/7"})).await;
    let examined = house.done(&house.one, &application, "examine", json!({})).await;
    assert_eq!(examined["state"], "ADMISSIBLE", "{examined}");
    let first = name(&house.screened("Ravi Traveller", "1974-08-12", &["Z1234567"]).await);
    house.done(&house.one, &application, "check", json!({"screening": first})).await;
    let terms = json!({"entries": 1, "stayDays": 10, "validFrom": day(30), "validUntil": day(40)});
    house.done(&house.other, &application, "grant", terms).await;

    // The list changes; whoever it touches is screened again, and nothing is printed.
    house.listed(Some(&list), &[("SAMPLE, Other", ""), ("TRAVELLER, Ravi", "DOB 12 Aug 1974.")]).await;
    house.screen_again(&ground).await;
    let found = house.read(&house.one, &format!("screenings?{}", equals("previous", &first))).await;
    let newer = found["screenings"][0].clone();
    assert_eq!(newer["state"], "OPEN", "{newer}");
    let sticker = house.blank("VISA_STICKER", "V00000001").await;
    let visa = json!({"application": application, "blank": sticker});
    let print = async || house.door.post(&house.one, "consular/visas", &visa).await;
    assert_eq!(print().await.refusal(), (409, "HIT_UNRESOLVED".to_owned()));
    let grounds = json!({"grounds": "Another face than the file has."});
    house.done(&house.one, &name(&newer), "proposeClearance", grounds).await;
    assert_eq!(print().await.refusal(), (409, "HIT_UNRESOLVED".to_owned()), "one officer is not enough");
    let alone = house.act(&house.one, &name(&newer), "clear", json!({})).await;
    assert_eq!(alone.reason(), "SAME_PERSON");
    assert_eq!(house.done(&house.other, &name(&newer), "clear", json!({})).await["state"], "CLEARED");
    let printed = print().await.good();
    assert_eq!((&printed["state"], &printed["number"]), (&json!("PRINTED"), &json!("V00000001")), "{printed}");
    house.close().await;
}

#[tokio::test]
async fn a_crisis_goes_from_the_area_over_the_roll_call_to_the_departure() {
    let ground = Ground::new().await;
    let house = Section::of(&ground).await;
    let (me, quiet) = (house.citizen("traveller").await, house.citizen("quiet").await);
    house.registered(&me, "Example", "person@example.org").await;
    house.registered(&quiet, "Quiet", "quiet@example.org").await;
    let crisis = json!({
        "title": "An earthquake of this story", "kind": "EARTHQUAKE", "circle": "23.977,121.604 120", "onsetTime": time(-2),
    });
    let crisis = name(&house.make(&house.one, "crises", &crisis).await);
    assert_eq!(house.done(&house.one, &crisis, "collect", json!({})).await["collected"], 2);
    let listed = until("both are on the list", async || {
        let tally = house.read(&house.one, &format!("{crisis}:tally")).await;
        (tally["listed"] == 2 && tally["waiting"] == 0).then_some(tally)
    })
    .await;
    assert_eq!(listed["states"]["UNKNOWN"], 2, "{listed}");
    let own = house.read(&me, "crisisPersons").await["crisisPersons"].as_array().expect("a list").clone();
    assert_eq!(own.len(), 1, "a registrant sees the own record");
    assert_eq!(own[0]["whereabouts"], "Hualien, TW", "and is where the crisis is, not where the journey began");
    let mine = name(&own[0]);
    assert_eq!(house.done(&me, &mine, "reportNeedsHelp", json!({"note": "No water."})).await["state"], "NEEDS_HELP");
    let theirs = name(&house.read(&quiet, "crisisPersons").await["crisisPersons"][0]);
    assert_eq!(house.act(&me, &theirs, "reportSafe", json!({})).await.refusal(), (404, "NOT_FOUND".to_owned()));

    // The airline tells of the same human: one seat, by whatever record.
    let told = json!({
        "crisis": crisis, "source": "AIRLINE", "familyName": "EXAMPLE", "givenNames": "PERSON MR", "birthDate": "1974-08-12",
        "nationality": "US",
    });
    let told = name(&house.make(&house.one, "crisisPersons", &told).await);
    let pairs = house.read(&house.one, &format!("{crisis}:duplicates")).await["pairs"].clone();
    let pair =
        |pair: &Value| [pair["person"].clone(), pair["other"].clone()].map(|name| name.as_str().unwrap().to_owned());
    let mut expected = [mine.clone(), told.clone()];
    expected.sort_unstable();
    assert_eq!(
        pairs.as_array().map(|pairs| pairs.iter().map(pair).collect::<Vec<_>>()),
        Some(vec![expected]),
        "{pairs}"
    );
    house.done(&house.one, &told, "merge", json!({"into": mine})).await;

    let manifest = |designation: &str| {
        json!({"crisis": crisis, "means": "FLIGHT", "designation": designation, "capacity": 1, "origin": "Hualien",
            "safeHaven": "Okinawa"})
    };
    let flight = name(&house.make(&house.one, "manifests", &manifest("EX 100")).await);
    let bus = name(&house.make(&house.one, "manifests", &manifest("EX 200")).await);
    let seat =
        |manifest: &str, person: &str| json!({"manifest": manifest, "person": person, "eligibility": "NATIONAL"});
    let seated = name(&house.make(&house.one, "manifestSeats", &seat(&flight, &mine)).await);
    for (person, refused) in [(&mine, "PERSON_ALREADY_SEATED"), (&told, "PERSON_IS_MERGED")] {
        let again = house.door.post(&house.one, "consular/manifestSeats", &seat(&bus, person)).await;
        assert_eq!(again.refusal(), (409, refused.to_owned()));
    }
    let second = name(&house.make(&house.one, "manifestSeats", &seat(&flight, &theirs)).await);
    house.done(&house.one, &flight, "beginBoarding", json!({})).await;
    house.done(&house.one, &flight, "board", json!({"seat": seated, "documentNumber": "P1234567"})).await;
    let full = house.act(&house.one, &flight, "board", json!({"seat": second, "documentNumber": "P7654321"})).await;
    assert_eq!(full.refusal(), (409, "MANIFEST_FULL".to_owned()));
    let gone = house.done(&house.one, &flight, "depart", json!({})).await;
    assert_eq!((&gone["listed"], &gone["boarded"], &gone["noShow"]), (&json!(2), &json!(1), &json!(1)), "{gone}");
    let open = house.act(&house.one, &crisis, "close", json!({})).await;
    assert_eq!(open.refusal(), (409, "CRISIS_HAS_UNKNOWN".to_owned()));
    house.done(&quiet, &theirs, "reportSafe", json!({})).await;
    assert_eq!(house.read(&me, &mine).await["state"], "DEPARTED");
    assert_eq!(house.done(&house.one, &crisis, "close", json!({})).await["state"], "CLOSED");
    house.close().await;
}
