//! The lives of a service's records, drawn from the contract: one diagram and one table for each state machine.

use proto::contract::{Contract, Kind, Method, Resource, comment};
use std::fmt::Write as _;

/// One line of a table: something that changes a record's state.
struct Step<'a> {
    verb: &'a str,
    from: &'a [String],
    to: &'a [String],
    permission: String,
    not_by: String,
    /// What makes it happen, if nobody does: a timer, or the change of another record.
    by_itself: String,
    doc: &'a str,
    begins: bool,
    ends: bool,
}

/// `docs/states/<service>.md`; empty text if nothing in the service has states.
pub fn states_md(contract: &Contract, service: &str) -> String {
    let of_service = contract.resources().iter().filter(|resource| resource.service() == service);
    let with_states: Vec<_> = of_service.filter(|resource| resource.states().is_some()).collect();
    if with_states.is_empty() {
        return String::new();
    }
    let mut text = format!("# States: {service}\n\nDrawn from the contract: what each verb leads from and to.\n");
    for resource in with_states {
        section(resource, contract, &mut text);
    }
    text
}

fn section(resource: &Resource, contract: &Contract, text: &mut String) {
    let steps = steps(resource, contract);
    let all = states(resource);
    writeln!(text, "\n## {}\n\n{}\n", resource.message().name(), resource.doc())
        .expect("writing to a string cannot fail");
    text.push_str("```mermaid\nstateDiagram-v2\n");
    for step in &steps {
        draw(step, text);
    }
    text.push_str(
        "```\n\n| verb | from | to | permission | four eyes | by itself |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for step in &steps {
        let from = if step.begins { "(new)".to_owned() } else { states_or(step.from, "any") };
        let to = if step.ends { "(deleted)".to_owned() } else { states_or(step.to, "unchanged") };
        writeln!(
            text,
            "| `{}` | {from} | {to} | {} | {} | {} |",
            step.verb, step.permission, step.not_by, step.by_itself
        )
        .expect("writing to a string cannot fail");
    }
    for step in steps.iter().filter(|step| !step.by_itself.is_empty()) {
        write!(text, "\n`{}` happens by itself. {}\n", step.verb, step.doc).expect("writing to a string cannot fail");
    }
    text.push_str("\n| state | meaning |\n| --- | --- |\n");
    for (name, doc) in all {
        writeln!(text, "| `{name}` | {} |", doc.replace('|', "\\|")).expect("writing to a string cannot fail");
    }
}

/// Verbs in order of declaration, then what happens by itself.
fn steps<'a>(resource: &'a Resource, contract: &'a Contract) -> Vec<Step<'a>> {
    let of_resource = |method: &&Method| method.resource() == Some(resource.message().full_name());
    let changes = |method: &&Method| !method.rule().from.is_empty() || !method.rule().to.is_empty();
    let by_verb = contract.methods().iter().filter(of_resource).filter(changes).map(|method| Step {
        verb: method.verb().unwrap_or_else(|| method.name()),
        from: &method.rule().from,
        to: &method.rule().to,
        permission: format!("`{}`", method.rule().permission),
        not_by: match method.rule().distinct_from.as_str() {
            "" => String::new(),
            earlier => format!("not who did `{earlier}`"),
        },
        by_itself: String::new(),
        doc: method.doc(),
        begins: matches!(method.kind(), Kind::Create | Kind::Import),
        ends: *method.kind() == Kind::Delete,
    });
    let by_timer = resource.policy().automatic.iter().map(|automatic| Step {
        verb: &automatic.verb,
        from: &automatic.from,
        to: &automatic.to,
        permission: String::new(),
        not_by: String::new(),
        by_itself: match automatic.timer.as_str() {
            "" => "follows".to_owned(),
            timer => format!("timer `{timer}`"),
        },
        doc: &automatic.doc,
        begins: false,
        ends: false,
    });
    by_verb.chain(by_timer).collect()
}

fn draw(step: &Step<'_>, text: &mut String) {
    let clock = match step.by_itself.as_str() {
        "" => "",
        "follows" => " (follows)",
        _ => " (timer)",
    };
    let mut arrow = |from: &str, to: &str| {
        writeln!(text, "    {from} --> {to}: {}{clock}", step.verb).expect("writing to a string cannot fail");
    };
    if step.begins {
        step.to.iter().for_each(|to| arrow("[*]", to));
        return;
    }
    for from in step.from {
        if step.ends {
            arrow(from, "[*]");
        }
        step.to.iter().for_each(|to| arrow(from, to));
    }
}

fn states(resource: &Resource) -> Vec<(String, String)> {
    let Some(states) = resource.states() else { return Vec::new() };
    let values = states.values().filter(|value| value.number() != 0);
    values.map(|value| (value.name().to_owned(), comment(&states.parent_file(), value.path()).to_owned())).collect()
}

fn states_or(states: &[String], otherwise: &str) -> String {
    if states.is_empty() {
        return otherwise.to_owned();
    }
    states.iter().map(|state| format!("`{state}`")).collect::<Vec<_>>().join(", ")
}
