//! Compiles the contract: messages and services per package, the descriptor set with its options and comments, what
//! each error reason means, and the shapes by which generic code reads messages.

mod reasons;
mod shapes;

use prost::Message as _;
use prost_reflect::DescriptorPool;
use std::error::Error;
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
    let compiled = |comments: bool| -> Result<Vec<u8>, Box<dyn Error>> {
        let mut compiler = protox::Compiler::new([&root, &vendor])?;
        compiler.include_imports(true).include_source_info(comments).open_files(&files)?;
        // The compiler's own encoder: a round trip through prost-types drops the options.
        Ok(compiler.encode_file_descriptor_set())
    };
    let bytes = compiled(true)?;
    fs::write(out.join("descriptors.bin"), &bytes)?;
    fs::write(out.join("descriptors_uncommented.bin"), compiled(false)?)?;

    let pool = DescriptorPool::decode(bytes.as_slice())?;
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        .build_transport(true)
        .emit_rerun_if_changed(false)
        .compile_well_known_types(false)
        .compile_fds_with_config(prost_types::FileDescriptorSet::decode(bytes.as_slice())?, config)?;
    fs::write(out.join("reasons.rs"), reasons::code(&pool)?)?;
    fs::write(out.join("shapes.rs"), shapes::code(&pool)?)?;
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

/// The path of a package's module in the crate: `accreditation::v1`. Nothing for packages that are not ours.
fn module(package: &str) -> Option<String> {
    Some(package.strip_prefix("legation.")?.replace('.', "::"))
}

/// The feature that a package's code is behind; none for those that every service needs.
fn feature(package: &str) -> Option<&str> {
    package.split('.').nth(1).filter(|service| !["policy", "registry"].contains(service))
}
