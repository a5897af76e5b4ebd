//! Browsers of other origins (CORS, in the Fetch standard): only those of the settings get in.

use http::header::{self, HeaderMap, HeaderValue};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const ASKED: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, accept, idempotency-key, if-match, if-none-match, last-event-id, request-timeout, \
     traceparent, grpc-timeout, x-grpc-web, x-user-agent",
);
const SHOWN: HeaderValue = HeaderValue::from_static(
    "etag, retry-after, ratelimit-limit, ratelimit-policy, ratelimit-remaining, ratelimit-reset, trace-id, \
     grpc-status, grpc-message, grpc-status-details-bin",
);
/// For how long a browser need not ask again, in seconds.
const REMEMBER: HeaderValue = HeaderValue::from_static("7200");

/// The origins whose pages may call us.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins(Vec<HeaderValue>);

impl Origins {
    /// Origins as a browser writes them: `https://console.example.gov`.
    ///
    /// # Errors
    /// One is none; a `*` is none either, since what it would open is not public.
    pub(super) fn read(texts: &[String]) -> anyhow::Result<Self> {
        let read = |text: &String| {
            let uri = text.parse::<http::Uri>().ok();
            let plain = uri.is_some_and(|uri| uri.scheme().is_some() && uri.host().is_some() && uri.path() == "/");
            anyhow::ensure!(plain && !text.ends_with('/'), "{text} is not an origin such as https://host");
            Ok(HeaderValue::try_from(text)?)
        };
        texts.iter().map(read).collect::<anyhow::Result<_>>().map(Self)
    }

    /// The origin of a request, if its pages may call us.
    pub(super) fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        self.0.contains(origin).then(|| origin.clone())
    }

    /// Whether any page may.
    pub(super) fn are_none(&self) -> bool {
        self.0.is_empty()
    }
}

/// Lets a page of that origin read an answer.
pub(super) fn open(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN);
}

/// What a browser asks before it lets a page call us.
pub(super) fn preflight(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ASKED);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBER);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host_and_nothing_else() {
        let read = |text: &str| Origins::read(&[text.to_owned()]);
        assert!(read("https://console.example.gov").is_ok());
        assert!(read("http://localhost:5173").is_ok());
        for bad in ["*", "null", "console.example.gov", "https://a/", "https://a/b", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_origins_of_the_settings_get_in() {
        let origins = Origins::read(&["https://console.example.gov".to_owned()]).unwrap();
        let of = |text: &'static str| HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(text))]);
        assert!(origins.allowed(&of("https://console.example.gov")).is_some());
        assert!(origins.allowed(&of("https://console.example.gov.example.com")).is_none());
        assert!(origins.allowed(&of("null")).is_none());
        assert!(origins.allowed(&HeaderMap::new()).is_none());
    }
}
