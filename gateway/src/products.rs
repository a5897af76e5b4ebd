//! Products: named sets of permissions that partner agencies may have keys for.

use crate::roles::Known;
use fault::Fault;
use identity::Principal;
use proto::gateway::v1::product_service_server::ProductService;
use proto::gateway::v1::{
    CreateProductRequest, GetProductRequest, ListProductRevisionsRequest, ListProductRevisionsResponse,
    ListProductsRequest, ListProductsResponse, Product, PublishProductRequest, Reason, RetireProductRequest,
    WatchProductsRequest, WatchProductsResponse,
};
use registry::{Answer, Call, Feed, Keep, Registry, Visible};
use std::sync::LazyLock;
use tonic::Request;

/// The products.
#[derive(Clone, Debug)]
pub(crate) struct Products {
    registry: Registry<Self>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| Known::of(proto::contract::contract()));

impl Keep for Products {
    type Record = Product;

    /// What is on offer, everyone who may read products may know.
    fn visible(_: &Principal) -> Visible {
        Visible::All
    }

    /// Only what the contract opens to partners can be given to them, by whatever name.
    fn admit(product: &mut Product, _: &mut Call) -> Result<(), Fault> {
        let mut fault = Fault::new(Reason::ProductPermissionUnfit, "the product cannot have all of these permissions");
        for (n, permission) in product.permissions.iter().enumerate() {
            if !KNOWN.is_for_partners(permission) {
                let words = format!("{permission} does not exist or is not for partners");
                fault = fault.at(format!("product.permissions[{n}]"), words);
            }
        }
        if fault.violations().is_empty() { Ok(()) } else { Err(fault) }
    }
}

impl Products {
    /// The products that a registry keeps.
    pub(crate) fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl ProductService for Products {
    async fn get_product(&self, request: Request<GetProductRequest>) -> Answer<Product> {
        self.registry.get(request).await
    }

    async fn list_products(&self, request: Request<ListProductsRequest>) -> Answer<ListProductsResponse> {
        self.registry.list(request).await
    }

    async fn create_product(&self, request: Request<CreateProductRequest>) -> Answer<Product> {
        self.registry.create(request).await
    }

    async fn publish_product(&self, request: Request<PublishProductRequest>) -> Answer<Product> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn retire_product(&self, request: Request<RetireProductRequest>) -> Answer<Product> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn list_product_revisions(
        &self,
        request: Request<ListProductRevisionsRequest>,
    ) -> Answer<ListProductRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchProductsStream = Feed<WatchProductsResponse>;

    async fn watch_products(&self, request: Request<WatchProductsRequest>) -> Answer<Self::WatchProductsStream> {
        self.registry.watch(request).await
    }
}
