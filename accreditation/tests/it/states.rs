//! Every verb in every state: allowed where the contract says so, refused everywhere else, leading where it says.

use crate::benefits::{grant_of, tax_rule};
use crate::consuls::{commission, notary};
use crate::driving::{insurance, sedan};
use crate::heads::{charge, head, letters};
use crate::world::{World, decider, reason, secretary, world};
use proto::accreditation::v1::HeadClass;
use proto::contract::{Kind, Method, contract};
use serde_json::{Value, json};

/// The verbs of a resource, and deletion, which is bound to states as they are.
fn verbs(resource: &str) -> Vec<(&'static Method, String)> {
    let full_name = format!("legation.accreditation.v1.{resource}");
    let methods = contract().methods_of("accreditation").filter(|method| method.resource() == Some(full_name.as_str()));
    let verb = |method: &'static Method| match method.kind() {
        Kind::Verb(_) | Kind::Delete => Some((method, method.verb()?.to_owned())),
        _ => None,
    };
    methods.filter_map(verb).collect()
}

fn states(resource: &str) -> Vec<String> {
    let found = contract().resource(&format!("legation.accreditation.v1.{resource}")).unwrap();
    let values = found.states().unwrap().values().filter(|value| value.number() != 0);
    values.map(|value| value.name().to_owned()).collect()
}

/// What a record in this state has besides.
fn with_state(state: &str) -> Value {
    let mut doc = json!({ "state": state });
    let more = match state {
        "SEVERED" => json!({ "inCustody": true }),
        "CONSENT_REVIEW" => json!({ "inCustody": false }),
        "GRANTED" | "ARRIVED" => json!({ "decideTime": "2026-05-01T00:00:00Z" }),
        "PRESENTED" => json!({ "presentTime": "2026-05-01T00:00:00Z", "functionsTime": "2026-05-01T00:00:00Z" }),
        "POST_APPROVED" | "RECOGNISED" | "RECERTIFICATION_DUE" => {
            json!({ "postApproveTime": "2026-05-01T00:00:00Z", "termEndTime": "2031-05-01T04:00:00Z" })
        }
        "RESTRICTED" => json!({ "sizeLimit": 3 }),
        "GRACE" => json!({ "terminationTime": "2026-05-01T00:00:00Z", "graceEndTime": "2026-06-01T04:00:00Z" }),
        "CHANGE_REVIEW" => {
            json!({ "pendingChange": { "effectiveTime": "2026-05-02T00:00:00Z", "residence": "FOREIGN" } })
        }
        _ => json!({}),
    };
    doc.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    doc
}

/// What became of a verb: the state it led to, or the reason it was refused for.
fn outcome<T>(answer: Result<T, tonic::Status>, state: impl Fn(&T) -> String) -> String
where
    T: std::fmt::Debug,
{
    match answer {
        Ok(record) => state(&record),
        refused => reason(refused),
    }
}

/// What the contract says a verb does in a state.
fn expected(method: &Method, state: &str) -> String {
    let rule = method.rule();
    match rule.to.as_slice() {
        _ if !rule.from.is_empty() && !rule.from.iter().any(|from| from == state) => "WRONG_STATE".to_owned(),
        [] => state.to_owned(),
        // Of several, the last is where the verb leads when it is asked for no more than it needs.
        [.., to] => to.clone(),
    }
}

async fn hold<T: std::fmt::Debug>(
    world: &World,
    resource: &str,
    table: &str,
    name: &str,
    step: impl AsyncFn(&str) -> Result<T, tonic::Status>,
    state_of: impl Fn(&T) -> String,
) {
    let (verbs, states) = (verbs(resource), states(resource));
    assert!(!verbs.is_empty() && states.len() > 1);
    for (method, verb) in &verbs {
        for state in &states {
            // One verb's traces must not refuse the next: nobody has done anything but make the record.
            sqlx::query("delete from history where version > 1").execute(&world.db.pool).await.unwrap();
            let text =
                sqlx::AssertSqlSafe(format!("update {table} set deleted_at = null, version = 1 where name = $1"));
            sqlx::query(text).bind(name).execute(&world.db.pool).await.unwrap();
            world.put(table, name, with_state(state)).await;
            assert_eq!(outcome(step(verb).await, &state_of), expected(method, state), "{verb} in {state}");
        }
    }
}

#[tokio::test]
async fn missions_change_state_as_the_contract_says() {
    let world = world().await;
    let name = world.embassy("FR").await;
    let step = async |verb: &str| world.mission_step(&decider(), verb, &name).await;
    hold(&world, "Mission", "missions", &name, step, |mission| mission.state().as_str_name().to_owned()).await;
}

#[tokio::test]
async fn members_change_state_as_the_contract_says() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.notify("garnier", secretary(&mission)).await.unwrap().name;
    let step = async |verb: &str| {
        world.put("members", &name, json!({ "graceExtended": false, "arrivalTime": "2026-04-24T10:00:00Z" })).await;
        if verb == "recordArrival" {
            let expected = sqlx::query("update members set doc = doc - 'arrivalTime' where name = $1");
            expected.bind(&name).execute(&world.db.pool).await.unwrap();
        }
        world.member_step(&decider(), verb, &name).await
    };
    hold(&world, "Member", "members", &name, step, |member| member.state().as_str_name().to_owned()).await;
}

#[tokio::test]
async fn agrements_change_state_as_the_contract_says() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.draft(&head(&mission)).await;
    let step = async |verb: &str| world.agrement_step(&decider(), verb, &name).await;
    hold(&world, "Agrement", "agrements", &name, step, |agrement| agrement.state().as_str_name().to_owned()).await;
}

#[tokio::test]
async fn letters_of_credence_change_state_as_the_contract_says() {
    let world = world().await;
    let head = world.head_from("FR").await;
    let name = world.schedule(letters(&head, HeadClass::Ambassador)).await.unwrap().name;
    // The record is taken through its states many times; a real one takes up functions once.
    sqlx::query("alter table credentials disable trigger user").execute(&world.db.pool).await.unwrap();
    let step = async |verb: &str| world.credential_step(&decider(), verb, &name).await;
    hold(&world, "Credential", "credentials", &name, step, |letters| letters.state().as_str_name().to_owned()).await;
}

#[tokio::test]
async fn charges_change_state_as_the_contract_says() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let diplomat = world.accredited("garnier", secretary(&mission)).await;
    let name = world.begin_charge(charge(&diplomat)).await.unwrap().name;
    let step = async |verb: &str| world.charge_step(&decider(), verb, &name).await;
    hold(&world, "Charge", "charges", &name, step, |charge| charge.state().as_str_name().to_owned()).await;
}

#[tokio::test]
async fn commissions_change_state_as_the_contract_says() {
    let world = world().await;
    let consul = world.consul_from("FR").await;
    let name = world.receive(commission(&consul)).await.unwrap().name;
    let step = async |verb: &str| {
        // Whose exequatur was withdrawn once is in office again for the next.
        world.put("members", &consul.name, json!({ "state": "ACCREDITED" })).await;
        world.commission_step(&decider(), verb, &name).await
    };
    hold(&world, "ConsularCommission", "consular_commissions", &name, step, |one| one.state().as_str_name().to_owned())
        .await;
}

#[tokio::test]
async fn honorary_consuls_change_state_as_the_contract_says() {
    let world = world().await;
    let name = world.justify(notary(&world.post("FR").await)).await.unwrap().name;
    let step = async |verb: &str| world.honorary_step(&decider(), verb, &name).await;
    hold(&world, "HonoraryConsul", "honorary_consuls", &name, step, |one| one.state().as_str_name().to_owned()).await;
}

#[tokio::test]
async fn cards_change_state_as_the_contract_says() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await;
    let name = world.issue(&member.name, "2028-01-01T00:00:00Z").await.unwrap().name;
    let step = async |verb: &str| world.card_step(&decider(), verb, &name).await;
    hold(&world, "IdentityCard", "identity_cards", &name, step, |card| card.state().as_str_name().to_owned()).await;
}

#[tokio::test]
async fn reciprocity_rules_change_state_as_the_contract_says() {
    let world = world().await;
    let name = world.draft_rule(tax_rule("FR")).await.unwrap().name;
    world.put("reciprocity_rules", &name, json!({ "effectiveTime": "2026-05-01T00:00:00Z" })).await;
    let step = async |verb: &str| world.rule_step(&decider(), verb, &name).await;
    hold(&world, "ReciprocityRule", "reciprocity_rules", &name, step, |rule| rule.state().as_str_name().to_owned())
        .await;
}

#[tokio::test]
async fn tax_cards_change_state_as_the_contract_says() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    let name = world.eligible(&mission, &member.name).await.unwrap();
    world.put("tax_cards", &name, json!({ "expireTime": "2030-01-01T00:00:00Z" })).await;
    let step = async |verb: &str| world.tax_step(&decider(), verb, &name).await;
    hold(&world, "TaxCard", "tax_cards", &name, step, |card| card.state().as_str_name().to_owned()).await;
}

#[tokio::test]
async fn privilege_grants_change_state_as_the_contract_says() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let name = world.propose(grant_of(&member, "2026-06-01T00:00:00Z", None)).await.unwrap().name;
    let step = async |verb: &str| {
        let endless = sqlx::query("update privilege_grants set doc = doc - 'endTime' - 'decideTime' where name = $1");
        endless.bind(&name).execute(&world.db.pool).await.unwrap();
        world.grant_step(&decider(), verb, &name).await
    };
    hold(&world, "PrivilegeGrant", "privilege_grants", &name, step, |grant| grant.state().as_str_name().to_owned())
        .await;
}

#[tokio::test]
async fn vehicles_change_state_as_the_contract_says() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    let name = world.driven(sedan(&mission, &member.name, 1), "0042", &insurance()).await.name;
    let step = async |verb: &str| world.vehicle_step(&decider(), verb, &name).await;
    hold(&world, "Vehicle", "vehicles", &name, step, |vehicle| vehicle.state().as_str_name().to_owned()).await;
}

#[tokio::test]
async fn driver_licences_change_state_as_the_contract_says() {
    let world = world().await;
    let (_, member) = world.reciprocal().await;
    let name = world.licensed(&member.name).await.name;
    let step = async |verb: &str| world.licence_step(&decider(), verb, &name).await;
    hold(&world, "DriverLicence", "driver_licences", &name, step, |licence| licence.state().as_str_name().to_owned())
        .await;
}
