//! Filters in the language of AIP-160: read into a tree, then compiled to a condition in which every value is a bind.

mod compile;
mod lexer;
mod parse;

pub(crate) use compile::{Scope, compile};
pub(crate) use parse::parse;

use fault::Fault;
use proto::policy::v1::Reason;

/// The longest filter, in bytes.
const LONGEST: usize = 4_000;
/// The deepest nesting of parentheses and NOTs.
const DEEPEST: usize = 20;
/// The most comparisons.
const MOST_TESTS: usize = 60;

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    /// Every one of them.
    All(Vec<Expr>),
    /// Any of them.
    Any(Vec<Expr>),
    /// Not this one.
    Not(Box<Expr>),
    /// A comparison.
    Test(Test),
}

/// A field compared with a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Test {
    /// The field as the caller names it: `sendingState`.
    pub(crate) field: String,
    pub(crate) comparator: Comparator,
    pub(crate) value: Value,
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `:`, which asks whether text begins so, whatever the case; with `*`, whether the field is set at all.
    Has,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Text in quotes.
    Quoted(String),
    /// Anything else: a number, `true`, the name of an enum value, `*`.
    Bare(String),
}

impl Value {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Quoted(text) | Self::Bare(text) => text,
        }
    }
}

/// A filter or order that cannot be understood.
pub(crate) fn misunderstood(words: impl Into<String>) -> Fault {
    Fault::new(Reason::InvalidFilter, words)
}
