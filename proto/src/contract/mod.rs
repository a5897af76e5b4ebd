//! What the contract promises, read from the descriptors once: methods with their routes and rules, resources with
//! their fields and states, reasons with their meaning.
//!
//! The registry, the gateway, OpenAPI, the docs and the conformance suite all read this; nothing else interprets
//! the options.

mod method;
mod reason;
mod resource;
mod source;

pub use method::{Binding, Kind, Method};
pub use reason::ReasonEntry;
pub use resource::{Field, Resource};
pub use source::comment;

use prost_reflect::{DescriptorPool, ExtensionDescriptor, ReflectMessage};
use std::sync::LazyLock;

/// The whole contract.
#[derive(Debug)]
pub struct Contract {
    pool: DescriptorPool,
    methods: Vec<Method>,
    resources: Vec<Resource>,
    reasons: Vec<ReasonEntry>,
}

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(crate::DESCRIPTORS_UNCOMMENTED).expect("the build compiled these descriptors");
    Contract::read(pool)
});

/// The contract this build was made with.
pub fn contract() -> &'static Contract {
    &CONTRACT
}

impl Contract {
    /// Reads a contract from descriptors; tests bring their own.
    pub fn read(pool: DescriptorPool) -> Self {
        let resources: Vec<_> =
            pool.all_messages().filter(ours).filter_map(|message| Resource::read(&pool, message)).collect();
        let methods = pool
            .services()
            .filter(|service| service.package_name().starts_with("legation."))
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .map(|method| Method::read(&pool, method, &resources))
            .collect();
        let reasons = ReasonEntry::read_all(&pool);
        Self { methods, resources, reasons, pool }
    }

    /// The descriptors themselves.
    pub fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    /// Every method of every service.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// The methods of one service's package: `accreditation`.
    pub fn methods_of(&self, service: &str) -> impl Iterator<Item = &Method> {
        let package = format!("legation.{service}.v1");
        self.methods.iter().filter(move |method| method.package() == package)
    }

    /// The method with this gRPC path: `/legation.accreditation.v1.MissionService/GetMission`.
    pub fn method(&self, path: &str) -> Option<&Method> {
        self.methods.iter().find(|method| method.path() == path)
    }

    /// Every resource.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The resource kept as this message: `legation.accreditation.v1.Mission`.
    pub fn resource(&self, message: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.message().full_name() == message)
    }

    /// Every error reason.
    pub fn reasons(&self) -> &[ReasonEntry] {
        &self.reasons
    }

    /// The services that have methods: `accreditation`, `gateway`.
    pub fn services(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.methods.iter().map(Method::service).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn ours(message: &prost_reflect::MessageDescriptor) -> bool {
    message.package_name().starts_with("legation.")
}

/// An option of the contract, as the generated type. Default if the option is not set.
pub(crate) fn option<T: prost::Message + Default>(options: &prost_reflect::DynamicMessage, name: &str) -> T {
    let pool = options.descriptor().parent_pool().clone();
    let Some(extension) = pool.get_extension_by_name(name) else { return T::default() };
    read_extension(options, &extension)
}

fn read_extension<T: prost::Message + Default>(
    options: &prost_reflect::DynamicMessage,
    extension: &ExtensionDescriptor,
) -> T {
    let value = options.get_extension(extension);
    value
        .as_message()
        .and_then(|message| T::decode(prost::Message::encode_to_vec(message).as_slice()).ok())
        .unwrap_or_default()
}
