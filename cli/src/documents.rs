//! Documents that people write: YAML or JSON, one or many in a file.

use crate::failure::Failure;
use serde_json::Value;
use std::io::Read as _;

/// The most that is read of one file.
const MOST_BYTES: u64 = 64 << 20;

/// The text of a file; of the standard input for `-`.
///
/// # Errors
/// It cannot be read, is larger than 64 MiB, or is not UTF-8.
pub(crate) fn text(path: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match path {
        "-" => std::io::stdin().lock().take(MOST_BYTES + 1).read_to_string(&mut text),
        path => std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text)),
    };
    match read {
        Ok(bytes) if bytes as u64 <= MOST_BYTES => Ok(text),
        Ok(_) => Err(Failure::document(format!("{path} is larger than 64 MiB; `import` takes files of any size"))),
        Err(error) => Err(Failure::document(format!("{path} cannot be read: {error}"))),
    }
}

/// The documents of a file: YAML documents between `---`, a JSON value, or one JSON object a line.
///
/// # Errors
/// They are not well-formed; the message says where.
pub(crate) fn read(path: &str) -> Result<Vec<Value>, Failure> {
    parse(&text(path)?).map_err(|failure| match failure {
        Failure::Document(words) => Failure::Document(format!("{path}: {words}")),
        other => other,
    })
}

/// The documents of a text. A list of objects counts as that many documents.
///
/// # Errors
/// They are not well-formed.
pub(crate) fn parse(text: &str) -> Result<Vec<Value>, Failure> {
    let json = serde_json::Deserializer::from_str(text).into_iter::<Value>().collect::<Result<Vec<_>, _>>();
    let documents = match json {
        Ok(documents) => documents,
        Err(error) if text.trim_start().starts_with('{') && text.lines().count() > 1 && !error.is_eof() => {
            // A flow mapping may be YAML too; if it is neither, the JSON parser's words fit what was written better.
            yaml(text).map_err(|_| Failure::document(error.to_string()))?
        }
        Err(_) => yaml(text)?,
    };
    let flat = documents.into_iter().flat_map(|document| match document {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        other => vec![other],
    });
    Ok(flat.collect())
}

/// One value, as a flag has it: `{locality: Paris}`.
///
/// # Errors
/// It is not well-formed.
pub(crate) fn one(text: &str) -> Result<Value, Failure> {
    match yaml(text)?.as_mut_slice() {
        [value] => Ok(value.take()),
        _ => Err(Failure::document("is not one value")),
    }
}

/// YAML 1.2: `NO` is Norway and not a refusal, and `0755` is what was written.
fn yaml(text: &str) -> Result<Vec<Value>, Failure> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| Failure::document(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_and_json_say_the_same() {
        let wanted = json!({"mission": {"sendingState": "NO", "seat": "Oslo", "sizeLimit": 40, "inCustody": false}});
        let yaml = "mission:\n  sendingState: NO\n  seat: Oslo\n  sizeLimit: 40\n  inCustody: false\n";
        assert_eq!(parse(yaml).unwrap(), [wanted.clone()]);
        assert_eq!(parse(&wanted.to_string()).unwrap(), [wanted]);
    }

    #[test]
    fn a_file_may_hold_many() {
        let wanted = [json!({"name": "missions/a"}), json!({"name": "missions/b"})];
        for text in [
            "name: missions/a\n---\nname: missions/b\n",
            "{\"name\": \"missions/a\"}\n{\"name\": \"missions/b\"}\n",
            "- name: missions/a\n- name: missions/b\n",
            "[{\"name\": \"missions/a\"}, {\"name\": \"missions/b\"}]",
        ] {
            assert_eq!(parse(text).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn numbers_that_are_none_stay_text_and_broken_text_is_told() {
        assert_eq!(
            one("{passport: 0012, date: 1984-02-29}").unwrap(),
            json!({"passport": "0012", "date": "1984-02-29"})
        );
        assert!(parse("a: [1").is_err());
        assert!(parse("a: 1\na: 2\n").is_err(), "a key twice");
    }
}
