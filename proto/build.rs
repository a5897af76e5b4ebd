//! Compiles the contract: messages and services per package, the descriptor set with its options and comments, and
//! what each error reason means.

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, EnumDescriptor, ReflectMessage as _};
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let vendor = root.join("vendor");
    println!("cargo:rerun-if-changed={}", root.join("legation").display());
    println!("cargo:rerun-if-changed={}", vendor.display());

    let mut files = Vec::new();
    collect(&root.join("legation"), &mut files)?;
    files.extend(["google/rpc/status.proto", "google/rpc/error_details.proto"].map(|file| vendor.join(file)));
    let mut compiler = protox::Compiler::new([&root, &vendor])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    // The compiler's own encoder: a round trip through prost-types drops the options.
    let bytes = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptors.bin"), &bytes)?;

    let pool = DescriptorPool::decode(bytes.as_slice())?;
    tonic_prost_build::configure()
        .build_transport(true)
        .emit_rerun_if_changed(false)
        .compile_well_known_types(false)
        .compile_fds(prost_types::FileDescriptorSet::decode(bytes.as_slice())?)?;
    fs::write(out.join("reasons.rs"), reasons(&pool)?)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(|entry| entry.path());
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

/// `impl fault::Reason` for every enum named `Reason`, from the options of its values.
fn reasons(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let option = pool.get_extension_by_name("legation.policy.v1.reason").ok_or("the reason option is missing")?;
    let mut code = String::new();
    for found in pool.all_enums().filter(|found| found.name() == "Reason") {
        let package = found.package_name().to_owned();
        let service = package.split('.').nth(1).ok_or("a package without a service")?.to_owned();
        if service != "policy" {
            writeln!(code, "#[cfg(feature = \"{service}\")]")?;
        }
        let path = package.strip_prefix("legation.").ok_or("a package outside legation")?.replace('.', "::");
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
