//! A resource: its name's pattern, its table, its fields with their rules, its states.

use super::{comment, option};
use crate::google::api::{FieldBehavior, ResourceDescriptor, ResourceReference};
use crate::policy::v1;
use prost_reflect::{DescriptorPool, EnumDescriptor, FieldDescriptor, MessageDescriptor, Value};

/// One kind of record.
#[derive(Debug)]
pub struct Resource {
    message: MessageDescriptor,
    naming: ResourceDescriptor,
    policy: v1::Resource,
    fields: Vec<Field>,
    states: Option<EnumDescriptor>,
}

/// One field of a message, with what the contract promises of it.
#[derive(Clone, Debug)]
pub struct Field {
    descriptor: FieldDescriptor,
    policy: v1::Field,
    behaviors: Vec<FieldBehavior>,
    reference: Option<String>,
}

impl Resource {
    pub(super) fn read(_: &DescriptorPool, message: MessageDescriptor) -> Option<Self> {
        let options = message.options();
        let policy: v1::Resource = option(&options, "legation.policy.v1.resource");
        if policy.table.is_empty() {
            return None;
        }
        let naming: ResourceDescriptor = option(&options, "google.api.resource");
        let states = message.child_enums().find(|child| child.name() == "State");
        let fields = message.fields().map(Field::read).collect();
        Some(Self { naming, policy, fields, states, message })
    }

    /// The descriptor.
    pub fn message(&self) -> &MessageDescriptor {
        &self.message
    }

    /// The type: `accreditation.legation/Mission`.
    pub fn resource_type(&self) -> &str {
        &self.naming.r#type
    }

    /// The pattern of its names: `missions/{mission}`.
    pub fn pattern(&self) -> &str {
        self.naming.pattern.first().map_or("", String::as_str)
    }

    /// The collection: `missions`.
    pub fn collection(&self) -> &str {
        &self.policy.collection
    }

    /// The service that owns it: `accreditation`.
    pub fn service(&self) -> &str {
        self.message.package_name().split('.').nth(1).unwrap_or_default()
    }

    /// How it is kept.
    pub fn policy(&self) -> &v1::Resource {
        &self.policy
    }

    /// Its own fields, in order of declaration.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Its states, if it has a state machine.
    pub fn states(&self) -> Option<&EnumDescriptor> {
        self.states.as_ref()
    }

    /// The comment.
    pub fn doc(&self) -> &'static str {
        comment(&self.message.parent_file(), self.message.path())
    }
}

impl Field {
    /// Reads one field.
    pub fn read(descriptor: FieldDescriptor) -> Self {
        let options = descriptor.options();
        let policy = option(&options, "legation.policy.v1.field");
        let reference: ResourceReference = option(&options, "google.api.resource_reference");
        let behaviors = behaviors(&options);
        let reference = Some(reference.r#type).filter(|name| !name.is_empty());
        Self { policy, behaviors, reference, descriptor }
    }

    /// The descriptor.
    pub fn descriptor(&self) -> &FieldDescriptor {
        &self.descriptor
    }

    /// How it is validated, found and protected.
    pub fn policy(&self) -> &v1::Field {
        &self.policy
    }

    /// Whether callers cannot set it.
    pub fn is_output_only(&self) -> bool {
        self.behaviors.contains(&FieldBehavior::OutputOnly)
    }

    /// Whether callers can set it only when the record is made.
    pub fn is_immutable(&self) -> bool {
        self.behaviors.contains(&FieldBehavior::Immutable)
    }

    /// Whether it is the record's name.
    pub fn is_identifier(&self) -> bool {
        self.behaviors.contains(&FieldBehavior::Identifier)
    }

    /// The type of resource it refers to.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The comment.
    pub fn doc(&self) -> &'static str {
        comment(&self.descriptor.parent_message().parent_file(), self.descriptor.path())
    }
}

fn behaviors(options: &prost_reflect::DynamicMessage) -> Vec<FieldBehavior> {
    use prost_reflect::ReflectMessage as _;
    let pool = options.descriptor().parent_pool().clone();
    let Some(extension) = pool.get_extension_by_name("google.api.field_behavior") else { return Vec::new() };
    let value = options.get_extension(&extension);
    let list = value.as_list().unwrap_or_default();
    list.iter().filter_map(Value::as_enum_number).filter_map(|number| FieldBehavior::try_from(number).ok()).collect()
}
