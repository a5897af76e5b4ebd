//! What each error reason means, as code, from the options of the contract's `Reason` enums.

use crate::{feature, module};
use prost_reflect::{DescriptorPool, DynamicMessage, EnumDescriptor, ReflectMessage as _};
use std::error::Error;
use std::fmt::Write as _;

/// `impl fault::Reason` for every enum named `Reason`, from the options of its values.
pub(crate) fn code(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let option = pool.get_extension_by_name("legation.policy.v1.reason").ok_or("the reason option is missing")?;
    let mut code = String::new();
    for found in pool.all_enums().filter(|found| found.name() == "Reason") {
        let package = found.package_name().to_owned();
        if let Some(feature) = feature(&package) {
            writeln!(code, "#[cfg(feature = \"{feature}\")]")?;
        }
        let path = module(&package).ok_or("a package outside legation")?;
        let (mut codes, mut https) = (String::new(), String::new());
        for value in found.values() {
            let variant = variant(&found, value.name());
            let options = value.options();
            let rule = options.get_extension(&option);
            let rule = rule.as_message().filter(|rule| rule.has_field_by_name("code"));
            let name = rule.map_or("INTERNAL".to_owned(), code_name);
            writeln!(codes, "            Self::{variant} => ::fault::Code::{},", camel(&name))?;
            if let Some(http) = rule.and_then(|rule| rule.get_field_by_name("http")?.as_u32()).filter(|http| *http > 0)
            {
                writeln!(https, "            Self::{variant} => {http},")?;
            }
        }
        let mut http = String::new();
        if !https.is_empty() {
            write!(
                http,
                "    fn http(self) -> u16 {{\n        match self {{\n{https}            \
                 _ => ::fault::Reason::code(self).http(),\n        }}\n    }}\n"
            )?;
        }
        write!(
            code,
            "impl ::fault::Reason for crate::{path}::Reason {{\n    fn name(self) -> &'static str {{ self.as_str_name() }}\n    \
             fn domain(self) -> &'static str {{ \"{package}\" }}\n    \
             fn code(self) -> ::fault::Code {{\n        match self {{\n{codes}        }}\n    }}\n{http}}}\n"
        )?;
    }
    Ok(code)
}

fn code_name(rule: &DynamicMessage) -> String {
    let field = rule.descriptor().get_field_by_name("code").expect("the option has a code");
    let kind = field.kind();
    let codes = kind.as_enum().expect("the code is an enum");
    let number = rule.get_field(&field).as_enum_number().unwrap_or(13);
    codes.get_value(number).map_or("INTERNAL".to_owned(), |value| value.name().to_owned())
}

/// The name prost gives the variant: the enum's own name is cut from the front of the value's.
fn variant(found: &EnumDescriptor, value: &str) -> String {
    let prefix = format!("{}_", found.name().to_uppercase());
    camel(value.strip_prefix(&prefix).unwrap_or(value))
}

fn camel(name: &str) -> String {
    let word = |word: &str| word[..1].to_owned() + &word[1..].to_lowercase();
    name.split('_').map(word).collect()
}
