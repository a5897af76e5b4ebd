//! What the tests of passports and visas share: a list in force, blanks in stock, name checks, and who does what.

use crate::world::{Signed, World, officer};
use config::{Env, Home};
use consular::{TravelPaperSettings, TravelPapers};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::consular::v1::blank_book_service_client::BlankBookServiceClient;
use proto::consular::v1::emergency_travel_document_service_client::EmergencyTravelDocumentServiceClient;
use proto::consular::v1::machine_readable_zone_service_client::MachineReadableZoneServiceClient;
use proto::consular::v1::passport_application_service_client::PassportApplicationServiceClient;
use proto::consular::v1::subject::Kind;
use proto::consular::v1::travel_document_service_client::TravelDocumentServiceClient;
use proto::consular::v1::visa_application_service_client::VisaApplicationServiceClient;
use proto::consular::v1::visa_service_client::VisaServiceClient;
use proto::consular::v1::visa_statistic_service_client::VisaStatisticServiceClient;
use proto::consular::v1::watch_list::Format;
use proto::consular::v1::{self as pb, BlankBook, Screening, Subject, WatchList};

/// The post of every test.
pub(crate) const POST: &str = "posts/example";

/// Who takes applications in.
pub(crate) const CLERK: &str = "people/clerk";
/// Who decides on them.
pub(crate) const DECIDER: &str = "people/decider";

macro_rules! clients {
    ($($name:ident: $client:ident,)*) => {
        impl World {
            $(
                pub(crate) fn $name(&self, by: &str) -> $client<Signed> {
                    $client::new(self.signed(&officer(by)))
                }
            )*
        }
    };
}

clients! {
    blanks: BlankBookServiceClient,
    emergency: EmergencyTravelDocumentServiceClient,
    zones: MachineReadableZoneServiceClient,
    passport_applications: PassportApplicationServiceClient,
    travel_documents: TravelDocumentServiceClient,
    visa_applications: VisaApplicationServiceClient,
    visas: VisaServiceClient,
    visa_statistics: VisaStatisticServiceClient,
}

impl World {
    /// Puts a list in force with these entries: a name and remarks.
    pub(crate) async fn list_of(&self, entries: &[(&str, &str)]) {
        let folder = self.lists_folder.join("travel");
        std::fs::create_dir_all(&folder).unwrap();
        let line = |(number, (name, remarks)): (usize, &(&str, &str))| {
            format!("{number},\"{name}\",\"individual\",\"TEST\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"{remarks}\"\n")
        };
        let lines: String = entries.iter().enumerate().map(line).collect();
        for (file, content) in [("sdn.csv", lines.as_str()), ("alt.csv", ""), ("add.csv", "")] {
            std::fs::write(folder.join(file), content).unwrap();
        }
        let mut lists = self.watch_lists(&officer("people/keeper"));
        let list = WatchList {
            title: "Travel list".into(),
            format: Format::OfacDelimited.into(),
            folder: "travel".into(),
            ..WatchList::default()
        };
        let request = pb::CreateWatchListRequest {
            watch_list: Some(list),
            watch_list_id: "travel".into(),
            request_id: "travel".into(),
        };
        let name = lists.create_watch_list(request).await.unwrap().into_inner().name;
        lists.load_watch_list(pb::LoadWatchListRequest { name, ..Default::default() }).await.unwrap();
    }

    /// A name check of someone.
    pub(crate) async fn screened(&self, name: &str, born: &str, document: &str) -> Screening {
        let subject = Subject {
            kind: Kind::Person.into(),
            names: vec![name.into()],
            birth_date: born.into(),
            document_numbers: if document.is_empty() { Vec::new() } else { vec![document.into()] },
            ..Subject::default()
        };
        let screening = Screening { subject: Some(subject), occasion: "travel".into(), ..Screening::default() };
        let request = pb::CreateScreeningRequest { screening: Some(screening), ..Default::default() };
        self.screenings(&officer(CLERK)).create_screening(request).await.unwrap().into_inner()
    }

    /// Two officers agree that no hit is the one in question.
    pub(crate) async fn cleared(&self, screening: &str) {
        let propose = pb::ProposeClearanceRequest {
            name: screening.into(),
            grounds: "Another face than the file has.".into(),
            ..Default::default()
        };
        self.screenings(&officer(CLERK)).propose_clearance(propose).await.unwrap();
        let clear = pb::ClearScreeningRequest { name: screening.into(), ..Default::default() };
        self.screenings(&officer(DECIDER)).clear_screening(clear).await.unwrap();
    }

    /// Receives a blank.
    pub(crate) async fn blank(&self, kind: Blank, number: &str) -> String {
        let request = pb::CreateBlankBookRequest { blank_book: Some(blank(kind, number)), ..Default::default() };
        self.blanks("people/keeper").create_blank_book(request).await.unwrap().into_inner().name
    }

    /// A blank as it is now.
    pub(crate) async fn blank_now(&self, name: &str) -> BlankBook {
        let request = pb::GetBlankBookRequest { name: name.into(), as_of: None };
        self.blanks("people/keeper").get_blank_book(request).await.unwrap().into_inner()
    }
}

/// A private key on P-256, of tests alone: base64 of PKCS #8.
pub(crate) const SEAL_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyu1fuCb/tRU3QGgqivp3KIn1vzrb+O0pJBOhRhr9Z1ehRANCAARy+dwKdBFbaFBmSLGdq3zL1tlJp15zYiW6ekjdoXSeDX/xfDKp4Sow3j2Gf1vRhtJItNRuS/9VZsyKtTDbyhPv";

/// Its certificate, signed by itself: base64 of X.509 in DER.
pub(crate) const SEAL_X509: &str = "MIIBoDCCAUagAwIBAgIBATAKBggqhkjOPQQDAjAuMQswCQYDVQQGEwJVUzEQMA4GA1UECgwHRXhhbXBsZTENMAsGA1UEAwwEVVNGUzAgFw0yNjExMjIxNTA4NDdaGA8yMTI2MTAyOTE1MDg0N1owLjELMAkGA1UEBhMCVVMxEDAOBgNVBAoMB0V4YW1wbGUxDTALBgNVBAMMBFVTRlMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARy+dwKdBFbaFBmSLGdq3zL1tlJp15zYiW6ekjdoXSeDX/xfDKp4Sow3j2Gf1vRhtJItNRuS/9VZsyKtTDbyhPvo1MwUTAdBgNVHQ4EFgQUAW7UnkNwPJM0BHwhGC8dUk44A0swHwYDVR0jBBgwFoAUAW7UnkNwPJM0BHwhGC8dUk44A0swDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAz5mDttt06gok9m9Z1i1+ymV71rntoFr2BeEqAcHKxB0CIFG4/LD3vLxXYwvPlnEpdndK95W9acblYvCCG/cbuTAX";

/// Papers that are sealed.
pub(crate) fn papers() -> TravelPapers {
    papers_with(&[("P_SEAL_KEY", SEAL_KEY), ("P_SEAL_X509", SEAL_X509)]).unwrap()
}

/// Papers by these settings besides.
pub(crate) fn papers_with(more: &[(&'static str, &str)]) -> anyhow::Result<TravelPapers> {
    let env = more
        .iter()
        .fold(Env::default(), |env, (name, value)| env.with(*name, *value))
        .with("P_APOSTILLE_REGISTER", "https://register.example/apostilles")
        .with("P_CIVIL_REGISTER", "https://register.example/civil");
    let settings: TravelPaperSettings = config::read(&env, "P").unwrap();
    TravelPapers::new(&settings, &Home::default())
}

/// A blank of this number.
pub(crate) fn blank(kind: Blank, number: &str) -> BlankBook {
    BlankBook {
        number: number.into(),
        kind: kind.into(),
        post: POST.into(),
        consignment: "2026/1".into(),
        ..BlankBook::default()
    }
}
