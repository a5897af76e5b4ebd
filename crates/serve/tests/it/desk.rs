//! A small service: a desk that says who calls, at once or when it is let go.

use chrono::Utc;
use config::{Env, Home};
use identity::{Called, Clearance, METADATA_KEY, Permissions, Principal, Signer};
use layers::Limits;
use layers::client::{Caller, Outgoing};
use proto::gateway::v1::api_key_service_client::ApiKeyServiceClient;
use proto::gateway::v1::api_key_service_server::{ApiKeyService, ApiKeyServiceServer};
use proto::gateway::v1::{
    ApiKey, CreateApiKeyRequest, CreateApiKeyResponse, GetApiKeyRequest, ListApiKeysRequest, ListApiKeysResponse,
    RetireApiKeyRequest, RevokeApiKeyRequest, ShowApiKeyUsageRequest, ShowApiKeyUsageResponse, UpdateApiKeyRequest,
    WatchApiKeysRequest, WatchApiKeysResponse, WhoAmIRequest, WhoAmIResponse,
};
use serve::{Hosted, House, Service, Started};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tonic::codegen::{BoxStream, tokio_stream};
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};
use tower::Layer as _;

config::settings! {
    /// The desk's own settings.
    pub(crate) struct DeskSettings {
        /// What the desk is called.
        pub(crate) title: String = "desk",
    }
}

/// What a test holds in its hands while the desk works.
#[derive(Clone)]
pub(crate) struct Hands {
    /// Told what happens at the desk.
    pub(crate) tell: mpsc::UnboundedSender<&'static str>,
    /// Lets one waiting call go.
    pub(crate) go: Arc<Notify>,
    /// Whether the desk is ready.
    ready: watch::Sender<Result<(), String>>,
}

impl Hands {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<&'static str>) {
        let (tell, told) = mpsc::unbounded_channel();
        let ready = watch::channel(Ok(())).0;
        (Self { tell, go: Arc::new(Notify::new()), ready }, told)
    }

    /// Says whether the desk is ready.
    pub(crate) fn say(&self, ready: Result<(), String>) {
        drop(self.ready.send_replace(ready));
    }
}

tokio::task_local! {
    /// The hands that a desk started here is given.
    pub(crate) static HANDS: Hands;
}

/// The service.
pub(crate) struct Desk;

impl Service for Desk {
    const NAME: &'static str = "gateway";
    type Settings = DeskSettings;

    async fn start(settings: DeskSettings, house: House) -> anyhow::Result<Started> {
        anyhow::ensure!(settings.title != "closed", "the desk is closed");
        let hands = HANDS.with(Clone::clone);
        let (tell, shutdown) = (hands.tell.clone(), house.shutdown.clone());
        house.tasks.spawn(async move {
            shutdown.cancelled().await;
            tell.send("task told to end").unwrap();
        });
        let readiness = hands.ready.subscribe();
        Ok(Started::new(tonic::service::Routes::new(ApiKeyServiceServer::new(Clerk(hands)))).ready_when(readiness))
    }
}

struct Clerk(Hands);

impl Clerk {
    async fn wait(&self) {
        self.0.tell.send("begun").unwrap();
        self.0.go.notified().await;
        self.0.tell.send("ended").unwrap();
    }
}

#[tonic::async_trait]
impl ApiKeyService for Clerk {
    async fn who_am_i(&self, request: Request<WhoAmIRequest>) -> Result<Response<WhoAmIResponse>, Status> {
        let subject = Called::of(&request)?.principal.subject.to_string();
        Ok(Response::new(WhoAmIResponse { subject, ..WhoAmIResponse::default() }))
    }

    /// Reads slowly.
    async fn get_api_key(&self, _: Request<GetApiKeyRequest>) -> Result<Response<ApiKey>, Status> {
        self.wait().await;
        Ok(Response::new(ApiKey { name: "apiKeys/slow".into(), ..ApiKey::default() }))
    }

    /// Writes slowly.
    async fn create_api_key(&self, _: Request<CreateApiKeyRequest>) -> Result<Response<CreateApiKeyResponse>, Status> {
        self.wait().await;
        Ok(Response::new(CreateApiKeyResponse::default()))
    }

    async fn list_api_keys(&self, _: Request<ListApiKeysRequest>) -> Result<Response<ListApiKeysResponse>, Status> {
        Ok(Response::new(ListApiKeysResponse::default()))
    }

    async fn update_api_key(&self, _: Request<UpdateApiKeyRequest>) -> Result<Response<ApiKey>, Status> {
        Ok(Response::new(ApiKey::default()))
    }

    async fn retire_api_key(&self, _: Request<RetireApiKeyRequest>) -> Result<Response<ApiKey>, Status> {
        Ok(Response::new(ApiKey::default()))
    }

    async fn show_api_key_usage(
        &self,
        _: Request<ShowApiKeyUsageRequest>,
    ) -> Result<Response<ShowApiKeyUsageResponse>, Status> {
        Ok(Response::new(ShowApiKeyUsageResponse::default()))
    }

    async fn revoke_api_key(&self, _: Request<RevokeApiKeyRequest>) -> Result<Response<ApiKey>, Status> {
        Ok(Response::new(ApiKey::default()))
    }

    type WatchApiKeysStream = BoxStream<WatchApiKeysResponse>;

    async fn watch_api_keys(
        &self,
        _: Request<WatchApiKeysRequest>,
    ) -> Result<Response<Self::WatchApiKeysStream>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }
}

/// A desk in a house.
pub(crate) struct Open {
    pub(crate) house: House,
    pub(crate) hosted: Hosted,
    pub(crate) signer: Signer,
    pub(crate) hands: Hands,
    pub(crate) told: mpsc::UnboundedReceiver<&'static str>,
}

/// Opens a desk.
pub(crate) async fn open() -> Open {
    let (hands, told) = Hands::new();
    let signer = Signer::generate();
    let house = House::new(Home::default(), signer.verifier(), Limits::default());
    let settings = config::read(&Env::default(), "GATEWAY").unwrap();
    let hosted = HANDS.scope(hands.clone(), serve::host::<Desk>(settings, house.clone())).await.unwrap();
    Open { house, hosted, signer, hands, told }
}

impl Open {
    pub(crate) async fn listen(&self) -> SocketAddr {
        self.hosted.listen("127.0.0.1:0".parse().unwrap()).await.unwrap()
    }

    pub(crate) fn ask<T>(&self, message: T) -> Request<T> {
        ask(&self.signer, message)
    }
}

/// A request of a caller who may do everything with keys.
pub(crate) fn ask<T>(signer: &Signer, message: T) -> Request<T> {
    let principal = Principal {
        subject: "people/7f3".into(),
        agency: None,
        mission: None,
        post: None,
        permissions: Permissions::of(["gateway.apiKeys.*"]),
        clearance: Clearance::Unclassified,
        elevation: None,
        expires: i64::MAX,
    };
    let mut metadata = MetadataMap::new();
    metadata.insert(METADATA_KEY, signer.mint(&principal, Utc::now()).parse().unwrap());
    Request::from_parts(metadata, http::Extensions::new(), message)
}

pub(crate) async fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

pub(crate) async fn client(address: SocketAddr) -> ApiKeyServiceClient<Caller<Channel>> {
    ApiKeyServiceClient::new(Outgoing::default().layer(channel(address).await))
}

/// Waits, but not for ever.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("it comes in time")
}
