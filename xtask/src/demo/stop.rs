//! Plays the stops with the officer's key alone, prints each answer as it would be read on the road, and holds it
//! against what it must be.

use super::door::Door;
use super::register::name;
use super::scenes::{self, Card, Question, Scene};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The officer's role.
const OFFICER: &str = "police-verifier";
/// Width of the first column.
const LABEL: usize = 12;

/// One line of the final table.
pub(super) struct Check {
    /// The stop.
    scene: &'static str,
    /// What was asked.
    asked: String,
    /// What must be answered.
    expected: String,
    /// What was answered.
    answered: String,
}

impl Check {
    /// Whether the answer is what it must be.
    pub(super) fn holds(&self) -> bool {
        self.expected == self.answered
    }
}

/// Plays every stop. `cards` are the names of the cards by person.
///
/// # Errors
/// The gateway refuses to answer.
pub(super) async fn play(door: &Door, cards: &BTreeMap<String, String>) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for (at, scene) in scenes::all().iter().enumerate() {
        println!("\n{}. {}", at + 1, scene.title);
        let number = number(&scene.card, cards)?;
        let path = format!("/v1/accreditation/identityCards/{number}:verify");
        let found = door.get(OFFICER, &path, &[]).await?.with_context(|| format!("verify card {number}"))?;
        show_card(&number, &found);
        checks.push(Check {
            scene: scene.title,
            asked: "the card".into(),
            expected: scene.finding.into(),
            answered: text(&found, "finding").into(),
        });
        for question in &scene.questions {
            checks.push(ask(door, scene, question, text(&found, "member")).await?);
        }
    }
    Ok(checks)
}

/// Prints what was expected beside what was answered.
pub(super) fn table(checks: &[Check]) {
    let widest =
        |of: fn(&Check) -> &str| checks.iter().map(|check| of(check).chars().count()).max().unwrap_or_default();
    let (scene, asked) = (widest(|check| check.scene), widest(|check| &check.asked));
    let expected = widest(|check| &check.expected);
    println!("\n      {:scene$}  {:asked$}  {:expected$}  answered", "stop", "asked", "expected");
    for check in checks {
        let mark = if check.holds() { "ok" } else { "WRONG" };
        println!(
            "{mark:>5} {:scene$}  {:asked$}  {:expected$}  {}",
            check.scene, check.asked, check.expected, check.answered
        );
    }
}

fn number(card: &Card, cards: &BTreeMap<String, String>) -> Result<String> {
    let of = |person: &str| {
        let name = cards.get(person).with_context(|| format!("{person} has no card"))?;
        Ok::<_, anyhow::Error>(name.trim_start_matches("identityCards/").to_owned())
    };
    Ok(match card {
        Card::Of(person) => of(person)?,
        Card::MisreadOf(person) => scenes::misread(&of(person)?),
        Card::NeverIssued => scenes::with_check_digit("ZZ000000"),
    })
}

async fn ask(door: &Door, scene: &Scene, question: &Question, member: &str) -> Result<Check> {
    let path = format!("/v1/accreditation/{member}:determineImmunity");
    let body = json!({"matter": question.matter, "circumstances": question.circumstances, "reference": "unit 12"});
    // Each question is asked and kept anew: the answer holds for the moment it was given.
    let key = format!("demo:{}:{}:{}", question.matter, question.supposing, chrono::Utc::now().timestamp_micros());
    let answer = door.post(OFFICER, &path, &key, &body).await?;
    let answer = answer.with_context(|| format!("ask about {member}"))?;
    show_answer(question, &answer);
    let articles = articles(&answer);
    let rests_on = if articles.iter().any(|article| article == question.rests_on) { question.rests_on } else { "" };
    Ok(Check {
        scene: scene.title,
        asked: matter(question),
        expected: format!("{}, {}", question.immune, question.rests_on),
        answered: if rests_on.is_empty() {
            format!("{}, {}", text(&answer, "immune"), articles.join(", "))
        } else {
            format!("{}, {rests_on}", text(&answer, "immune"))
        },
    })
}

fn show_card(number: &str, found: &Value) {
    line("card", &format!("{number}  {}", words(text(found, "finding")).to_uppercase()));
    line("", text(found, "advice"));
    line("holder", text(found, "holderName"));
    line("of", text(found, "mission"));
    line("level", text(found, "levelText"));
    line("valid until", text(found, "expireTime").get(..10).unwrap_or_default());
}

fn show_answer(question: &Question, answer: &Value) {
    println!("    {}: {}", matter(question), words(text(answer, "immune")).to_uppercase());
    line("do", text(answer, "advice"));
    let conditions = answer["conditions"].as_array().into_iter().flatten().filter_map(Value::as_str);
    conditions.for_each(|condition| line("", condition));
    line("by", &articles(answer).join(", "));
    line("kept as", name(answer));
}

/// `arrest or detention, for a grave crime`.
fn matter(question: &Question) -> String {
    let matter = words(question.matter);
    if question.supposing.is_empty() { matter } else { format!("{matter} {}", question.supposing) }
}

/// The provisions an answer rests on: `VCDR 31.1`.
fn articles(answer: &Value) -> Vec<String> {
    let citations = answer["citations"].as_array().into_iter().flatten();
    citations.map(|citation| format!("{} {}", text(citation, "instrument"), text(citation, "provision"))).collect()
}

/// A label and its text; nothing if there is no text.
fn line(label: &str, text: &str) {
    if !text.is_empty() {
        println!("    {label:LABEL$} {text}");
    }
}

/// `OFFICIAL_ACTS_ONLY` in words.
fn words(name: &str) -> String {
    name.to_lowercase().replace('_', " ")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
