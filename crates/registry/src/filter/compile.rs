//! A filter as a condition of SQL. Fields are columns of the contract; values are binds; nothing else gets in.

use super::{Comparator, Expr, Test, Value, misunderstood};
use crate::codec::Sight;
use crate::column::{self, Column, ColumnKind, Place};
use crate::sql::Sql;
use chrono::{DateTime, Utc};
use fault::Fault;
use std::cmp::Ordering;
use vault::Vault;

/// The fields a caller may name, and where they are found.
#[derive(Clone)]
pub(crate) struct Scope {
    columns: &'static [Column],
    place: Place,
    sight: Sight,
    vault: Option<Vault>,
}

impl Scope {
    pub(crate) fn new(columns: &'static [Column], place: Place, sight: Sight, vault: Option<&Vault>) -> Self {
        Self { columns, place, sight, vault: vault.cloned() }
    }

    /// The column of a field that the caller may see: what it may not see it cannot search for either.
    pub(crate) fn column(&self, field: &str) -> Result<&'static Column, Fault> {
        if let Some(column) = column::find(self.columns, field)
            && self.shows(column)
        {
            return Ok(column);
        }
        let known = self.columns.iter().filter(|column| self.shows(column)).map(|column| column.json);
        let list = known.collect::<Vec<_>>().join(", ");
        Err(misunderstood(format!("{field} is no field to filter by; there are {list}")).with("filterable", list))
    }

    fn shows(&self, column: &Column) -> bool {
        (!column.personal || self.sight.personal)
            && (!column.classified || self.sight.classified)
            && (!column.internal || self.sight.internal)
    }
}

/// Appends the condition, in parentheses. A field without a value counts as having its type's default, as it does in
/// the contract; an instant without a value is unlike any.
///
/// # Errors
/// `INVALID_FILTER` for a field that cannot be filtered, or a value that is none of the field's.
pub(crate) fn compile(expr: &Expr, scope: &Scope, sql: &mut Sql) -> Result<(), Fault> {
    compiled(expr, scope, false, sql)
}

/// NOT is carried down to the comparisons: there it can be said what it means for a field without a value, where
/// SQL's own NOT would know neither yes nor no.
fn compiled(expr: &Expr, scope: &Scope, negated: bool, sql: &mut Sql) -> Result<(), Fault> {
    let (parts, by) = match (expr, negated) {
        (Expr::Not(inside), _) => return compiled(inside, scope, !negated, sql),
        (Expr::Test(test), _) if test.comparator == Comparator::Has => return has(test, scope, negated, sql),
        (Expr::Test(test), _) => return compared(test, scope, negated, sql),
        (Expr::All(parts), false) | (Expr::Any(parts), true) => (parts, " and "),
        (Expr::Any(parts), false) | (Expr::All(parts), true) => (parts, " or "),
    };
    for (n, part) in parts.iter().enumerate() {
        sql.push(if n == 0 { "(" } else { by });
        compiled(part, scope, negated, sql)?;
    }
    sql.push(")");
    Ok(())
}

fn compared(test: &Test, scope: &Scope, negated: bool, sql: &mut Sql) -> Result<(), Fault> {
    let column = scope.column(&test.field)?;
    let name = column.at(scope.place);
    let comparator = if negated { test.comparator.opposite() } else { test.comparator };
    if column.sealed.is_some() {
        return sealed(test, comparator, column, scope, sql);
    }
    let ordered = !matches!(comparator, Comparator::Equal | Comparator::Unequal);
    if ordered && matches!(column.kind, ColumnKind::Enum(_) | ColumnKind::Bool) {
        return Err(misunderstood(format!("{} has no order; compare it with = or !=", test.field)));
    }
    let value = Operand::read(test, &column.kind)?;
    let unset_passes = match value.default_compared() {
        Some(order) => comparator.holds(order),
        None => negated != (test.comparator == Comparator::Unequal),
    };
    sql.push("(").push(name).push(comparator.sql());
    value.bind(sql);
    if unset_passes {
        sql.push(" or ").push(name).push(" is null");
    }
    sql.push(")");
    Ok(())
}

/// A sealed field is compared whole, by what stands for its values; one without a value has none.
fn sealed(
    test: &Test,
    comparator: Comparator,
    column: &'static Column,
    scope: &Scope,
    sql: &mut Sql,
) -> Result<(), Fault> {
    let equal = match comparator {
        Comparator::Equal => true,
        Comparator::Unequal => false,
        _ => return Err(sealed_whole(test)),
    };
    sql.push("(").push(column.at(scope.place));
    match (test.value.text(), equal) {
        ("", true) => _ = sql.push(" is null"),
        ("", false) => _ = sql.push(" is not null"),
        (text, _) => {
            let held = column.held(text, scope.vault.as_ref())?;
            sql.push(if equal { " = any (" } else { " <> all (" }).bind(held).push(")");
            if !equal {
                sql.push(" or ").push(column.at(scope.place)).push(" is null");
            }
        }
    }
    sql.push(")");
    Ok(())
}

fn sealed_whole(test: &Test) -> Fault {
    misunderstood(format!("{} is kept sealed: compare all of it, with = or !=", test.field))
}

fn has(test: &Test, scope: &Scope, negated: bool, sql: &mut Sql) -> Result<(), Fault> {
    let column = scope.column(&test.field)?;
    let name = column.at(scope.place);
    let is_text = matches!(column.kind, ColumnKind::Text);
    if test.value == Value::Bare("*".to_owned()) {
        // Nothing is greater than null, so `coalesce` decides for text that is null or empty.
        match (is_text, negated) {
            (true, false) => sql.push("(coalesce(").push(name).push(", '') <> '')"),
            (true, true) => sql.push("(coalesce(").push(name).push(", '') = '')"),
            (false, false) => sql.push("(").push(name).push(" is not null)"),
            (false, true) => sql.push("(").push(name).push(" is null)"),
        };
        return Ok(());
    }
    if column.sealed.is_some() {
        return Err(sealed_whole(test));
    }
    if !is_text {
        return Err(misunderstood(format!("{} is not text; ask `{}:*` or compare it", test.field, test.field)));
    }
    let mut pattern = String::new();
    for letter in test.value.text().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    let like = if negated { ", '') not ilike " } else { ", '') ilike " };
    sql.push("(coalesce(").push(name).push(like).bind(pattern).push(")");
    Ok(())
}

impl Comparator {
    fn sql(self) -> &'static str {
        match self {
            Self::Equal => " = ",
            Self::Unequal => " <> ",
            Self::Less => " < ",
            Self::LessOrEqual => " <= ",
            Self::Greater => " > ",
            Self::GreaterOrEqual => " >= ",
            Self::Has => " ilike ",
        }
    }

    /// What holds exactly where this does not. `:` has none and is never asked.
    fn opposite(self) -> Self {
        match self {
            Self::Equal => Self::Unequal,
            Self::Unequal => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
            Self::Has => Self::Has,
        }
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Has => false,
        }
    }
}

/// A value as the column has it.
enum Operand {
    Text(String),
    /// The name of an enum's value, and whether it is the default one.
    Enum(String, bool),
    Int(i64),
    Real(f64),
    Bool(bool),
    Time(DateTime<Utc>),
}

impl Operand {
    fn read(test: &Test, kind: &ColumnKind) -> Result<Self, Fault> {
        let (field, text) = (&test.field, test.value.text());
        let wrong = |wanted: &str| misunderstood(format!("{field} is compared with {text:?}, which is not {wanted}"));
        Ok(match kind {
            ColumnKind::Text => Self::Text(text.to_owned()),
            ColumnKind::Enum(values) => {
                let known = values.get_value_by_name(text).ok_or_else(|| {
                    let names = values.values().map(|value| value.name().to_owned()).collect::<Vec<_>>();
                    wrong(&format!("one of {}", names.join(", ")))
                })?;
                Self::Enum(text.to_owned(), known.number() == 0)
            }
            ColumnKind::Int => Self::Int(text.parse().map_err(|_| wrong("a whole number"))?),
            ColumnKind::Real => {
                let number = text.parse().ok().filter(|number: &f64| number.is_finite());
                Self::Real(number.ok_or_else(|| wrong("a number"))?)
            }
            ColumnKind::Bool => Self::Bool(text.parse().map_err(|_| wrong("true or false"))?),
            ColumnKind::Time => {
                let instant = DateTime::parse_from_rfc3339(text);
                let instant = instant.map_err(|_| wrong("an instant such as \"2026-11-21T09:00:00Z\", in quotes"))?;
                Self::Time(instant.with_timezone(&Utc))
            }
        })
    }

    /// How the type's default compares with the value; none if the type has no default.
    fn default_compared(&self) -> Option<Ordering> {
        match self {
            Self::Text(text) => Some("".cmp(text)),
            Self::Enum(_, is_default) => Some(if *is_default { Ordering::Equal } else { Ordering::Less }),
            Self::Int(number) => Some(0.cmp(number)),
            Self::Real(number) => 0.0.partial_cmp(number),
            Self::Bool(flag) => Some(false.cmp(flag)),
            Self::Time(_) => None,
        }
    }

    fn bind(self, sql: &mut Sql) {
        match self {
            Self::Text(text) | Self::Enum(text, _) => sql.bind(text),
            Self::Int(number) => sql.bind(number),
            Self::Real(number) => sql.bind(number),
            Self::Bool(flag) => sql.bind(flag),
            Self::Time(instant) => sql.bind(instant),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::parse;
    use crate::kind::Kind;
    use proptest::prelude::*;
    use proto::accreditation::v1::Mission;

    fn scope(place: Place) -> Scope {
        Scope::new(&Kind::of_record::<Mission>().columns, place, Sight::PUBLIC, None)
    }

    fn compile_text(filter: &str, place: Place) -> Result<String, Fault> {
        let mut sql = Sql::new("");
        compile(&parse(filter)?.expect("it is not empty"), &scope(place), &mut sql)?;
        Ok(sql.text().to_owned())
    }

    #[test]
    fn values_are_bound_and_fields_are_columns() {
        let text = compile_text("sendingState = \"FR' or 1=1 --\" AND NOT state = OPEN", Place::Table).unwrap();
        assert_eq!(text, r#"(("sending_state" = $1) and ("state" <> $2 or "state" is null))"#);
        let text = compile_text("create_time > '2026-01-01T00:00:00Z'", Place::History).unwrap();
        assert_eq!(text, "(instant(h.doc->>'createTime') > $1)");
    }

    #[test]
    fn an_unknown_field_is_named_with_those_there_are() {
        let fault = compile_text("address = \"x\"", Place::Table).unwrap_err();
        assert!(fault.message().contains("address is no field to filter by; there are name, sendingState"), "{fault}");
        assert!(compile_text("state = ASLEEP", Place::Table).unwrap_err().message().contains("one of"));
        assert!(compile_text("state > OPEN", Place::Table).unwrap_err().message().contains("no order"));
        assert!(compile_text("createTime > 5", Place::Table).unwrap_err().message().contains("instant"));
    }

    proptest! {
        #[test]
        fn whatever_is_asked_every_value_is_a_bind(
            words in prop::collection::vec(
                prop::sample::select(vec![
                    "sendingState", "state", "title", "create_time", "deleteTime", "openTime", "name", "address", "AND", "OR",
                    "NOT", "-", "(", ")", "=", "!=", "<", ">=", ":", "*", "OPEN", "0", "true", "\"2026-01-01T00:00:00Z\"",
                    "\"');drop table missions;--\"", "'$1'",
                ]),
                0..40,
            ),
            history in any::<bool>(),
        ) {
            let Ok(Some(expr)) = parse(&words.join(" ")) else { return Ok(()) };
            let mut sql = Sql::new("");
            let place = if history { Place::History } else { Place::Table };
            if compile(&expr, &scope(place), &mut sql).is_ok() {
                let text = sql.text();
                prop_assert!(!text.contains("drop") && !text.contains(';') && !text.contains("--"), "{}", text);
                let open = text.matches('(').count();
                prop_assert_eq!(open, text.matches(')').count(), "{}", text);
            }
        }

        #[test]
        fn whatever_the_value_it_is_bound(value in "\\PC{0,40}") {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            let text = compile_text(&format!("title = \"{quoted}\" OR title:\"{quoted}\""), Place::Table).unwrap();
            let expected = if value.is_empty() {
                r#"(("title" = $1 or "title" is null) or (coalesce("title", '') ilike $2))"#
            } else {
                r#"(("title" = $1) or (coalesce("title", '') ilike $2))"#
            };
            prop_assert_eq!(text, expected);
        }
    }
}
