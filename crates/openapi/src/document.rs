//! The whole document: paths, components, tags, and the error reasons for those who read it to learn.

use crate::operations;
use crate::paths::Path;
use crate::schemas::Schemas;
use crate::{Info, answers, names, parameters, problem};
use proto::contract::{Contract, ReasonEntry, comment};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The OpenAPI 3.1 document of the contract. The same contract gives the same document, to the byte.
pub fn document(contract: &Contract, info: &Info) -> Value {
    let mut schemas = Schemas::new(contract);
    let mut paths: Map<String, Value> = Map::new();
    for method in contract.methods() {
        for (at, binding) in method.bindings().iter().enumerate() {
            let path = Path::of(binding, contract);
            let operation = operations::of(method, binding, at, &path, &mut schemas);
            let item = paths.entry(path.template.clone()).or_insert_with(|| json!({}));
            item[binding.method.to_ascii_lowercase()] = operation;
        }
    }
    let mut components = schemas.finish();
    components.insert("Problem".into(), problem::schema());
    components.insert("ProblemField".into(), problem::field());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": info.title,
            "version": info.version,
            "description": INTRODUCTION,
            "contact": contact(info),
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": info.server, "description": "This gateway."}],
        "security": [{"apiKey": []}, {"oidc": []}],
        "tags": tags(contract),
        "x-tagGroups": groups(contract),
        "paths": paths,
        "components": {
            "securitySchemes": security(info),
            "parameters": parameters::components(),
            "headers": answers::headers(),
            "responses": answers::components(contract),
            "schemas": components,
        },
        "x-reasons": reasons(contract),
    })
}

const INTRODUCTION: &str = "\
The public door to a country's foreign service.

Records have names (`missions/7f3a9c2e`), an `etag` that changes with every version, and a state that changes by verbs \
only. Every write takes an `Idempotency-Key`: send a request again under the same key and it has one effect. Lists come \
in pages (`pageSize`, `pageToken`), take a `filter` (AIP-160) and an order (`orderBy`). Times are RFC 3339, 64-bit \
numbers are text, and fields that you do not send have their defaults. A refusal is a problem (RFC 9457) with a reason \
that is explained under /docs/errors.";

/// Where to turn: the documentation, if the server's address is a whole one.
fn contact(info: &Info) -> Value {
    if info.server.starts_with("http") {
        json!({"name": info.title, "url": format!("{}/docs", info.server.trim_end_matches('/'))})
    } else {
        json!({"name": info.title})
    }
}

fn security(info: &Info) -> Value {
    let discovery = "/.well-known/openid-configuration";
    let issuer = if info.issuer.is_empty() { &info.server } else { &info.issuer };
    json!({
        "apiKey": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "lg_<id>_<secret>",
            "description": "The API key of a partner agency: `Authorization: Bearer lg_…`.",
        },
        "oidc": {
            "type": "openIdConnect",
            "openIdConnectUrl": format!("{}{discovery}", issuer.trim_end_matches('/')),
            "description": "A token of the ministry's own identity provider, for people and internal applications.",
        },
    })
}

/// One tag for each gRPC service, in order of declaration.
fn tags(contract: &Contract) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut tags = Vec::new();
    for method in contract.methods() {
        let name = names::tag(method);
        if seen.contains(&name) {
            continue;
        }
        let service = method.descriptor().parent_service();
        tags.push(json!({
            "name": name,
            "description": comment(&service.parent_file(), service.path()),
            "x-displayName": names::heading(service.name()),
            "x-service": method.service(),
        }));
        seen.push(name);
    }
    tags
}

/// The tags of each service together.
fn groups(contract: &Contract) -> Vec<Value> {
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for method in contract.methods() {
        let tags = groups.entry(method.service()).or_default();
        let tag = names::tag(method);
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    groups.into_iter().map(|(service, tags)| json!({"name": service, "tags": tags})).collect()
}

/// Every reason, so that a reader of this document alone can say what to do about a refusal.
fn reasons(contract: &Contract) -> Vec<Value> {
    let row = |reason: &ReasonEntry| {
        json!({
            "name": reason.name,
            "domain": reason.domain,
            "meaning": reason.doc(),
            "code": reason.code(),
            "status": reason.http(),
            "remedy": reason.rule.remedy,
        })
    };
    contract.reasons().iter().map(row).collect()
}
