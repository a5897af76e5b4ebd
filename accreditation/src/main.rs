//! Accreditation's binary.

use accreditation::Accreditation;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    serve::run::<Accreditation>()
}
