//! Templates: typst files of the service that prints, compiled into it.

/// A template, by its files. The kit's own `house.typ` is beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it is called in errors and logs: `identity-card`.
    pub name: &'static str,
    /// The file that typst begins with.
    pub main: &'static str,
    /// Files that it imports, by the paths they are imported by: `("forms.typ", include_str!(…))`.
    pub parts: &'static [(&'static str, &'static str)],
}

impl Template {
    /// Template code that would read data as code, or the world outside; templates do neither, and a test of every
    /// service that has templates holds it.
    ///
    /// # Errors
    /// The first such word.
    pub fn check(&self) -> Result<(), String> {
        let texts = self.parts.iter().map(|(_, text)| *text).chain([self.main]);
        for text in texts {
            for word in ["eval(", "plugin(", "@preview"] {
                if text.contains(word) {
                    return Err(format!("the template {} uses {word}", self.name));
                }
            }
        }
        Ok(())
    }
}
