//! Reference data that the foreign service begins with: who needs a visa to come here, and where our citizens need one.

use crate::demo::countries::Countries;
use crate::demo::door::Door;
use crate::demo::import::{Line, import};
use crate::progress::Step;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

/// Passport, destination, requirement.
const MATRIX: &str = include_str!("../data/visa_matrix.csv");
/// The day on which the matrix was read.
const DATE: &str = "2022-12-21";
const SOURCE: &str = "Passport Index, read on 2022-12-21, github.com/ilyankou/passport-index-dataset (MIT)";
/// Who may maintain the rules.
const ROLES: [&str; 1] = ["supervisor"];
const PATH: &str = "/v1/consular/entryRequirements:import";

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    passport: String,
    destination: String,
    requirement: String,
}

/// Takes in the rules for those who enter the home state and for its own citizens. Taken in again they change nothing.
///
/// # Errors
/// The file is not as expected, the gateway is not there, or it refuses a line.
pub(crate) async fn load(door: &Door, home: &str) -> Result<()> {
    let step = Step::begin("reference data: entry requirements");
    step.done(rules(door, home).await)
}

async fn rules(door: &Door, home: &str) -> Result<()> {
    let role = door.holder(&ROLES, "consular.entryRequirements.maintain").await?;
    let lines = lines(MATRIX, home)?;
    let summary = import(door, role, PATH, &lines).await?;
    if let Some((line, why)) = summary.rejected.first() {
        anyhow::bail!("line {line} of visa_matrix.csv was refused: {why}");
    }
    Ok(())
}

/// The lines of the import: the rules that begin or end in the home state.
fn lines(matrix: &str, home: &str) -> Result<Vec<Line>> {
    let countries = Countries::read()?;
    let code = |name: &str| countries.code(name).map(str::to_owned).map_err(anyhow::Error::msg);
    let mut lines = Vec::new();
    for (row, number) in csv::Reader::from_reader(matrix.as_bytes()).deserialize().zip(2..) {
        let at = || format!("line {number} of visa_matrix.csv");
        let row: Row = row.with_context(at)?;
        let (from, to) = (code(&row.passport).with_context(at)?, code(&row.destination).with_context(at)?);
        if from == to || (from != home && to != home) {
            continue;
        }
        let id = format!("{from}-{to}").to_lowercase();
        let rule = rule(&from, &to, &row.requirement).with_context(at)?;
        lines.push(Line { number, body: json!({"entryRequirementId": id, "entryRequirement": rule}) });
    }
    ensure!(!lines.is_empty(), "the matrix has no rule for {home}");
    Ok(lines)
}

/// A requirement of the matrix as the contract has it.
fn rule(from: &str, to: &str, requirement: &str) -> Result<Value> {
    let (kind, days, note) = match requirement {
        "visa free" => ("VISA_FREE", 0, ""),
        "visa on arrival" => ("VISA_ON_ARRIVAL", 0, ""),
        "e-visa" => ("E_VISA", 0, ""),
        "visa required" => ("VISA_REQUIRED", 0, ""),
        "no admission" => ("NOT_ADMITTED", 0, ""),
        "covid ban" => ("NOT_ADMITTED", 0, "Closed because of the pandemic when the matrix was read."),
        "Hayya Entry Permit" => ("E_VISA", 0, "The permit of the football championship when the matrix was read."),
        days => ("VISA_FREE", days.parse().with_context(|| format!("{days} is no requirement"))?, ""),
    };
    Ok(json!({
        "nationality": from,
        "destination": to,
        "requirement": kind,
        "stayDays": days,
        "effectiveDate": DATE,
        "source": SOURCE,
        "note": note,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_matrix_has_a_place_in_the_contract() {
        let rows = csv::Reader::from_reader(MATRIX.as_bytes()).into_deserialize();
        let rows: Vec<Row> = rows.collect::<Result<_, _>>().expect("the file is sound");
        let countries = Countries::read().expect("the file is sound");
        for row in rows.iter().filter(|row| row.passport != row.destination) {
            let (from, to) = (countries.code(&row.passport), countries.code(&row.destination));
            let made = rule(from.expect("it has a code"), to.expect("it has a code"), &row.requirement);
            made.unwrap_or_else(|why| panic!("{} to {}: {why:#}", row.passport, row.destination));
        }
    }

    #[test]
    fn the_rules_that_touch_the_home_state_are_taken_in_with_their_days() {
        let matrix = "Passport,Destination,Requirement\nFrance,Germany,90\nGermany,France,visa free\n\
                      France,Japan,90\nGermany,Germany,-1\nJapan,Germany,no admission\n";
        let lines = lines(matrix, "DE").expect("the matrix is sound");
        let told: Vec<_> = lines.iter().map(|line| (line.number, line.body["entryRequirementId"].as_str())).collect();
        assert_eq!(told, [(2, Some("fr-de")), (3, Some("de-fr")), (6, Some("jp-de"))]);
        assert_eq!(lines[0].body["entryRequirement"]["stayDays"], 90);
        assert_eq!(lines[2].body["entryRequirement"]["requirement"], "NOT_ADMITTED");
        assert!(self::lines(matrix, "XX").is_err());
    }
}
