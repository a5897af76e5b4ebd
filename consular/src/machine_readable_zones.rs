//! Machine-readable zones as a question: what lines say, or which lines say something; every failure by its name and place.

use mrz::{Cause, Date, Failure, Format, Sex, Window};
use proto::consular::v1::machine_readable_zone_service_server::MachineReadableZoneService;
use proto::consular::v1::zone_failure::Cause as Code;
use proto::consular::v1::{
    GenerateZoneRequest, GenerateZoneResponse, ParseZoneRequest, ParseZoneResponse, Zone, ZoneFailure, zone,
};
use registry::{Answer, Store};
use tonic::{Request, Response};

/// The reader and writer of zones; it keeps nothing.
#[derive(Clone, Debug)]
pub struct MachineReadableZones {
    store: Store,
}

impl MachineReadableZones {
    /// One that tells centuries apart by this register's clock.
    pub fn new(store: &Store) -> Self {
        Self { store: store.clone() }
    }
}

#[tonic::async_trait]
impl MachineReadableZoneService for MachineReadableZones {
    async fn parse_zone(&self, request: Request<ParseZoneRequest>) -> Answer<ParseZoneResponse> {
        let ask = request.into_inner();
        registry::check(&ask)?;
        let today = self.store.days().date(self.store.now());
        let ahead = u8::try_from(ask.years_ahead).ok().filter(|years| *years > 0).unwrap_or(Window::AHEAD);
        Ok(Response::new(read(&ask.lines, &Window { today, ahead })))
    }

    async fn generate_zone(&self, request: Request<GenerateZoneRequest>) -> Answer<GenerateZoneResponse> {
        let ask = request.into_inner();
        registry::check(&ask)?;
        let answer = match written(&ask.zone.unwrap_or_default(), &ask.language) {
            Ok(lines) => GenerateZoneResponse { lines, failures: Vec::new() },
            Err(failures) => GenerateZoneResponse { lines: Vec::new(), failures },
        };
        Ok(Response::new(answer))
    }
}

fn read(lines: &str, window: &Window) -> ParseZoneResponse {
    let (zone, failures) = match mrz::parse(lines, window) {
        Ok(zone) => (Some(zone), Vec::new()),
        Err(refusal) => (refusal.reading.map(|zone| *zone), refusal.failures),
    };
    let truncated = |zone: &mrz::Zone| mrz::may_be_truncated(zone.format, &zone.primary, &zone.secondary);
    ParseZoneResponse {
        valid: failures.is_empty(),
        may_be_truncated: zone.as_ref().is_some_and(truncated),
        specimen: zone.as_ref().is_some_and(|zone| mrz::is_specimen(&zone.issuer)),
        zone: zone.map(shown),
        failures: failures.iter().map(told).collect(),
    }
}

/// The lines, or what does not fit.
fn written(asked: &Zone, language: &str) -> Result<Vec<String>, Vec<ZoneFailure>> {
    let mut strange = Vec::new();
    let mut letters = |name: &str| {
        mrz::transliterate(name, language).unwrap_or_else(|error| {
            let (cause, words) = (Code::Letter.into(), error.to_string());
            strange.push(ZoneFailure { field: "name".to_owned(), place: String::new(), cause, words });
            String::new()
        })
    };
    let (primary, secondary) = (letters(&asked.family_name), letters(&asked.given_names));
    let zone = mrz::Zone {
        format: match asked.format() {
            zone::Format::Td1 => Format::Td1,
            zone::Format::Td2 => Format::Td2,
            zone::Format::MrvA => Format::MrvA,
            zone::Format::MrvB => Format::MrvB,
            zone::Format::Td3 | zone::Format::Unspecified => Format::Td3,
        },
        document_code: asked.document_code.clone(),
        issuer: asked.issuer.clone(),
        primary,
        secondary,
        number: asked.number.clone(),
        nationality: asked.nationality.clone(),
        birth: date(&asked.birth_date),
        sex: crate::travel::zone::sex(asked.sex),
        expiry: date(&asked.expire_date),
        optional: asked.optional.clone(),
        more_optional: asked.more_optional.clone(),
    };
    if !strange.is_empty() {
        return Err(strange);
    }
    let lines = mrz::generate(&zone).map_err(|failures| failures.iter().map(told).collect::<Vec<_>>())?;
    Ok(lines.lines().map(str::to_owned).collect())
}

/// `1974-08-XX`, its form checked by the contract; nothing is known of an empty one.
fn date(text: &str) -> Date {
    let mut parts = text.splitn(3, '-');
    let year = parts.next().and_then(|part| part.parse().ok());
    let mut two = || parts.next().and_then(|part| part.parse().ok());
    Date { year, month: two(), day: two() }
}

fn shown(zone: mrz::Zone) -> Zone {
    let format = match zone.format {
        Format::Td1 => zone::Format::Td1,
        Format::Td2 => zone::Format::Td2,
        Format::Td3 => zone::Format::Td3,
        Format::MrvA => zone::Format::MrvA,
        Format::MrvB => zone::Format::MrvB,
    };
    let sex = match zone.sex {
        Sex::Female => zone::Sex::Female,
        Sex::Male => zone::Sex::Male,
        Sex::Unspecified => zone::Sex::Unspecified,
    };
    Zone {
        format: format.into(),
        document_code: zone.document_code,
        issuer: zone.issuer,
        family_name: zone.primary,
        given_names: zone.secondary,
        number: zone.number,
        nationality: zone.nationality,
        birth_date: zone.birth.to_string(),
        sex: sex.into(),
        expire_date: zone.expiry.to_string(),
        optional: zone.optional,
        more_optional: zone.more_optional,
    }
}

fn told(failure: &Failure) -> ZoneFailure {
    let cause = match &failure.cause {
        Cause::Shape { .. } => Code::Shape,
        Cause::Character { .. } => Code::Character,
        Cause::CheckDigit { .. } => Code::CheckDigit,
        Cause::DocumentCode { .. } => Code::DocumentCode,
        Cause::State { .. } => Code::State,
        Cause::Date { .. } => Code::Date,
        Cause::Empty => Code::Empty,
        Cause::NoPrimaryIdentifier => Code::NoPrimaryIdentifier,
        Cause::Fillers => Code::Fillers,
        Cause::TooLong { .. } => Code::TooLong,
        Cause::NoSuchField => Code::NoSuchField,
        _ => Code::Other,
    };
    ZoneFailure {
        field: failure.field.to_string(),
        place: failure.place.map(|place| place.to_string()).unwrap_or_default(),
        cause: cause.into(),
        words: failure.cause.to_string(),
    }
}
