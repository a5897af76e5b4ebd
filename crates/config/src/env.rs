//! The environment as it is read: the process's own, or a list in a test.

use std::collections::BTreeMap;

/// Variables and their texts. An empty text counts as a variable that is not set.
#[derive(Clone, Default)]
pub struct Env {
    variables: BTreeMap<String, String>,
    /// Variables whose text is not UTF-8: an error if they are ours, and otherwise nobody's business.
    broken: Vec<String>,
}

impl Env {
    /// The environment of this process.
    pub fn system() -> Self {
        let mut env = Self::default();
        for (name, text) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match text.into_string() {
                Ok(text) => drop(env.variables.insert(name, text)),
                Err(_) => env.broken.push(name),
            }
        }
        env.variables.retain(|_, text| !text.is_empty());
        env
    }

    /// The text of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Sets a variable: how one process gives the settings of another, and how tests vary theirs.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.extend([(name, text)]);
        self
    }

    pub(crate) fn is_broken(&self, name: &str) -> bool {
        self.broken.iter().any(|broken| broken == name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

impl<N: Into<String>, T: Into<String>> Extend<(N, T)> for Env {
    fn extend<I: IntoIterator<Item = (N, T)>>(&mut self, variables: I) {
        self.variables.extend(variables.into_iter().map(|(name, text)| (name.into(), text.into())));
        self.variables.retain(|_, text| !text.is_empty());
    }
}

impl<N: Into<String>, T: Into<String>> FromIterator<(N, T)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(variables: I) -> Self {
        let mut env = Self::default();
        env.extend(variables);
        env
    }
}

/// Names alone: the texts may be secrets.
impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}
