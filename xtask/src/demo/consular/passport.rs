//! A passport from its application to its loss: each step by whoever has the duty, two persons to the decision, the page
//! as PDF, its zone before a reader that is none of ours.

use super::reader::Reader;
use super::tally::Tally;
use super::{COUNTER, House, text, zone};
use crate::local::Local;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::fs;

/// The post, as every example has it.
const POST: &str = "posts/example";
const FAMILY_NAME: &str = "Sample";
const GIVEN_NAMES: &str = "Anna";
const BIRTH_DATE: &str = "1974-08-12";

/// Who does what.
struct Duties {
    counter: &'static str,
    /// Proposes what a passport costs, and takes the fee.
    cashier: &'static str,
    /// Approves what it costs.
    approves_fees: &'static str,
    /// Takes the application in, in the clerk's stead, and may decide, but then not on this one.
    stands_in: &'static str,
    decides: &'static str,
    produces: &'static str,
    /// Takes reports of loss, and says what a passport is worth.
    officer: &'static str,
}

/// Plays it.
pub(super) async fn play(house: &House<'_>, local: &Local, tally: &mut Tally) -> Result<()> {
    let holder = async |roles: &[&'static str], permission: &str| {
        house.door.holder(roles, &format!("consular.{permission}")).await
    };
    let duties = Duties {
        counter: holder(&COUNTER, "passportApplications.file").await?,
        cashier: holder(&["cashier"], "feeSchedules.propose").await?,
        approves_fees: holder(&["supervisor"], "feeSchedules.approve").await?,
        stands_in: holder(&["supervisor"], "passportApplications.takeIn").await?,
        decides: holder(&["adjudicator"], "passportApplications.decide").await?,
        produces: holder(&["document-producer"], "travelDocuments.produce").await?,
        officer: holder(&["consular-officer"], "travelDocuments.verify").await?,
    };
    println!("\nA passport, from its application to its loss:");
    let application = approved(house, &duties, tally).await?;
    let passport = produced(house, &duties, &application, tally).await?;
    delivered(house, &duties, &application, &passport, tally).await?;
    let passport = house.get(duties.officer, &passport).await?;
    print(house, &duties, local, &passport, tally).await?;
    before_the_reader(house, local, &passport, tally)?;
    lost(house, &duties, text(&passport, "name"), tally).await
}

/// An approved application: its name. Who took it in is refused the decision, another makes it.
async fn approved(house: &House<'_>, duties: &Duties, tally: &mut Tally) -> Result<String> {
    let subject = json!({
        "kind": "PERSON",
        "names": [format!("{GIVEN_NAMES} {FAMILY_NAME}")],
        "birthDate": BIRTH_DATE,
    });
    let body = json!({ "subject": subject, "occasion": "passport" });
    let screening = house.post(duties.counter, "screenings", "applicant", &body).await?;
    tally.hold(&format!("name check of {GIVEN_NAMES} {FAMILY_NAME}"), "CLEAR", text(&screening, "state"));

    // A person of this run alone: nobody has two valid passports of a kind.
    let number = house.now.timestamp();
    let body = json!({
        "type": "FIRST",
        "post": POST,
        "person": format!("P-{number}"),
        "familyName": FAMILY_NAME,
        "givenNames": GIVEN_NAMES,
        "birthDate": BIRTH_DATE,
        "birthPlace": "Zenith",
        "sex": "FEMALE",
    });
    let application = house.post(duties.counter, "passportApplications", "apply", &body).await?;
    let name = text(&application, "name").to_owned();
    let invented = json!({ "feeReceipt": "receipts/invented" });
    let invented = house.try_post(duties.counter, &format!("{name}:submit"), "invented", &invented).await?;
    let answered = invented.err().map_or_else(|| "SUBMITTED".to_owned(), |refusal| refusal.reason().to_owned());
    tally.hold("submit, with a receipt that nobody issued", "RECEIPT_UNFIT", &answered);
    let receipt = paid(house, duties, &name).await?;
    step(house, duties.counter, &name, "submit", json!({ "feeReceipt": receipt })).await?;
    let seen = json!({
        "identityEvidence": "identity card",
        "citizenshipEvidence": "certificate of birth",
        "photo": "photos/1",
        "biometrics": "biometrics/1",
    });
    step(house, duties.stands_in, &name, "takeIn", seen).await?;
    step(house, duties.stands_in, &name, "adjudicate", json!({ "screening": screening["name"] })).await?;
    let own = house.try_post(duties.stands_in, &format!("{name}:approve"), "own", &json!({})).await?;
    let answered = own.err().map_or_else(|| "APPROVED".to_owned(), |refusal| refusal.reason().to_owned());
    let who = format!("approve, by the {} who took it in", duties.stands_in);
    tally.hold(&who, "SAME_PERSON", &answered);
    step(house, duties.decides, &name, "approve", json!({})).await?;
    Ok(name)
}

/// The receipt that pays for an application: the row of the schedule if there is none yet, a drawer of today, the fee.
async fn paid(house: &House<'_>, duties: &Duties, application: &str) -> Result<Value> {
    let row = json!({
        "code": "PASSPORT_ADULT",
        "title": "A passport for an adult",
        "amount": { "currency": "USD", "minorUnits": "13000" },
        "effectiveDate": "2026-01-01",
        "source": "demonstration",
    });
    match house.try_post(duties.cashier, "feeSchedules", "fee", &row).await? {
        Ok(row) => step(house, duties.approves_fees, text(&row, "name"), "approve", json!({})).await?,
        Err(refusal) => ensure!(refusal.reason() == "FEE_ALREADY_SET", "propose a fee: {refusal}"),
    }
    let drawer = json!({
        "post": POST,
        "cashier": format!("people/demo-{}", house.now.timestamp_micros()),
        "date": house.now.format("%Y-%m-%d").to_string(),
        "timeZone": "Etc/UTC",
        "currency": "USD",
    });
    let drawer = house.post(duties.cashier, "cashDays", "drawer", &drawer).await?;
    let receipt = json!({
        "cashDay": drawer["name"],
        "lines": [{ "code": "PASSPORT_ADULT" }],
        "payer": format!("{GIVEN_NAMES} {FAMILY_NAME}"),
        "subject": application,
        "method": "CARD",
    });
    let receipt = house.post(duties.cashier, "receipts", "receipt", &receipt).await?;
    println!("         {} issued by the {}", text(&receipt, "reference"), duties.cashier);
    Ok(receipt["name"].clone())
}

/// The passport made of a book that was received into the stock: its name. It is worth nothing yet.
async fn produced(house: &House<'_>, duties: &Duties, application: &str, tally: &mut Tally) -> Result<String> {
    // Nine characters, of this run alone.
    let number = format!("D{:08}", house.now.timestamp().rem_euclid(100_000_000));
    let body = json!({ "number": number, "kind": "PASSPORT_BOOK", "post": POST, "consignment": "demonstration" });
    let blank = house.post(duties.produces, "blankBooks", "blank", &body).await?;
    println!("         {} received into the stock of {POST} by the {}", text(&blank, "name"), duties.produces);
    let body = json!({ "application": application, "blank": blank["name"] });
    let passport = house.post(duties.produces, "travelDocuments", "produce", &body).await?;
    let name = text(&passport, "name").to_owned();
    println!("         {name} made of it by the {}", duties.produces);
    worth(house, duties, &name, "made, and not handed over", "NOT_DELIVERED", tally).await?;
    Ok(name)
}

async fn delivered(
    house: &House<'_>,
    duties: &Duties,
    application: &str,
    passport: &str,
    tally: &mut Tally,
) -> Result<()> {
    step(house, duties.produces, application, "inspect", json!({})).await?;
    step(house, duties.produces, application, "ship", json!({ "shipment": "bag 7" })).await?;
    step(house, duties.counter, application, "receive", json!({})).await?;
    step(house, duties.counter, application, "deliver", json!({ "evidence": "identity card" })).await?;
    worth(house, duties, passport, "handed over", "VALID", tally).await
}

/// Prints the data page, and keeps it as `.local/demo/passport.pdf`.
async fn print(house: &House<'_>, duties: &Duties, local: &Local, passport: &Value, tally: &mut Tally) -> Result<()> {
    let path = format!("/v1/consular/{}:print", text(passport, "name"));
    let page = house.door.document(duties.produces, &path).await?.context("print the passport")?;
    let folder = local.path("demo");
    fs::create_dir_all(&folder).context("make .local/demo")?;
    fs::write(folder.join("passport.pdf"), &page).context("write .local/demo/passport.pdf")?;
    let form = if page.starts_with(b"%PDF-") { "a PDF" } else { "no PDF" };
    tally.hold(&format!("the data page, {} bytes, kept as .local/demo/passport.pdf", page.len()), "a PDF", form);
    Ok(())
}

/// Lets the reader read the zone, and holds each field against the record; and shows that it refuses a misread one.
fn before_the_reader(house: &House<'_>, local: &Local, passport: &Value, tally: &mut Tally) -> Result<()> {
    let lines = passport["zone"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let lines: Vec<_> = lines.map(str::to_owned).collect();
    ensure!(lines.len() == 2, "the passport's zone has not two lines: {lines:?}");
    lines.iter().for_each(|line| println!("           {line}"));
    let reader = match Reader::provide(local) {
        Ok(reader) => reader,
        Err(error) => {
            tally.not_shown("an independent reader reads the zone", &format!("{error:#}"));
            return Ok(());
        }
    };
    println!("         read by the package mrz of PyPI, which is none of ours:");
    let read = reader.read(&lines)?;
    tally.hold("the zone", "valid", &verdict(&read));
    for (field, expected) in zone::expected(passport, house.home)? {
        tally.hold(&field.replace('_', " "), &expected, text(&read["fields"], field));
    }
    let wrong = reader.read(&zone::misread(&lines))?;
    let refused = if wrong["valid"] == false { "refused" } else { "taken" };
    tally.hold("the zone with a digit of the date of birth misread", "refused", refused);
    println!("           {}", verdict(&wrong));
    Ok(())
}

/// `valid, []`, or what the reader finds wrong.
fn verdict(read: &Value) -> String {
    let faults: Vec<_> = read["faults"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match (read["valid"] == true, faults.is_empty()) {
        (true, true) => "valid".to_owned(),
        _ => format!("not valid: {}", faults.join(", ")),
    }
}

/// Reports the loss: from that instant the passport is no longer good, and not printed again.
async fn lost(house: &House<'_>, duties: &Duties, passport: &str, tally: &mut Tally) -> Result<()> {
    step(house, duties.officer, passport, "reportLoss", json!({ "place": "At the station." })).await?;
    worth(house, duties, passport, "reported lost", "REPORTED_LOST", tally).await?;
    let path = format!("/v1/consular/{passport}:print");
    let again = house.door.document(duties.produces, &path).await?;
    let answered = again.err().map_or_else(|| "printed".to_owned(), |refusal| refusal.reason().to_owned());
    tally.hold("print it once more", "WRONG_STATE", &answered);
    Ok(())
}

/// One step of a record's life.
async fn step(house: &House<'_>, role: &str, name: &str, verb: &str, body: Value) -> Result<()> {
    let record = house.post(role, &format!("{name}:{verb}"), verb, &body).await?;
    println!("         {verb}, by the {role}: {}", text(&record, "state"));
    Ok(())
}

/// Asks what the passport is worth now.
async fn worth(
    house: &House<'_>,
    duties: &Duties,
    passport: &str,
    when: &str,
    finding: &str,
    tally: &mut Tally,
) -> Result<()> {
    let answer = house.get(duties.officer, &format!("{passport}:verify")).await?;
    let told = |finding: &str, good: bool| format!("{finding}, {}", if good { "good" } else { "not good" });
    let answered = told(text(&answer, "finding"), answer["valid"] == true);
    tally.hold(&format!("verify, {when}"), &told(finding, finding == "VALID"), &answered);
    println!("           {}", text(&answer, "advice"));
    Ok(())
}
