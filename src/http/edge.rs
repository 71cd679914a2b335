//! What every request passes on its way in and every answer on its way out.
//!
//! Threat: whoever reads logs or watches the wire must not learn who reported or when. So nothing about a client is ever
//! logged; requests of the crew leave no line at all, and their answers have sizes in steps of 4 KiB.

use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    Error, HttpMessage as _, HttpResponse, ResponseError,
    body::{self, BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::{self, Bytes},
};
use futures_util::FutureExt as _;
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use super::{body::Unread, catalogue::Slug, metrics::Metrics, problem::Problem};
use crate::clock::Clock;

/// Step that the sizes of the crew's answers are rounded up to. Bytes.
///
/// Source: security.md, "What is stored about a reporter".
pub const STEP_BYTES: usize = 4096;

// API answers and problems render nothing; pages load from this host alone and are framed by nobody.
const CSP_DATA: &str = "default-src 'none'; frame-ancestors 'none'";
const CSP_PAGES: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
     font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
// The API browser sets styles from its script.
const CSP_DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
     font-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

/// What the edge needs: a clock for durations, chance for the ids of requests, and where they are counted.
pub struct Edge {
    clock: Arc<dyn Clock>,
    boot: [u8; 16],
    requests: AtomicU64,
    metrics: Option<Arc<Metrics>>,
}

impl Edge {
    /// An edge with this clock; `boot` is 16 random bytes drawn once per process.
    pub fn new(clock: Arc<dyn Clock>, boot: [u8; 16], metrics: Option<Arc<Metrics>>) -> Self {
        Self { clock, boot, requests: AtomicU64::new(0), metrics }
    }

    /// An id that ties log lines to each other and tells nothing else: no order, no count.
    fn request_id(&self) -> String {
        let n = self.requests.fetch_add(1, Ordering::Relaxed);
        let hash = Sha256::new().chain_update(self.boot).chain_update(n.to_be_bytes()).finalize();
        hex::encode(&hash[..8])
    }
}

/// Whether a request is the crew's: never logged, padded, never kept by a cache. `path` is the route or the address.
///
/// Source: api.md, "Crew".
fn is_crew(method: &Method, path: &str) -> bool {
    let below = |base: &str| path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    below("/v1/crew") || below("/v1/inbox") || below("/v1/board") || (path == "/v1/reports" && method != Method::GET)
}

/// Whether a request is a member's: the only ones that leave a line in the log and a time in the metrics. Pages and
/// explanations of problems are fetched by the phones of the crew too.
fn is_members(route: &str) -> bool {
    route.starts_with("/v1/") || route.starts_with("/a/")
}

/// The middleware: logs a member's request, catches panics, completes headers, pads the crew's answers.
///
/// # Errors
/// A panic of a handler becomes `internal`, without its payload.
pub async fn guard<B>(mut request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<BoxBody>, Error>
where
    B: MessageBody + 'static,
{
    if !matches!(request.parts().1, Payload::None) {
        let payload = request.take_payload();
        request.extensions_mut().insert(Unread(payload));
    }
    let method = request.method().clone();
    let address = request.match_info().as_str().to_owned();
    let edge = request.app_data::<web::Data<Edge>>().cloned();
    // A mistyped crew request must leave no line either, so what matches no route is treated as the crew's.
    if is_crew(&method, &address) || request.match_pattern().is_none() {
        if let Some(metrics) = edge.as_ref().and_then(|edge| edge.metrics.as_ref()) {
            metrics.of_crew();
        }
        let response = caught(request, next).await.map_err(|Panicked| Lost { crew: true })??;
        return finished(response, &address, true).await;
    }
    let route = request.match_pattern().unwrap_or_else(|| "none".to_owned());
    let id = edge.as_ref().map(|edge| edge.request_id()).unwrap_or_default();
    let span = tracing::info_span!("request", %method, route, id);
    let begun = edge.as_ref().map(|edge| edge.clock.monotonic());
    let answered = caught(request, next).instrument(span.clone()).await;
    if let Some((edge, begun)) = edge.zip(begun).filter(|_| is_members(&route)) {
        let took = edge.clock.monotonic().saturating_sub(begun);
        let status = answered.as_ref().map_or(StatusCode::INTERNAL_SERVER_ERROR, status);
        span.in_scope(|| log(status, took));
        if let Some(metrics) = &edge.metrics {
            metrics.of_member(&method, &route, status.as_u16(), took);
        }
    }
    let mut response = answered.map_err(|Panicked| Lost { crew: false })??;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    finished(response, &address, false).await
}

fn status<B>(answered: &Result<ServiceResponse<B>, Error>) -> StatusCode {
    answered.as_ref().map_or_else(|error| error.as_response_error().status_code(), ServiceResponse::status)
}

fn log(status: StatusCode, took: Duration) {
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(status = status.as_u16(), duration_ms, "answered");
}

/// A handler panicked; the hook has logged where.
struct Panicked;

async fn caught<B>(request: ServiceRequest, next: Next<B>) -> Result<Result<ServiceResponse<B>, Error>, Panicked>
where
    B: MessageBody + 'static,
{
    // Nothing outlives the request but what is behind locks, which recover by themselves.
    AssertUnwindSafe(async move { next.call(request).await }).catch_unwind().await.map_err(|_| Panicked)
}

/// The answer after a panic, made without the request, which went down with the handler.
#[derive(Debug, thiserror::Error)]
#[error("something went wrong on the host")]
struct Lost {
    crew: bool,
}

impl ResponseError for Lost {
    fn status_code(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }

    fn error_response(&self) -> HttpResponse {
        let problem = Problem::new(Slug::Internal, "something went wrong on the host; it has been logged there");
        let mut response = problem.error_response();
        complete(response.headers_mut(), "", self.crew);
        if !self.crew {
            return response;
        }
        response.map_body(|_, body| body.try_into_bytes().map_or_else(|body| body, |bytes| BoxBody::new(padded(bytes))))
    }
}

async fn finished<B>(
    mut response: ServiceResponse<B>,
    path: &str,
    crew: bool,
) -> Result<ServiceResponse<BoxBody>, Error>
where
    B: MessageBody + 'static,
{
    complete(response.headers_mut(), path, crew);
    let unread = response.request().extensions_mut().remove::<Unread>();
    let (request, response) = response.into_parts();
    let (head, answer) = response.into_parts();
    let answer = if crew && is_json(head.headers()) {
        BoxBody::new(padded(body::to_bytes(answer).await.map_err(|_| Lost { crew })?))
    } else {
        BoxBody::new(answer)
    };
    let answer = match unread {
        Some(unread) => Held { answer, _unread: unread }.boxed(),
        None => answer,
    };
    Ok(ServiceResponse::new(request, head.set_body(answer)))
}

/// An answer that keeps the unread rest of its request until it is out, so that the connection is closed after it.
struct Held {
    answer: BoxBody,
    _unread: Unread,
}

impl MessageBody for Held {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.get_mut().answer.as_pin_mut().poll_next(cx)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/json") || kind.starts_with("application/problem+json")
}

/// A JSON document with spaces behind it, up to the next step. JSON allows them (RFC 8259, section 2).
fn padded(bytes: Bytes) -> Bytes {
    let mut whole = Vec::from(bytes);
    whole.resize(whole.len().max(1).next_multiple_of(STEP_BYTES), b' ');
    Bytes::from(whole)
}

fn complete(headers: &mut HeaderMap, path: &str, crew: bool) {
    let page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let policy = match (path.starts_with("/docs"), page) {
        (true, _) => CSP_DOCS,
        (false, true) => CSP_PAGES,
        (false, false) => CSP_DATA,
    };
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "no-referrer");
    set(headers, header::CROSS_ORIGIN_OPENER_POLICY, "same-origin");
    set(headers, header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin");
    // A page may bring one of its own, as the one that checks proofs does: it stands in the file too.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        set(headers, header::CONTENT_SECURITY_POLICY, policy);
    }
    if crew {
        headers.remove(header::ETAG);
        set(headers, header::CACHE_CONTROL, "no-store");
    } else if path.starts_with("/v1/") && !headers.contains_key(header::CACHE_CONTROL) {
        let tagged = headers.contains_key(header::ETAG);
        set(headers, header::CACHE_CONTROL, if tagged { "private, no-cache" } else { "no-store" });
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_routes_of_the_crew_are_known_as_such() {
        for (method, path) in [
            (Method::GET, "/v1/crew/manifest"),
            (Method::POST, "/v1/reports"),
            (Method::PUT, "/v1/reports"),
            (Method::GET, "/v1/inbox"),
            (Method::POST, "/v1/inbox/messages"),
            (Method::GET, "/v1/board"),
        ] {
            assert!(is_crew(&method, path), "{method} {path}");
        }
        for path in ["/v1/reports", "/v1/reports/7", "/v1/inboxes", "/v1/me"] {
            assert!(!is_crew(&Method::GET, path), "{path}");
        }
    }

    #[test]
    fn sizes_come_in_steps() {
        for (length, size) in
            [(0, STEP_BYTES), (1, STEP_BYTES), (STEP_BYTES, STEP_BYTES), (STEP_BYTES + 1, 2 * STEP_BYTES)]
        {
            assert_eq!(padded(Bytes::from(vec![b'x'; length])).len(), size);
        }
    }
}
