//! The reader: collects what is wrong until everything has been read.

use crate::{Env, Error, Errors, Settings, Value};
use std::collections::BTreeSet;
use std::fs;

/// Reads groups of settings from one environment. [`Reader::finish`] tells what was wrong with any of them.
#[derive(Debug)]
pub struct Reader<'e> {
    env: &'e Env,
    prefixes: BTreeSet<String>,
    known: BTreeSet<String>,
    errors: Vec<Error>,
}

/// Reads one group. Every error is reported at once, a variable with the prefix that is no setting among them.
pub fn read<S: Settings>(env: &Env, prefix: &str) -> Result<S, Errors> {
    let mut reader = Reader::new(env);
    let settings = reader.read(prefix);
    reader.finish(settings)
}

impl<'e> Reader<'e> {
    /// A reader that has read nothing yet.
    pub fn new(env: &'e Env) -> Self {
        Self { env, prefixes: BTreeSet::new(), known: BTreeSet::new(), errors: Vec::new() }
    }

    /// Reads a group. Several groups may share a prefix.
    pub fn read<S: Settings>(&mut self, prefix: &str) -> Option<S> {
        self.prefixes.insert(format!("{prefix}_"));
        S::read(self, prefix)
    }

    /// What was read, or all that was wrong. Join several groups with [`Option::zip`].
    pub fn finish<T>(mut self, read: Option<T>) -> Result<T, Errors> {
        let stray = self.env.iter().filter(|(name, text)| {
            self.prefixes.iter().any(|prefix| name.starts_with(prefix))
                && !self.known.contains(*name)
                && !is_service_link(name, text)
        });
        let stray = stray.map(|(name, _)| Error { name: name.to_owned(), message: "is no setting".into() });
        self.errors.extend(stray.collect::<Vec<_>>());
        match read {
            Some(read) if self.errors.is_empty() => Ok(read),
            _ => Err(Errors(self.errors)),
        }
    }

    /// The variable of a field: `ACCREDITATION_IN_FLIGHT`.
    pub fn name(prefix: &str, field: &str) -> String {
        format!("{prefix}_{}", field.to_ascii_uppercase())
    }

    /// Reads one value.
    pub fn value<T: Value>(&mut self, name: &str, default: Option<String>) -> Option<T> {
        self.known.insert(name.to_owned());
        let text = self.text::<T>(name).map_err(|error| self.errors.push(error)).ok()?;
        let Some(text) = text.or(default) else {
            let absent = T::absent();
            if absent.is_none() {
                self.wrong(name, "is not set, and has no default");
            }
            return absent;
        };
        T::parse(&text).map_err(|message| self.wrong(name, message)).ok()
    }

    /// Checks a value that was read.
    pub fn check<T>(&mut self, name: &str, value: Option<T>, check: impl Fn(&T) -> Result<(), String>) -> Option<T> {
        let value = value?;
        check(&value).map_err(|message| self.wrong(name, message)).ok()?;
        Some(value)
    }

    /// Notes what is wrong with a variable.
    pub fn wrong(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(Error { name: name.to_owned(), message: message.into() });
    }

    /// The text of a variable, or of the file that `NAME_FILE` names if it is a secret.
    fn text<T: Value>(&mut self, name: &str) -> Result<Option<String>, Error> {
        let wrong = |name: &str, message: String| Error { name: name.to_owned(), message };
        if self.env.is_broken(name) {
            return Err(wrong(name, "is not UTF-8".into()));
        }
        let own = self.env.get(name).map(str::to_owned);
        if !T::SECRET {
            return Ok(own);
        }
        let file = format!("{name}_FILE");
        self.known.insert(file.clone());
        let Some(path) = self.env.get(&file) else { return Ok(own) };
        if own.is_some() {
            return Err(wrong(&file, format!("and {name} are both set")));
        }
        let text = fs::read_to_string(path).map_err(|error| wrong(&file, format!("cannot be read: {error}")))?;
        // A mounted file usually ends with a line feed that is no part of the secret.
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(wrong(&file, "names an empty file".into()));
        }
        Ok(Some(text.to_owned()))
    }
}

/// Whether a variable is one that Kubernetes adds for a service of that name (`GATEWAY_SERVICE_HOST`,
/// `GATEWAY_PORT=tcp://…`, `GATEWAY_PORT_8080_TCP_ADDR`): nobody's typing error.
fn is_service_link(name: &str, text: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.contains("_PORT_") && (name.contains("_TCP") || name.contains("_UDP"))
        || name.ends_with("_PORT") && text.contains("://")
}
