//! The keys of our seals, for whoever verifies them offline.

use super::Papers;
use proto::accreditation::v1::seal_service_server::SealService;
use proto::accreditation::v1::{GetSealKeysRequest, GetSealKeysResponse, SealKey};
use registry::Answer;
use tonic::{Request, Response};

/// The keys.
#[derive(Clone, Debug)]
pub(crate) struct Seals(Papers);

impl Seals {
    pub(crate) fn new(papers: Papers) -> Self {
        Self(papers)
    }
}

#[tonic::async_trait]
impl SealService for Seals {
    async fn get_seal_keys(&self, _: Request<GetSealKeysRequest>) -> Answer<GetSealKeysResponse> {
        let (present, retired) = self.0.keys();
        let all = present.iter().map(|key| (key, true)).chain(retired.iter().map(|key| (key, false)));
        let hexadecimal = |id: [u8; 4]| id.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown =
            all.map(|(key, in_use)| SealKey { id: hexadecimal(key.id()), public_key: key.bytes().to_vec(), in_use });
        Ok(Response::new(GetSealKeysResponse { keys: shown.collect() }))
    }
}
