//! `cargo xtask demo --crisis`: a hundred thousand travellers around the cities of the earth, the earthquakes of a real week,
//! and who of ours is inside.

mod quakes;
mod travellers;

use super::door::Door;
use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use quakes::Quake;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use travellers::Travellers;

/// How many travellers there are.
const TRAVELLERS: usize = 100_000;
/// How many lines one request brings.
const LINES: usize = 2_000;
/// How many of the earthquakes become a crisis.
const CRISES: usize = 3;
/// How many people of a crisis are shown.
const SHOWN: usize = 8;
/// How long the list of a crisis may take to fill.
const PATIENCE: Duration = Duration::from_secs(300);

const ROLES: [&str; 2] = ["crisis-operator", "supervisor"];

/// Plays it, and says whether everyone was found whom a look at every traveller finds.
pub(super) async fn play(door: &Door, now: DateTime<Utc>) -> Result<bool> {
    let role = door.holder(&ROLES, "consular.registrations.import").await?;
    let travellers = Travellers::around_the_cities(TRAVELLERS, now.date_naive())?;
    println!(
        "\n{TRAVELLERS} travellers around {} cities register, as the {role} takes them over:",
        travellers.cities()
    );
    take_in(door, role, &travellers).await?;

    println!("\nThe earthquakes of the week to 6 February 2018, as if they struck now, by who of ours is near:");
    let mut near = Vec::new();
    for quake in quakes::all()? {
        near.push((ask(door, role, &quake).await?, quake));
    }
    near.sort_by_key(|((people, _), _)| std::cmp::Reverse(*people));
    let mut right = true;
    for ((people, answer), quake) in &near {
        let expected = travellers.near(quake).len();
        let registrations = count(answer, "registrations");
        right &= registrations == expected;
        let told = if registrations == expected { "" } else { "  WRONG" };
        println!(
            "  M {:.1}  {:44} within {:4.0} km: {registrations:6} registrations, {people:6} people{told}",
            quake.magnitude,
            quake.place,
            quake.radius(),
        );
    }
    for (_, quake) in near.iter().take(CRISES) {
        right &= crisis(door, role, quake, &travellers, now).await?;
    }
    Ok(right)
}

fn count(answer: &Value, field: &str) -> usize {
    answer[field].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
}

/// Imports everyone, twice the first part: the second time nothing may change.
async fn take_in(door: &Door, role: &str, travellers: &Travellers) -> Result<()> {
    let style = ProgressStyle::with_template("      importing {bar:40} {pos}/{len}").expect("the template is sound");
    let bar = ProgressBar::new(TRAVELLERS as u64).with_style(style);
    let (began, mut outcomes) = (Instant::now(), BTreeMap::new());
    for chunk in travellers.lines().chunks(LINES) {
        import(door, role, chunk, &mut outcomes).await?;
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    let took = began.elapsed().as_secs_f64();
    println!("  {outcomes:?} in {took:.0} s: {:.0} a second.", TRAVELLERS as f64 / took);
    let mut again = BTreeMap::new();
    import(door, role, &travellers.lines()[..LINES], &mut again).await?;
    println!("  The first {LINES} again: {again:?}.");
    ensure!(again.get("UNCHANGED") == Some(&LINES), "a second import changed something");
    Ok(())
}

async fn import(door: &Door, role: &str, lines: &[String], outcomes: &mut BTreeMap<String, usize>) -> Result<()> {
    let response = door.lines(role, "/v1/consular/registrations:import", lines.concat()).await?;
    let text = response.text().await.context("read the results of the import")?;
    let mut answered = 0;
    for line in text.lines().filter(|line| !line.is_empty()) {
        let result: Value = serde_json::from_str(line).context("a result of the import is no JSON")?;
        let outcome = result["outcome"].as_str().context("a line was answered without an outcome")?.to_owned();
        ensure!(outcome != "REJECTED", "a traveller was refused: {}", result["failure"]);
        *outcomes.entry(outcome).or_default() += 1;
        answered += 1;
    }
    ensure!(answered == lines.len(), "{answered} of {} lines were answered", lines.len());
    Ok(())
}

/// How many people are near an earthquake, and the whole answer.
async fn ask(door: &Door, role: &str, quake: &Quake) -> Result<(usize, Value)> {
    let circle = quake.circle();
    let answer = door.get(role, "/v1/consular/registrations:locate", &[("circle", circle.as_str())]).await?;
    let answer = answer.with_context(|| format!("ask who is near {}", quake.place))?;
    Ok((count(&answer, "people"), answer))
}

/// Opens a crisis, fills its list, writes to everyone on it, and shows who is inside.
async fn crisis(door: &Door, role: &str, quake: &Quake, travellers: &Travellers, now: DateTime<Utc>) -> Result<bool> {
    let key = format!("{}:{}", quake.id, now.timestamp());
    let body = json!({
        "title": format!("M {:.1}, {}", quake.magnitude, quake.place),
        "kind": "EARTHQUAKE",
        "circle": quake.circle(),
        "onsetTime": now.to_rfc3339(),
        "source": quake.url,
    });
    let made = door.post(role, "/v1/consular/crises", &format!("{key}:open"), &body).await?;
    let name = made.context("open the crisis")?["name"].as_str().unwrap_or_default().to_owned();
    let collect = format!("/v1/consular/{name}:collect");
    let collected =
        door.post(role, &collect, &format!("{key}:collect"), &json!({})).await?.context("collect people")?;
    let began = Instant::now();
    let tally = loop {
        let tally = door.get(role, &format!("/v1/consular/{name}:tally"), &[]).await?.context("tally the crisis")?;
        if count(&tally, "waiting") == 0 {
            break tally;
        }
        ensure!(began.elapsed() < PATIENCE, "the list of {name} does not fill: {tally}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let expected = travellers.near(quake);
    let people: usize = expected.iter().map(|traveller| traveller.people).sum();
    println!(
        "\n  {}: {} registrations, {} people on the list.",
        body["title"].as_str().unwrap_or_default(),
        collected["collected"],
        tally["listed"]
    );
    let filter = format!("crisis = \"{name}\"");
    let list = door.get(role, "/v1/consular/crisisPersons", &[("filter", filter.as_str()), ("pageSize", "8")]).await?;
    let list = list.context("read who is inside")?;
    for person in list["crisisPersons"].as_array().into_iter().flatten().take(SHOWN) {
        let text = |field: &str| person[field].as_str().unwrap_or_default();
        println!(
            "    {:12} {:10} {:24} {}",
            text("state"),
            text("familyName"),
            text("givenNames"),
            text("whereabouts")
        );
    }
    if people > SHOWN {
        println!("    and {} more", people - SHOWN);
    }
    write_to_them(door, role, quake, &name, &key, expected.len()).await?;
    Ok(count(&collected, "collected") == expected.len() && count(&tally, "listed") == people)
}

/// Writes to everyone in the area and waits until every delivery has come to its end.
async fn write_to_them(door: &Door, role: &str, quake: &Quake, crisis: &str, key: &str, expected: usize) -> Result<()> {
    let body = json!({
        "title": quake.place,
        "texts": [{ "language": "en", "subject": "Are you safe?", "body": "There was an earthquake near you. Tell us how you are." }],
        "circle": quake.circle(),
        "crisis": crisis,
    });
    let made =
        door.post(role, "/v1/consular/messages", &format!("{key}:write"), &body).await?.context("write a message")?;
    let name = made["name"].as_str().unwrap_or_default();
    let path = format!("/v1/consular/{name}:send");
    door.post(role, &path, &format!("{key}:send"), &json!({})).await?.context("send the message")?;
    let began = Instant::now();
    loop {
        let message = door.get(role, &format!("/v1/consular/{name}"), &[]).await?.context("read the message")?;
        if message["state"] == "SENT" {
            println!("    written to: {} of {expected}.", message["delivered"]);
            ensure!(count(&message, "delivered") == expected, "somebody was not written to");
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "{name} is not sent");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
