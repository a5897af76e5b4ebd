//! The rules of the contract that `buf lint` does not know: every method, resource, reason and comment of ours keeps them.
//!
//! That no two routes collide, the gateway's own tests hold; that every filterable field has its column, the registry's.

use prost_reflect::{DescriptorPool, EnumDescriptor, FileDescriptor, Kind as FieldKind, MessageDescriptor};
use proto::contract::{Contract, Field, Kind, Method, Resource, contract};
use proto::google::rpc::Code;
use std::collections::BTreeSet;

/// Methods that change something and that partner agencies may call all the same, each with the reason.
const PARTNER_WRITES: &[(&str, &str)] = &[
    (
        "/legation.accreditation.v1.ImmunityService/DetermineImmunity",
        "asks a question; that the answer is kept as a record is for us, not for the agency",
    ),
    (
        "/legation.accreditation.v1.IncidentService/CreateIncident",
        "reports what happened, and sees its own reports alone",
    ),
    ("/legation.accreditation.v1.ServiceRequestService/AcceptServiceRequest", "takes up what was routed to it"),
    ("/legation.accreditation.v1.ServiceRequestService/AskMission", "asks about what was routed to it"),
    ("/legation.accreditation.v1.ServiceRequestService/AnswerServiceRequest", "answers what was routed to it"),
    ("/legation.gateway.v1.ApiKeyService/CreateApiKey", OWN_KEYS),
    ("/legation.gateway.v1.ApiKeyService/RetireApiKey", OWN_KEYS),
    ("/legation.gateway.v1.ApiKeyService/RevokeApiKey", OWN_KEYS),
    ("/legation.gateway.v1.ApiKeyService/UpdateApiKey", OWN_KEYS),
    ("/legation.gateway.v1.WebhookService/CreateWebhook", OWN),
    ("/legation.gateway.v1.WebhookService/UpdateWebhook", OWN),
    ("/legation.gateway.v1.WebhookService/DeleteWebhook", OWN),
    ("/legation.gateway.v1.WebhookService/VerifyWebhook", OWN),
    ("/legation.gateway.v1.WebhookService/DisableWebhook", OWN),
    ("/legation.gateway.v1.WebhookService/AdoptWebhook", OWN),
    ("/legation.gateway.v1.WebhookService/RotateWebhookSecret", OWN),
    ("/legation.gateway.v1.WebhookService/ReplayWebhook", OWN),
    ("/legation.gateway.v1.DeliveryService/RedeliverDelivery", OWN),
    ("/legation.gateway.v1.JobService/AppendJobLines", OWN),
    ("/legation.gateway.v1.JobService/CancelJob", OWN),
    ("/legation.gateway.v1.JobService/CreateJob", OWN),
    ("/legation.gateway.v1.JobService/StartJob", OWN),
];
const OWN_KEYS: &str = "an agency's administrator sees and manages the agency's own keys and no others";
/// Why agencies may write what is their own.
const OWN: &str = "an agency manages its own webhooks and jobs, and sees no others; each acts with its key's rights";

/// What breaks a rule, a line each.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn unless(&mut self, kept: bool, who: &str, rule: impl AsRef<str>) {
        if !kept {
            self.0.push(format!("{who}: {}", rule.as_ref()));
        }
    }
}

/// Holds a contract to the rules.
fn judge(contract: &Contract) -> Faults {
    let mut faults = Faults::default();
    for method in contract.methods() {
        access(method, &mut faults);
        requests(contract, method, &mut faults);
        states(contract, method, &mut faults);
        watched(contract, method, &mut faults);
    }
    contract.resources().iter().for_each(|resource| shape(resource, &mut faults));
    sealing(contract, &mut faults);
    internals(contract, &mut faults);
    contract.resources().iter().for_each(|resource| readings(contract, resource, &mut faults));
    reasons(contract, &mut faults);
    comments(contract.pool(), &mut faults);
    faults
}

/// Every method has a route and says who may call it; partners read.
fn access(method: &Method, faults: &mut Faults) {
    let (path, rule) = (method.path(), method.rule());
    faults.unless(!method.bindings().is_empty(), path, "has no route");
    let prefix = format!("/v1/{}/", method.service());
    for binding in method.bindings() {
        faults.unless(binding.template.starts_with(&prefix), path, format!("a route begins with {prefix}"));
    }
    faults.unless(rule.any_caller == rule.permission.is_empty(), path, "has a permission, or is for any caller");
    if !rule.any_caller {
        let parts: Vec<_> = rule.permission.split('.').collect();
        let words = parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()));
        faults.unless(parts.len() == 3 && words, path, "a permission is service.collection.action");
        faults.unless(parts[0] == method.service(), path, "a permission names the method's own service");
    }
    let listed = PARTNER_WRITES.iter().any(|(known, _)| *known == path);
    faults.unless(!rule.partner || !method.writes() || listed, path, "partners read, unless it is listed why not");
}

/// Lists page; what changes something can be repeated; what changes a record can say which version it means.
fn requests(contract: &Contract, method: &Method, faults: &mut Faults) {
    let path = method.path();
    let (input, output) = (method.descriptor().input(), method.descriptor().output());
    let has = |message: &MessageDescriptor, field: &str| message.get_field_by_name(field).is_some();
    if matches!(method.kind(), Kind::List | Kind::Revisions) {
        for field in ["page_size", "page_token"] {
            faults.unless(has(&input, field), path, format!("a list has {field}"));
        }
        faults.unless(has(&output, "next_page_token"), path, "a list has next_page_token");
    }
    let changes = matches!(method.kind(), Kind::Verb(_) | Kind::Update | Kind::Delete);
    if changes || *method.kind() == Kind::Create {
        faults.unless(has(&input, "request_id"), path, "what changes something has request_id");
    }
    // A verb that answers with a record that is only ever added, as a determination is, changes no other.
    let adds = contract.resource(output.full_name()).is_some_and(|resource| resource.policy().append_only);
    // Nor does a verb of the collection, which names none.
    let of_collection = matches!(method.kind(), Kind::Verb(_)) && !has(&input, "name");
    faults.unless(!changes || adds || of_collection || has(&input, "etag"), path, "what changes a record has etag");
}

/// A rule names states that exist, and an earlier verb that exists.
fn states(contract: &Contract, method: &Method, faults: &mut Faults) {
    let (path, rule) = (method.path(), method.rule());
    let resource = method.resource().and_then(|name| contract.resource(name));
    let states = resource.and_then(Resource::states);
    for state in rule.from.iter().chain(&rule.to) {
        let value = states.and_then(|states| states.get_value_by_name(state));
        faults.unless(
            value.is_some_and(|value| value.number() != 0),
            path,
            format!("{state} is no state of its resource"),
        );
    }
    if !rule.distinct_from.is_empty() {
        let others = contract.methods().iter().filter(|other| other.path() != path);
        let mut verbs = others.filter(|other| other.resource() == method.resource()).filter_map(Method::verb);
        let found = verbs.any(|verb| verb == rule.distinct_from);
        faults.unless(found, path, "distinct_from is no other verb of its resource");
    }
}

/// Whatever is listed is watched: beside the list, by the same callers, the same reads recorded, and filtered. Only what
/// stands in no history is not.
fn watched(contract: &Contract, list: &Method, faults: &mut Faults) {
    let Some(resource) = listed(contract, list) else { return };
    let name = resource.message().full_name();
    let same_service = |method: &&Method| method.descriptor().parent_service() == list.descriptor().parent_service();
    let mut beside = contract.methods().iter().filter(same_service);
    let watch = beside.find(|method| method.resource() == Some(name) && *method.kind() == Kind::Watch);
    let has = |method: &Method, field: &str| method.descriptor().input().get_field_by_name(field).is_some();
    let path = list.path();
    if !resource.policy().changes_not_recorded.is_empty() {
        faults.unless(watch.is_none(), path, "what it lists says why changes are not recorded, and is watched");
        return;
    }
    let Some(watch) = watch else {
        faults.unless(false, path, "what is listed is watched: it has no Watch beside it");
        return;
    };
    let expected = list.bindings().iter().map(|binding| format!("{}:watch", binding.template));
    faults.unless(watch.bindings().iter().map(|one| one.template.clone()).eq(expected), path, "is watched elsewhere");
    faults.unless(watch.rule() == list.rule(), path, "is watched by others than it is listed for, or unrecorded");
    for field in ["cursor", "filter"] {
        faults.unless(has(watch, field), watch.path(), format!("a watch has {field}"));
    }
}

/// The resource whose records a method lists. Lists of what is no record have none: the audit log's entries are one.
fn listed<'c>(contract: &'c Contract, method: &Method) -> Option<&'c Resource> {
    let items = method.descriptor().output();
    let mut items = items.fields().filter(|field| *method.kind() == Kind::List && field.is_list());
    items.find_map(|field| contract.resource(field.kind().as_message()?.full_name()))
}

/// Whoever is kept on record may ask who read it: each way to read records with personal or classified data is recorded, or
/// the resource says why not.
fn readings(contract: &Contract, resource: &Resource, faults: &mut Faults) {
    let excused = !resource.policy().reads_not_recorded.is_empty();
    let guarded = is_guarded(resource.message(), &mut Vec::new());
    let name = resource.message().full_name();
    faults.unless(!excused || guarded, name, "says why reads are not recorded, and has nothing to record them for");
    let reads = |kind: &Kind| matches!(kind, Kind::Get | Kind::List | Kind::Revisions | Kind::Watch | Kind::Export);
    for method in contract.methods().iter().filter(|method| method.resource() == Some(name) && reads(method.kind())) {
        let noted = method.rule().audited_read || !guarded || excused;
        faults.unless(noted, method.path(), "reads personal or classified data and is no audited_read");
    }
}

/// Whether a message holds personal or classified data, at whatever depth.
fn is_guarded(message: &MessageDescriptor, seen: &mut Vec<String>) -> bool {
    if seen.iter().any(|name| name == message.full_name()) {
        return false;
    }
    seen.push(message.full_name().to_owned());
    message.fields().any(|field| {
        let policy = Field::read(field.clone());
        let guarded = policy.policy().personal || policy.policy().classified;
        guarded || field.kind().as_message().is_some_and(|inner| is_guarded(inner, seen))
    })
}

/// A record has what the registry keeps of every record, and its names say where it is kept.
fn shape(resource: &Resource, faults: &mut Faults) {
    let name = resource.message().full_name();
    let policy = resource.policy();
    let mut kept = vec!["uid", "etag", "create_time"];
    if !policy.append_only {
        kept.push("update_time");
    }
    for wanted in kept {
        let field = resource.fields().iter().find(|field| field.descriptor().name() == wanted);
        faults.unless(field.is_some(), name, format!("has no {wanted}"));
        let ours = field.is_none_or(|field| field.is_output_only());
        faults.unless(ours, name, format!("{wanted} is the registry's to set"));
    }
    let identifiers = resource.fields().iter().filter(|field| field.is_identifier());
    faults.unless(identifiers.map(|field| field.descriptor().name()).eq(["name"]), name, "its identifier is its name");
    let collection = resource.pattern().rsplit('/').nth(1).unwrap_or_default();
    faults.unless(collection == resource.collection(), name, "its pattern ends with its collection and an id");
    let kind = format!("{}.legation/{}", resource.service(), resource.message().name());
    faults.unless(resource.resource_type() == kind, name, format!("its type is {kind}"));
    for step in &policy.automatic {
        let known = |state: &String| resource.states().is_some_and(|states| states.get_value_by_name(state).is_some());
        faults.unless(
            step.from.iter().chain(&step.to).all(known),
            name,
            format!("{} names an unknown state", step.verb),
        );
        let complete = [&step.verb, &step.doc].iter().all(|text| !text.is_empty());
        faults.unless(complete, name, "an automatic step has its verb and words");
    }
}

/// Sealed is what is personal or classified, among a record's own fields; only text of it is found, and only whole.
fn sealing(contract: &Contract, faults: &mut Faults) {
    for message in contract.pool().all_messages() {
        let resource = contract.resource(message.full_name());
        for field in message.fields().map(Field::read).filter(|field| field.policy().sealed) {
            let (name, policy) = (field.descriptor().full_name().to_owned(), field.policy());
            let mut holds = |kept: bool, rule: &str| faults.unless(kept, &name, rule);
            holds(resource.is_some(), "sealed are a record's own fields; what is inside them is sealed with them");
            holds(resource.is_none_or(|kept| !kept.policy().append_only), "what is appended has no sealed fields");
            holds(policy.personal || policy.classified, "sealed is what is personal or classified");
            holds(!policy.searchable, "what is sealed has no words to be found");
            holds(!policy.shown_once, "what is shown once is not kept, so not sealed");
            let text = field.descriptor().kind() == FieldKind::String && !field.descriptor().is_list();
            holds(!policy.filterable || text, "sealed and filterable is text alone");
            let one_spelling = !policy.pattern.is_empty() || policy.format != 0;
            holds(!policy.filterable || one_spelling, "what is compared blind has one spelling: a pattern or a format");
        }
    }
    for resource in contract.resources().iter().filter(|resource| resource.fields().iter().any(|f| f.policy().sealed)) {
        let taken = resource.fields().iter().any(|field| ["sealed", "blind"].contains(&field.descriptor().json_name()));
        faults.unless(!taken, resource.message().full_name(), "`sealed` and `blind` are the registry's in documents");
    }
}

/// What is the office's own is set by us, and has no words to be found: so nobody else can write or guess it.
fn internals(contract: &Contract, faults: &mut Faults) {
    for message in contract.pool().all_messages() {
        for field in message.fields().map(Field::read).filter(|field| field.policy().internal) {
            let kept = contract.resource(message.full_name()).is_some();
            let name = field.descriptor().full_name().to_owned();
            faults.unless(kept && field.is_output_only(), &name, "internal is what we set ourselves, of a record");
            faults.unless(!field.policy().searchable, &name, "what is internal has no words to be found");
        }
    }
}

/// A reason tells code and remedy.
fn reasons(contract: &Contract, faults: &mut Faults) {
    let mut names = BTreeSet::new();
    for reason in contract.reasons() {
        let known = Code::try_from(reason.rule.code).is_ok_and(|code| code != Code::Ok && code != Code::Unknown);
        faults.unless(known, &reason.name, "has no code");
        faults.unless(reason.rule.remedy.ends_with('.'), &reason.name, "its remedy is a sentence");
        faults.unless(names.insert((&reason.domain, &reason.name)), &reason.name, "is declared twice");
    }
}

/// Everything of ours that people read in the docs has words.
fn comments(pool: &DescriptorPool, faults: &mut Faults) {
    for file in pool.files().filter(|file| file.package_name().starts_with("legation.")) {
        for service in file.services() {
            described(&file, service.path(), service.full_name(), faults);
            service.methods().for_each(|method| described(&file, method.path(), method.full_name(), faults));
        }
        file.messages().for_each(|message| message_comments(&file, &message, faults));
        file.enums().for_each(|found| enum_comments(&file, &found, faults));
    }
}

fn message_comments(file: &FileDescriptor, message: &MessageDescriptor, faults: &mut Faults) {
    if message.is_map_entry() {
        return;
    }
    described(file, message.path(), message.full_name(), faults);
    message.fields().for_each(|field| described(file, field.path(), field.full_name(), faults));
    let choices = message.oneofs().filter(|oneof| !oneof.is_synthetic());
    choices.for_each(|oneof| described(file, oneof.path(), oneof.full_name(), faults));
    message.child_messages().for_each(|child| message_comments(file, &child, faults));
    message.child_enums().for_each(|child| enum_comments(file, &child, faults));
}

fn enum_comments(file: &FileDescriptor, found: &EnumDescriptor, faults: &mut Faults) {
    described(file, found.path(), found.full_name(), faults);
    found.values().for_each(|value| described(file, value.path(), value.full_name(), faults));
}

fn described(file: &FileDescriptor, path: &[i32], name: &str, faults: &mut Faults) {
    // As it stands in these descriptors, which may be altered; `comment` reads our own.
    let info = &file.file_descriptor_proto().source_code_info;
    let places = info.iter().flat_map(|info| &info.location);
    let said = places.filter(|place| place.path == path).any(|place| !place.leading_comments().trim().is_empty());
    faults.unless(said, name, "has no comment");
}

#[test]
fn our_contract_keeps_its_rules() {
    assert!(contract().methods().len() > 30, "the contract was read");
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).expect("the build compiled these descriptors");
    let faults = judge(&Contract::read(pool)).0;
    assert!(faults.is_empty(), "the contract breaks its rules:\n{}", faults.join("\n"));
}

#[test]
fn what_is_listed_as_an_exception_is_one() {
    for (path, _) in PARTNER_WRITES {
        let method = contract().method(path).expect("a listed method is in the contract");
        assert!(method.rule().partner && method.writes(), "{path} needs no exception");
    }
}

/// Our contract with bytes of its descriptors replaced by as many others.
fn altered(from: &[u8], to: &[u8]) -> Contract {
    assert_eq!(from.len(), to.len(), "lengths stand in the descriptors too");
    let mut bytes = proto::DESCRIPTORS.to_vec();
    let places: Vec<_> = (0..bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty(), "{} is in the descriptors", from.escape_ascii());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    Contract::read(DescriptorPool::decode(bytes.as_slice()).expect("the altered descriptors can be read"))
}

#[track_caller]
fn is_refused(from: &[u8], to: &[u8], words: &str) {
    let faults = judge(&altered(from, to)).0;
    let noticed = faults.iter().any(|fault| fault.contains(words));
    assert!(noticed, "{} went unnoticed: {faults:#?}", to.escape_ascii());
}

#[test]
fn each_rule_can_be_broken() {
    is_refused(b"accreditation.missions.decide", b"accreditation:missions:decide", "is service.collection.action");
    is_refused(b"accreditation.missions.import", b"accreditatiox.missions.import", "the method's own service");
    is_refused(b"/v1/accreditation/missions:watch", b"/v2/accreditation/missions:watch", "a route begins with");
    // In a rule: `to: "PROPOSED"` becomes `partner: true to: "PROPOS"`.
    let from = b"agencies.write\x22\x08PROPOSED";
    is_refused(from, b"agencies.write\x10\x01\x22\x06PROPOS", "partners read");
    is_refused(from, b"agencies.write\x22\x08PROPOSEX", "PROPOSEX is no state");
    is_refused(b"\x0arequest_id", b"\x0arequest_ix", "has request_id");
    is_refused(b"\x0apage_token", b"\x0apage_tokex", "a list has page_token");
    is_refused(b"\x04etag", b"\x04etax", "what changes a record has etag");
    is_refused(b"\x04etag", b"\x04etax", "has no etag");
    is_refused(b"\x0erequestConsent", b"\x0erequestConsenx", "distinct_from is no other verb");
    is_refused(b"missions/{mission}", b"missionx/{mission}", "its pattern ends with its collection");
    // In a rule: `audited_read: true` becomes `audited_read: false`.
    let from = b"accreditation.members.read\x30\x01";
    is_refused(from, b"accreditation.members.read\x30\x00", "is no audited_read");
    is_refused(b"/v1/accreditation/charges:watch", b"/v1/accreditation/charges:study", "it has no Watch beside it");
    is_refused(b"/v1/accreditation/charges:watch", b"/v1/accreditation/chances:watch", "is watched elsewhere");
    // In the rule of the watch alone: `audited_read: true` becomes `audited_read: false`.
    let from = b"members.read\x30\x01\x82\xd3\xe4\x93\x02!\x12\x1f/v1/accreditation/members:watch";
    let to = b"members.read\x30\x00\x82\xd3\xe4\x93\x02!\x12\x1f/v1/accreditation/members:watch";
    is_refused(from, to, "is watched by others than it is listed for");
    is_refused(b"\x06cursor", b"\x06cursox", "a watch has cursor");
    is_refused(b"\x06filter", b"\x06filtex", "a watch has filter");
    // What is an automatic step becomes a reason why changes are not recorded: both have the form of text.
    is_refused(b"*e\x0a\x0bexpireGrace", b":e\x0a\x0bexpireGrace", "not recorded, and is watched");
    is_refused(b"Check the name.", b"Check the name!", "its remedy is a sentence");
    // `personal: true max_length: 20000 sealed: true` becomes `searchable: true …`.
    let from = b"\x20\x01\x40\xa0\x9c\x01\x70\x01";
    is_refused(from, b"\x18\x01\x40\xa0\x9c\x01\x70\x01", "sealed is what is personal or classified");
    is_refused(from, b"\x18\x01\x40\xa0\x9c\x01\x70\x01", "what is sealed has no words to be found");
    // `filterable: true internal: true` becomes `searchable: true internal: true`.
    is_refused(b"\x10\x01\x78\x01", b"\x18\x01\x78\x01", "what is internal has no words to be found");
    is_refused(b" Withdraws a proposal.", b"                      ", "has no comment");
}
