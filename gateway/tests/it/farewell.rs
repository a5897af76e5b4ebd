//! A method on its way out says so in every answer, over REST and gRPC, and in the API's description; others do not.

use crate::rig::{plan, send};
use prost_reflect::DescriptorPool;
use proto::accreditation::v1::ListComplianceFindingRevisionsRequest;
use proto::accreditation::v1::compliance_finding_service_client::ComplianceFindingServiceClient;
use proto::contract::Contract;
use reqwest::Method;
use serde_json::Value;
use tonic::metadata::MetadataMap;

/// Our contract, in which one method's rule has become `any_caller: true deprecated: {since sunset successor}`: as many bytes
/// as its permission had, since lengths stand in descriptors too.
fn contract() -> Contract {
    let from = b"\x0a\x28accreditation.complianceFindings.history";
    let to = b"\x38\x01\x42\x26\x0a\x0a2026-01-01\x12\x0a2027-01-01\x1a\x0c/v2/findings";
    assert_eq!(from.len(), to.len());
    let mut bytes = proto::DESCRIPTORS.to_vec();
    let places: Vec<_> = (0..bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert_eq!(places.len(), 1, "one method has this permission");
    bytes[places[0]..places[0] + to.len()].copy_from_slice(to);
    Contract::read(DescriptorPool::decode(bytes.as_slice()).unwrap())
}

const SAID: [(&str, &str); 3] = [
    ("deprecation", "@1767225600"),
    ("sunset", "Fri, 01 Jan 2027 00:00:00 GMT"),
    ("link", "</v2/findings>; rel=\"successor-version\""),
];

#[tokio::test]
async fn a_method_on_its_way_out_says_so_in_every_answer_and_others_do_not() {
    let rig = plan().contract(contract()).start().await;
    let leaving = send(rig.get(&rig.admin, "/v1/accreditation/complianceFindings/a/revisions")).await;
    assert_eq!(leaving.status, 404, "a refusal says it too: {leaving:?}");
    for (name, value) in SAID {
        assert_eq!(leaving.header(name), Some(value), "{leaving:?}");
    }
    let staying = rig.who(&rig.admin).await;
    assert!(SAID.iter().all(|(name, _)| staying.header(name).is_none()), "{staying:?}");

    let channel = tonic::transport::Endpoint::from_shared(rig.url("")).unwrap().connect().await.unwrap();
    let mut request = tonic::Request::new(ListComplianceFindingRevisionsRequest {
        name: "complianceFindings/a".into(),
        ..Default::default()
    });
    request.metadata_mut().insert("authorization", format!("Bearer {}", rig.admin).parse().unwrap());
    let refused =
        ComplianceFindingServiceClient::new(channel).list_compliance_finding_revisions(request).await.unwrap_err();
    let text = |metadata: &MetadataMap, name: &str| metadata.get(name).map(|value| value.to_str().unwrap().to_owned());
    for (name, value) in SAID {
        assert_eq!(text(refused.metadata(), name).as_deref(), Some(value), "{refused:?}");
    }

    let described: Value = send(rig.ask(Method::GET, "/openapi.json")).await.json();
    let operations = described["paths"].as_object().unwrap().values().filter_map(Value::as_object).flatten();
    let going: Vec<_> = operations.filter(|(_, one)| one["deprecated"] == true).collect();
    assert_eq!(going.len(), 1, "{going:?}");
    assert!(going[0].1.to_string().contains("omplianceFinding"), "{going:?}");
}
