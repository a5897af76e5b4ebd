//! What protocol knows by heart: ranks and forms of address by office, and how flags are flown. Data, read and checked once.

mod flags;
mod offices;
pub(crate) mod seating;

pub(crate) use offices::Offices;

use flags::Flags;
use proto::accreditation::v1::protocol_service_server::ProtocolService;
use proto::accreditation::v1::{
    ArrangeFlagsRequest, ArrangeFlagsResponse, GetFormOfAddressRequest, GetFormOfAddressResponse,
};
use registry::{Answer, Store};
use tonic::{Request, Response};

/// Protocol's knowledge.
#[derive(Clone, Debug)]
pub struct Protocol {
    store: Store,
}

impl Protocol {
    /// The knowledge of this house.
    pub fn new(store: &Store) -> Self {
        Self { store: store.clone() }
    }
}

#[tonic::async_trait]
impl ProtocolService for Protocol {
    async fn get_form_of_address(&self, request: Request<GetFormOfAddressRequest>) -> Answer<GetFormOfAddressResponse> {
        let ask = request.into_inner();
        registry::check(&ask)?;
        let language = if ask.language.is_empty() { &self.store.home().language } else { &ask.language };
        Ok(Response::new(Offices::shipped().address(&ask, language)))
    }

    async fn arrange_flags(&self, request: Request<ArrangeFlagsRequest>) -> Answer<ArrangeFlagsResponse> {
        let ask = request.into_inner();
        registry::check(&ask)?;
        Ok(Response::new(Flags::shipped().arrange(&ask, &self.store.home().state)))
    }
}
