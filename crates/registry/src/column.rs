//! The columns that lists and filters know: one per filterable field of a resource, and those every table has.

use fault::Fault;
use prost_reflect::{EnumDescriptor, Kind as FieldKind};
use proto::contract::{Field, Resource};
use proto::policy::v1::Reason;
use vault::Vault;

/// A field that can be filtered and ordered by, and where it is found.
#[derive(Debug)]
pub(crate) struct Column {
    /// The field's name in the contract: `sending_state`.
    pub(crate) name: &'static str,
    /// Its name in JSON: `sendingState`.
    pub(crate) json: &'static str,
    /// The column, quoted: `"sending_state"`.
    pub(crate) sql: String,
    /// The same value taken from a document of the history.
    pub(crate) in_doc: String,
    pub(crate) kind: ColumnKind,
    pub(crate) personal: bool,
    pub(crate) classified: bool,
    pub(crate) internal: bool,
    /// For a sealed field, what its blind values are bound to: the column holds those.
    pub(crate) sealed: Option<String>,
}

/// What a column holds.
#[derive(Debug)]
pub(crate) enum ColumnKind {
    Text,
    /// The name of a value of the enum, as text.
    Enum(EnumDescriptor),
    Int,
    Real,
    Bool,
    Time,
}

/// Where a condition is asked: of a table's columns, or of the documents in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Table,
    History,
}

impl Column {
    /// The columns of a resource, the name first.
    pub(crate) fn all(resource: &'static Resource) -> Vec<Self> {
        let found = |field: &&'static Field| field.is_identifier() || field.policy().filterable;
        resource.fields().iter().filter(found).filter_map(|field| Self::of(resource, field)).collect()
    }

    fn of(resource: &'static Resource, field: &'static Field) -> Option<Self> {
        let descriptor = field.descriptor();
        if descriptor.is_list() || descriptor.is_map() {
            return None;
        }
        let name = descriptor.name();
        let json = descriptor.json_name();
        let kind = ColumnKind::of(&descriptor.kind())?;
        // These three are the registry's own and written with the document.
        let sql = match name {
            "create_time" => "created_at",
            "update_time" => "updated_at",
            "delete_time" => "deleted_at",
            own => own,
        };
        let sealed = field.policy().sealed.then(|| blind_place(resource, field));
        let text =
            if sealed.is_some() { format!("(h.doc->'blind'->>'{json}')") } else { format!("(h.doc->>'{json}')") };
        let in_doc = match kind {
            ColumnKind::Text | ColumnKind::Enum(_) => text,
            ColumnKind::Int => format!("{text}::bigint"),
            ColumnKind::Real => format!("{text}::double precision"),
            ColumnKind::Bool => format!("{text}::boolean"),
            ColumnKind::Time => format!("instant{text}"),
        };
        let policy = field.policy();
        let (personal, classified, internal) = (policy.personal, policy.classified, policy.internal);
        // Names in the contract are letters, digits and underscores, so quoting them is enough.
        Some(Self { name, json, sql: format!("\"{sql}\""), in_doc, kind, personal, classified, internal, sealed })
    }

    /// A value as the column holds it: in two ways if it is sealed and the index key is being exchanged.
    ///
    /// # Errors
    /// `INTERNAL` if it is sealed and there are no sealing keys.
    pub(crate) fn held(&self, value: &str, vault: Option<&Vault>) -> Result<Vec<String>, Fault> {
        let no_vault =
            || Fault::new(Reason::Internal, format!("{} is sealed, and there are no sealing keys", self.name));
        let Some(place) = &self.sealed else { return Ok(vec![value.to_owned()]) };
        Ok(vault.ok_or_else(no_vault)?.blinds(place, value))
    }

    /// What stands for the column in a condition.
    pub(crate) fn at(&self, place: Place) -> &str {
        match place {
            Place::Table => &self.sql,
            Place::History => &self.in_doc,
        }
    }
}

impl ColumnKind {
    fn of(kind: &FieldKind) -> Option<Self> {
        Some(match kind {
            FieldKind::String => Self::Text,
            FieldKind::Enum(values) => Self::Enum(values.clone()),
            FieldKind::Bool => Self::Bool,
            FieldKind::Double | FieldKind::Float => Self::Real,
            FieldKind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => Self::Time,
            FieldKind::Message(_) | FieldKind::Bytes => return None,
            _ => Self::Int,
        })
    }
}

/// What blind values of a field are bound to: `members.passport_number`.
pub(crate) fn blind_place(resource: &Resource, field: &Field) -> String {
    format!("{}.{}", resource.collection(), field.descriptor().name())
}

/// The column of a field, by its name in the contract or in JSON.
pub(crate) fn find<'c>(columns: &'c [Column], field: &str) -> Option<&'c Column> {
    columns.iter().find(|column| column.name == field || column.json == field)
}

/// As [`find`], for fields that our own code names.
pub(crate) fn known<'c>(columns: &'c [Column], field: &str) -> Result<&'c Column, Fault> {
    find(columns, field)
        .ok_or_else(|| Fault::new(Reason::Internal, format!("the resource has no filterable field {field}")))
}

/// As [`known`], for the fields that tell who may see a record.
pub(crate) fn open<'c>(columns: &'c [Column], field: &str) -> Result<&'c Column, Fault> {
    let column = known(columns, field)?;
    let words = "who may see a record is not told by a sealed field";
    fault::refuse_if(column.sealed.is_some(), Reason::Internal, words)?;
    Ok(column)
}
