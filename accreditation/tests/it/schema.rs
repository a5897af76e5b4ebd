//! The migrated schema has what the contract promises: a column for every filterable field, of the type it needs.

use crate::world::world;
use proto::contract::contract;
use sqlx::Row as _;
use std::collections::BTreeMap;

#[tokio::test]
async fn every_filterable_field_has_its_column() {
    let world = world().await;
    let mut missing = Vec::new();
    for resource in contract().resources().iter().filter(|resource| resource.service() == "accreditation") {
        let table = &resource.policy().table;
        let rows = sqlx::query(
            "select column_name::text, data_type::text from information_schema.columns where table_name = $1",
        )
        .bind(table)
        .fetch_all(&world.db.pool)
        .await
        .unwrap();
        let columns: BTreeMap<String, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        for (column, kind) in [
            ("name", "text"),
            ("uid", "uuid"),
            ("version", "bigint"),
            ("doc", "jsonb"),
            ("created_at", "timestamp with time zone"),
            ("updated_at", "timestamp with time zone"),
            ("deleted_at", "timestamp with time zone"),
        ] {
            if columns.get(column).map(String::as_str) != Some(kind) {
                missing.push(format!("{table}.{column} {kind}"));
            }
        }
        for field in resource.fields().iter().filter(|field| field.policy().filterable) {
            let descriptor = field.descriptor();
            let column = match descriptor.name() {
                "create_time" => "created_at",
                "update_time" => "updated_at",
                own => own,
            };
            let kind = match descriptor.kind() {
                prost_reflect::Kind::Bool => "boolean",
                prost_reflect::Kind::Message(_) => "timestamp with time zone",
                prost_reflect::Kind::String | prost_reflect::Kind::Enum(_) => "text",
                other => panic!("{table}.{column}: what column has {other:?}?"),
            };
            if columns.get(column).map(String::as_str) != Some(kind) {
                missing.push(format!("{table}.{column} {kind}"));
            }
        }
        let searchable = resource.fields().iter().any(|field| field.policy().searchable);
        if searchable != columns.contains_key("search") {
            missing.push(format!("{table}.search"));
        }
    }
    assert!(missing.is_empty(), "the schema lacks {missing:#?}");
}

#[tokio::test]
async fn every_filterable_field_can_be_filtered_and_ordered_by() {
    let world = world().await;
    let officer = crate::world::registrar();
    for resource in contract().resources().iter().filter(|resource| resource.service() == "accreditation") {
        for field in resource.fields().iter().filter(|field| field.policy().filterable) {
            let json = field.descriptor().json_name().to_owned();
            let value = match field.descriptor().kind() {
                prost_reflect::Kind::Bool => "true".to_owned(),
                prost_reflect::Kind::Message(_) => "\"2026-01-01T00:00:00Z\"".to_owned(),
                prost_reflect::Kind::Enum(values) => values.get_value(1).unwrap().name().to_owned(),
                _ => "\"x\"".to_owned(),
            };
            // Nothing is ordered by what is sealed.
            let order_by = if field.policy().sealed { String::new() } else { format!("{json} desc") };
            let filter = format!("{json} = {value}");
            use proto::accreditation::v1 as pb;
            let answer = match resource.collection() {
                "missions" => {
                    let request = pb::ListMissionsRequest { filter, order_by, ..Default::default() };
                    world.missions(&officer).list_missions(request).await.map(drop)
                }
                "members" => {
                    let request = pb::ListMembersRequest { filter, order_by, ..Default::default() };
                    world.members(&officer).list_members(request).await.map(drop)
                }
                "identityCards" => {
                    let request = pb::ListIdentityCardsRequest { filter, order_by, ..Default::default() };
                    world.cards(&officer).list_identity_cards(request).await.map(drop)
                }
                "determinations" => {
                    let request = pb::ListDeterminationsRequest { filter, order_by, ..Default::default() };
                    world.immunity(&officer).list_determinations(request).await.map(drop)
                }
                "agrements" => {
                    let request = pb::ListAgrementsRequest { filter, order_by, ..Default::default() };
                    world.agrements(&officer).list_agrements(request).await.map(drop)
                }
                "circularReceipts" => {
                    let request = pb::ListCircularReceiptsRequest { filter, order_by, ..Default::default() };
                    world.receipts(&officer).list_circular_receipts(request).await.map(drop)
                }
                "circulars" => {
                    let request = pb::ListCircularsRequest { filter, order_by, ..Default::default() };
                    world.circulars(&officer).list_circulars(request).await.map(drop)
                }
                "guidanceArticles" => {
                    let request = pb::ListGuidanceArticlesRequest { filter, order_by, ..Default::default() };
                    world.guidance(&officer).list_guidance_articles(request).await.map(drop)
                }
                "notesVerbales" => {
                    let request = pb::ListNotesVerbalesRequest { filter, order_by, ..Default::default() };
                    world.notes(&officer).list_notes_verbales(request).await.map(drop)
                }
                "officialFunctions" => {
                    let request = pb::ListOfficialFunctionsRequest { filter, order_by, ..Default::default() };
                    world.functions(&officer).list_official_functions(request).await.map(drop)
                }
                "statusCertificates" => {
                    let request = pb::ListStatusCertificatesRequest { filter, order_by, ..Default::default() };
                    world.certificates(&officer).list_status_certificates(request).await.map(drop)
                }
                "charges" => {
                    let request = pb::ListChargesRequest { filter, order_by, ..Default::default() };
                    world.charges(&officer).list_charges(request).await.map(drop)
                }
                "credentials" => {
                    let request = pb::ListCredentialsRequest { filter, order_by, ..Default::default() };
                    world.credentials(&officer).list_credentials(request).await.map(drop)
                }
                "consularCommissions" => {
                    let request = pb::ListConsularCommissionsRequest { filter, order_by, ..Default::default() };
                    world.commissions(&officer).list_consular_commissions(request).await.map(drop)
                }
                "honoraryConsuls" => {
                    let request = pb::ListHonoraryConsulsRequest { filter, order_by, ..Default::default() };
                    world.honorary(&officer).list_honorary_consuls(request).await.map(drop)
                }
                "diplomaticLists" => {
                    let request = pb::ListDiplomaticListsRequest { filter, order_by, ..Default::default() };
                    world.lists(&officer).list_diplomatic_lists(request).await.map(drop)
                }
                "reciprocityRules" => {
                    let request = pb::ListReciprocityRulesRequest { filter, order_by, ..Default::default() };
                    world.rules(&officer).list_reciprocity_rules(request).await.map(drop)
                }
                "customsClearances" => {
                    let request = pb::ListCustomsClearancesRequest { filter, order_by, ..Default::default() };
                    world.clearances(&officer).list_customs_clearances(request).await.map(drop)
                }
                "privilegeGrants" => {
                    let request = pb::ListPrivilegeGrantsRequest { filter, order_by, ..Default::default() };
                    world.grants(&officer).list_privilege_grants(request).await.map(drop)
                }
                "personaNonGrata" => {
                    let request = pb::ListPersonaNonGrataRequest { filter, order_by, ..Default::default() };
                    world.declarations(&officer).list_persona_non_grata(request).await.map(drop)
                }
                "waivers" => {
                    let request = pb::ListWaiversRequest { filter, order_by, ..Default::default() };
                    world.waivers(&officer).list_waivers(request).await.map(drop)
                }
                "vehicles" => {
                    let request = pb::ListVehiclesRequest { filter, order_by, ..Default::default() };
                    world.vehicles(&officer).list_vehicles(request).await.map(drop)
                }
                "driverLicences" => {
                    let request = pb::ListDriverLicencesRequest { filter, order_by, ..Default::default() };
                    world.licences(&officer).list_driver_licences(request).await.map(drop)
                }
                "trafficViolations" => {
                    let request = pb::ListTrafficViolationsRequest { filter, order_by, ..Default::default() };
                    world.violations(&officer).list_traffic_violations(request).await.map(drop)
                }
                "taxCards" => {
                    let request = pb::ListTaxCardsRequest { filter, order_by, ..Default::default() };
                    world.tax_cards(&officer).list_tax_cards(request).await.map(drop)
                }
                "controlRules" => {
                    let request = pb::ListControlRulesRequest { filter, order_by, ..Default::default() };
                    world.controls(&officer).list_control_rules(request).await.map(drop)
                }
                "portCourtesies" => {
                    let request = pb::ListPortCourtesiesRequest { filter, order_by, ..Default::default() };
                    world.courtesies(&officer).list_port_courtesies(request).await.map(drop)
                }
                "properties" => {
                    let request = pb::ListPropertiesRequest { filter, order_by, ..Default::default() };
                    world.properties(&officer).list_properties(request).await.map(drop)
                }
                "travelNotices" => {
                    let request = pb::ListTravelNoticesRequest { filter, order_by, ..Default::default() };
                    world.notices(&officer).list_travel_notices(request).await.map(drop)
                }
                "debts" => {
                    let request = pb::ListDebtsRequest { filter, order_by, ..Default::default() };
                    world.debts(&officer).list_debts(request).await.map(drop)
                }
                "disputes" => {
                    let request = pb::ListDisputesRequest { filter, order_by, ..Default::default() };
                    world.disputes(&officer).list_disputes(request).await.map(drop)
                }
                "cardApplications" => {
                    let request = pb::ListCardApplicationsRequest { filter, order_by, ..Default::default() };
                    world.applications(&officer).list_card_applications(request).await.map(drop)
                }
                "complianceFindings" => {
                    let request = pb::ListComplianceFindingsRequest { filter, order_by, ..Default::default() };
                    world.findings(&officer).list_compliance_findings(request).await.map(drop)
                }
                "incidents" => {
                    let request = pb::ListIncidentsRequest { filter, order_by, ..Default::default() };
                    world.incidents(&officer).list_incidents(request).await.map(drop)
                }
                "serviceRequests" => {
                    let request = pb::ListServiceRequestsRequest { filter, order_by, ..Default::default() };
                    world.requests(&officer).list_service_requests(request).await.map(drop)
                }
                other => panic!("nothing lists {other}"),
            };
            assert!(answer.is_ok(), "{} {json}: {answer:?}", resource.collection());
        }
    }
}
