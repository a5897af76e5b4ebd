//! The migrated schema has what the contract promises: a column for every filterable field, of the type it needs.

use crate::world::world;
use proto::contract::contract;
use sqlx::Row as _;
use std::collections::BTreeMap;

#[tokio::test]
async fn every_filterable_field_has_its_column() {
    let world = world().await;
    let mut missing = Vec::new();
    let mut seen = 0;
    for resource in contract().resources().iter().filter(|resource| resource.service() == "consular") {
        let table = &resource.policy().table;
        let text = "select column_name::text, data_type::text from information_schema.columns where table_name = $1";
        let rows = sqlx::query(text).bind(table).fetch_all(&world.db.pool).await.unwrap();
        let columns: BTreeMap<String, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        for field in resource.fields().iter().filter(|field| field.policy().filterable) {
            let descriptor = field.descriptor();
            let column = match descriptor.name() {
                "create_time" => "created_at",
                "update_time" => "updated_at",
                own => own,
            };
            let kind = match descriptor.kind() {
                prost_reflect::Kind::Message(_) => "timestamp with time zone",
                prost_reflect::Kind::String | prost_reflect::Kind::Enum(_) => "text",
                prost_reflect::Kind::Bool => "boolean",
                other => panic!("{table}.{column}: what column has {other:?}?"),
            };
            seen += 1;
            if columns.get(column).map(String::as_str) != Some(kind) {
                missing.push(format!("{table}.{column} {kind}"));
            }
        }
    }
    assert!(seen > 10 && missing.is_empty(), "the schema lacks {missing:#?}");
}
