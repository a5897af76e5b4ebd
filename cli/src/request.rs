//! A request's object on its way: path, query and body by the method's route.

use crate::catalogue::Entry;
use crate::failure::Failure;
use reqwest::Method;
use serde_json::{Map, Value};

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    /// Whether it can be sent again: it only reads, or carries the key of its one effect.
    pub(crate) is_repeatable: bool,
}

/// The HTTP request for a request's object, whose members have their JSON names.
///
/// # Errors
/// The record's name is missing or of another collection.
pub(crate) fn outgoing(entry: &Entry, mut request: Map<String, Value>) -> Result<Outgoing, Failure> {
    let text =
        |field: &str, request: &Map<String, Value>| at(field, request).and_then(Value::as_str).map(str::to_owned);
    let path = entry.template.fill(|field| text(field, &request))?;
    for variable in entry.template.variables() {
        remove(&variable.field, &mut request);
    }
    let is_repeatable = !entry.method.writes() || request.contains_key("requestId");
    let body = match entry.binding.body.as_str() {
        "" => None,
        "*" => Some(Value::Object(std::mem::take(&mut request))),
        field => Some(request.remove(&json_name(field)).unwrap_or_else(|| Value::Object(Map::new()))),
    };
    let mut query = Vec::new();
    for (name, value) in request {
        flatten(&name, value, &mut query);
    }
    let method = entry.binding.method.parse().map_err(anyhow::Error::from)?;
    Ok(Outgoing { method, path, query, body, is_repeatable })
}

/// `mission_id` as JSON has it: `missionId`.
pub(crate) fn json_name(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_ascii_uppercase() + &word[1..])
}

fn at<'v>(field: &str, request: &'v Map<String, Value>) -> Option<&'v Value> {
    let mut parts = field.split('.').map(json_name);
    let first = request.get(&parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(&part))
}

fn remove(field: &str, request: &mut Map<String, Value>) {
    let Some((parent, child)) = field.rsplit_once('.') else {
        request.remove(&json_name(field));
        return;
    };
    if let Some(Value::Object(parent)) = request.get_mut(&json_name(parent)) {
        parent.remove(&json_name(child));
    }
}

fn flatten(name: &str, value: Value, query: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.into_iter().for_each(|item| flatten(name, item, query)),
        Value::Object(members) => {
            members.into_iter().for_each(|(member, value)| flatten(&format!("{name}.{member}"), value, query));
        }
        Value::String(text) => query.push((name.to_owned(), text)),
        other => query.push((name.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use proto::contract::contract;
    use serde_json::json;

    fn sent(command: &str, request: Value) -> Outgoing {
        let catalogue = Catalogue::of(contract());
        let entry = catalogue.group("missions").unwrap().entry(command).unwrap();
        outgoing(entry, request.as_object().unwrap().clone()).unwrap()
    }

    #[test]
    fn each_field_goes_where_the_route_has_it() {
        let update = sent("update", json!({"mission": {"name": "fr", "seat": "Paris"}, "etag": "7", "requestId": "k"}));
        assert_eq!((update.method.as_str(), &*update.path), ("PATCH", "/v1/accreditation/missions/fr"));
        assert_eq!(update.body, Some(json!({"seat": "Paris"})));
        let mut query = update.query;
        query.sort();
        assert_eq!(query, [("etag".into(), "7".into()), ("requestId".into(), "k".into())]);
        let list = sent("list", json!({"pageSize": 3, "filter": "state = OPEN"}));
        assert_eq!(list.query, [("pageSize".into(), "3".into()), ("filter".into(), "state = OPEN".into())]);
        assert!(list.is_repeatable && list.body.is_none());
        let open = sent("open", json!({"name": "missions/fr", "reason": "told"}));
        assert_eq!((open.body, open.is_repeatable), (Some(json!({"reason": "told"})), false));
    }
}
