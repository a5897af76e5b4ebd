//! A method: its route, its rule, and which of the house's kinds it is.

use super::{Resource, comment, option};
use crate::google::api::{HttpRule, http_rule::Pattern};
use crate::policy::v1::Rule;
use prost_reflect::{DescriptorPool, MethodDescriptor};

/// One method of one service.
#[derive(Debug)]
pub struct Method {
    descriptor: MethodDescriptor,
    path: String,
    rule: Rule,
    bindings: Vec<Binding>,
    kind: Kind,
    resource: Option<String>,
}

/// One route to a method (`google.api.http`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The path template: `/v1/accreditation/{name=missions/*}:open`.
    pub template: String,
    /// The field that is the body: a field's name, `*` for all that the path does not bind, empty for none.
    pub body: String,
}

/// What a method does, by the house's naming (AIP-130 to 136).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads one record.
    Get,
    /// Reads a page of records.
    List,
    /// Makes a record.
    Create,
    /// Changes fields of a record.
    Update,
    /// Deletes a record, softly.
    Delete,
    /// Changes a record's state or does something else to it, or makes several; the name is the route's last literal.
    Verb(String),
    /// Reads a page of a record's history.
    Revisions,
    /// Follows changes.
    Watch,
    /// Takes records in, one a message.
    Import,
    /// Sends all records, one a message.
    Export,
    /// Reads or computes something that is not a record.
    Query,
}

impl Method {
    pub(super) fn read(_: &DescriptorPool, descriptor: MethodDescriptor, resources: &[Resource]) -> Self {
        let options = descriptor.options();
        let rule: Rule = option(&options, "legation.policy.v1.rule");
        let http: HttpRule = option(&options, "google.api.http");
        let bindings: Vec<_> =
            std::iter::once(&http).chain(&http.additional_bindings).filter_map(Binding::read).collect();
        let service = descriptor.parent_service();
        let kind = Kind::of(&descriptor, bindings.first(), resources);
        let resource = acted_on(&descriptor, resources);
        Self {
            path: format!("/{}/{}", service.full_name(), descriptor.name()),
            rule,
            bindings,
            kind,
            resource,
            descriptor,
        }
    }

    /// The descriptor.
    pub fn descriptor(&self) -> &MethodDescriptor {
        &self.descriptor
    }

    /// The gRPC path: `/legation.accreditation.v1.MissionService/GetMission`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The method's own name: `GetMission`.
    pub fn name(&self) -> &str {
        self.descriptor.name()
    }

    /// The proto package: `legation.accreditation.v1`.
    pub fn package(&self) -> &str {
        self.path[1..]
            .rsplit_once('/')
            .and_then(|(service, _)| service.rsplit_once('.'))
            .map_or("", |(package, _)| package)
    }

    /// The service that serves it: `accreditation`.
    pub fn service(&self) -> &str {
        self.package().split('.').nth(1).unwrap_or_default()
    }

    /// Who may call it and what it does to the state.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Whether its rule lets a caller call it: an agency's caller what partners may call, and whoever holds its permission.
    pub fn admits(&self, of_agency: bool, holds: impl FnOnce(&str) -> bool) -> bool {
        let rule = &self.rule;
        (!of_agency || rule.partner) && (rule.any_caller || !rule.permission.is_empty() && holds(&rule.permission))
    }

    /// Its routes, the first one foremost.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// What it does.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The full name of the resource it acts on, if it acts on one.
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// The comment.
    pub fn doc(&self) -> &'static str {
        comment(&self.descriptor.parent_file(), self.descriptor.path())
    }

    /// Whether it changes anything; such a method runs to its end even if the caller leaves.
    pub fn writes(&self) -> bool {
        let asks = self.kind == Kind::Query && self.bindings.first().is_some_and(|one| one.custom_verb().is_some());
        !asks && self.bindings.first().is_none_or(|binding| binding.method != "GET")
    }

    /// The verb as history records it: `create`, `update`, `delete`, or the verb's own name.
    pub fn verb(&self) -> Option<&str> {
        match &self.kind {
            Kind::Create => Some("create"),
            Kind::Update => Some("update"),
            Kind::Delete => Some("delete"),
            Kind::Import => Some("import"),
            Kind::Verb(name) => Some(name),
            _ => None,
        }
    }
}

impl Binding {
    fn read(rule: &HttpRule) -> Option<Self> {
        let (method, template) = match rule.pattern.as_ref()? {
            Pattern::Get(path) => ("GET", path),
            Pattern::Post(path) => ("POST", path),
            Pattern::Put(path) => ("PUT", path),
            Pattern::Patch(path) => ("PATCH", path),
            Pattern::Delete(path) => ("DELETE", path),
            Pattern::Custom(_) => return None,
        };
        Some(Self { method, template: template.clone(), body: rule.body.clone() })
    }

    /// The literal after the last colon: `open`.
    pub fn custom_verb(&self) -> Option<&str> {
        let tail = self.template.rsplit('/').next()?;
        let tail = tail.rsplit_once('}').map_or(tail, |(_, after)| after);
        tail.rsplit_once(':').map(|(_, verb)| verb)
    }
}

impl Kind {
    fn of(method: &MethodDescriptor, binding: Option<&Binding>, resources: &[Resource]) -> Self {
        let name = method.name();
        let makes_record = resources.iter().any(|resource| resource.message() == &method.output());
        let verb = binding.and_then(Binding::custom_verb);
        // A question in a body, where an address would be too short for it, or would show personal data in logs.
        let names_record = method.input().fields().any(|field| field.name() == "name");
        // What can be sent again under a key has an effect, and is no question.
        let keyed = method.input().fields().any(|field| field.name() == "request_id");
        let asks =
            !keyed && !names_record && !makes_record && !method.is_client_streaming() && !method.is_server_streaming();
        match verb {
            Some(_) if asks => Self::Query,
            Some("watch") if method.is_server_streaming() => Self::Watch,
            Some("import") if method.is_client_streaming() => Self::Import,
            Some("export") if method.is_server_streaming() => Self::Export,
            Some(verb) if binding.is_some_and(|binding| binding.method == "POST") => Self::Verb(verb.to_owned()),
            Some(_) => Self::Query,
            None if name.starts_with("Get") && makes_record => Self::Get,
            None if name.starts_with("List") && name.ends_with("Revisions") => Self::Revisions,
            None if name.starts_with("List") => Self::List,
            None if name.starts_with("Create") => Self::Create,
            None if name.starts_with("Update") => Self::Update,
            None if name.starts_with("Delete") => Self::Delete,
            None => Self::Query,
        }
    }
}

/// The resource a method acts on: what it answers with, or lists, or the one its service is named for.
fn acted_on(method: &MethodDescriptor, resources: &[Resource]) -> Option<String> {
    let full_name = |resource: &Resource| resource.message().full_name().to_owned();
    let answered = resources.iter().find(|resource| resource.message() == &method.output());
    let inside = || {
        let output = method.output();
        let nested = output.fields().filter_map(|field| field.kind().as_message().cloned()).collect::<Vec<_>>();
        resources.iter().find(|resource| {
            nested.iter().any(|message| {
                message == resource.message()
                    || message.fields().any(|field| field.kind().as_message() == Some(resource.message()))
            })
        })
    };
    let named = || {
        let service = method.parent_service();
        let noun = service.name().strip_suffix("Service").unwrap_or_default().to_owned();
        resources.iter().find(|resource| {
            resource.message().name() == noun && resource.message().package_name() == service.package_name()
        })
    };
    let has_template =
        !method.input().fields().any(|field| field.name() == "name") && method.input().fields().len() == 0;
    if has_template {
        return None;
    }
    answered.or_else(inside).or_else(named).map(full_name)
}
