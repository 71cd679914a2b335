//! Every row of security.md, "Bad input", that needs no database: bytes on a socket against the real server.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_web::{HttpResponse, dev::ServerHandle, get, post, web};
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    body::{Body, EmptyBody, Limits},
    credentials::{BearerToken, CrewCode, ReceiptBytes},
    edge::STEP_BYTES,
    health::Checks,
    query::Query,
    server::{Parts, start},
};
use crate::{clock::SystemClock, domain::ids::ReportId};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filing {
    narrative: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    limit: Option<u8>,
}

#[utoipa::path(responses((status = 201, description = "Filed")))]
#[post("/v1/reports")]
async fn file(_code: CrewCode, body: Body<Filing>) -> HttpResponse {
    HttpResponse::Created().json(body.0.narrative.len())
}

#[utoipa::path(responses((status = 200, description = "Reports")))]
#[get("/v1/reports")]
async fn list(_token: BearerToken, query: Query<List>) -> HttpResponse {
    HttpResponse::Ok().insert_header(("etag", "\"x\"")).json(query.0.limit)
}

#[utoipa::path(responses((status = 200, description = "One report")))]
#[get("/v1/reports/{id}")]
async fn one(id: web::Path<ReportId>) -> HttpResponse {
    HttpResponse::Ok().json(*id)
}

#[utoipa::path(responses((status = 200, description = "Acknowledged")))]
#[post("/v1/reports/{id}/acknowledgement")]
async fn acknowledge(_id: web::Path<ReportId>, _body: EmptyBody) -> HttpResponse {
    HttpResponse::Ok().json("done")
}

#[utoipa::path(responses((status = 200, description = "Inbox")))]
#[get("/v1/inbox")]
async fn inbox(_receipt: ReceiptBytes) -> HttpResponse {
    HttpResponse::Ok().insert_header(("etag", "\"x\"")).json("x".repeat(STEP_BYTES))
}

#[utoipa::path(responses((status = 200, description = "Never")))]
#[get("/v1/inbox/broken")]
async fn broken() -> HttpResponse {
    panic!("hunter2")
}

#[utoipa::path(responses((status = 200, description = "Never")))]
#[get("/v1/me")]
async fn me() -> HttpResponse {
    panic!("hunter2")
}

fn routes(config: &mut ServiceConfig<'_>) {
    config.service(file).service(list).service(one).service(acknowledge).service(inbox).service(broken).service(me);
}

struct Served {
    address: SocketAddr,
    handle: ServerHandle,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v))
    }

    #[track_caller]
    fn is_problem(&self, status: u16, code: &str) -> Value {
        let document: Value = serde_json::from_str(&self.body).unwrap_or_default();
        assert_eq!(
            (self.status, document["type"].as_str()),
            (status, Some(format!("/problems/{code}").as_str())),
            "{}\n{}",
            self.head,
            self.body
        );
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert!(!self.body.contains("hunter2"), "{}", self.body);
        document
    }
}

impl Served {
    fn with(limits: Limits, checks: Checks) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let parts = Parts { checks, clock: Arc::new(SystemClock::new()), boot: [7; 16], limits, metrics: None };
        let server = start(listener, parts, routes).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { address, handle }
    }

    fn new() -> Self {
        Self::with(Limits::default(), Checks::default())
    }

    /// Sends bytes, and reads until the server closes the connection.
    async fn raw(&self, bytes: &[u8]) -> Answer {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let read = socket.read_to_end(&mut answer);
        tokio::time::timeout(Duration::from_secs(20), read).await.expect("the server closes the connection").ok();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    async fn send(&self, line: &str, headers: &str, body: &str) -> Answer {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.raw(format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}{length}\r\n{body}").as_bytes())
            .await
    }

    async fn files(&self, body: &str) -> Answer {
        self.send("POST /v1/reports", "Crew-Code: ABCD2345\r\nContent-Type: application/json\r\n", body).await
    }
}

#[actix_web::test]
async fn a_body_over_the_limit_is_refused_before_a_byte_of_it_is_sent() {
    let served = Served::new();
    let announced = "POST /v1/reports HTTP/1.1\r\nHost: x\r\nCrew-Code: ABCD2345\r\nContent-Type: application/json\r\nContent-Length: 98305\r\n\r\n";
    served.raw(announced.as_bytes()).await.is_problem(413, "too-large");
}

#[actix_web::test]
async fn a_body_of_unknown_length_is_cut_off_at_the_limit() {
    let served = Served::with(Limits { body_bytes: 1000, ..Limits::default() }, Checks::default());
    let chunk = format!("100\r\n{}\r\n", "x".repeat(256)).repeat(5);
    let head = "POST /v1/reports HTTP/1.1\r\nHost: x\r\nCrew-Code: ABCD2345\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    served.raw(format!("{head}{chunk}").as_bytes()).await.is_problem(413, "too-large");
}

#[actix_web::test]
async fn slow_headers_and_slow_bodies_end_with_408_and_a_closed_connection() {
    // The server's own clock for headers moves in steps of half a second.
    let (body_time, header_time) = (Duration::from_millis(200), Duration::from_millis(1500));
    let served = Served::with(Limits { body_time, header_time, ..Limits::default() }, Checks::default());
    assert_eq!(served.raw(b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nCrew-").await.status, 408);
    let head = "POST /v1/reports HTTP/1.1\r\nHost: x\r\nCrew-Code: ABCD2345\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"narr";
    served.raw(head.as_bytes()).await.is_problem(408, "too-slow");
    let chunked = head.replace("Content-Length: 100\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n6\r\n") + "\r\n";
    served.raw(chunked.as_bytes()).await.is_problem(408, "too-slow");
    let unwanted = "POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n";
    served.raw(unwanted.as_bytes()).await.is_problem(404, "not-found");
}

#[actix_web::test]
async fn what_is_not_json_is_malformed() {
    let served = Served::new();
    for body in ["{", "hunter2", "{\"narrative\": \"\u{fffd}\", }"] {
        served.files(body).await.is_problem(400, "malformed");
    }
}

#[actix_web::test]
async fn a_wrong_field_is_named_and_its_value_never_echoed() {
    let served = Served::new();
    for (body, field) in [
        (r#"{"narrative":"x","boss":"hunter2"}"#, "boss"),
        (r#"{"narrative":["hunter2"]}"#, "narrative"),
        (r#"{"narrative":"hunter2\u0007"}"#, "narrative"),
        (r#"{"narrative":"hunter2\u202e"}"#, "narrative"),
        ("{}", "narrative"),
    ] {
        assert_eq!(served.files(body).await.is_problem(422, "invalid")["field"], field, "{body}");
    }
    let bearer = "Authorization: Bearer x\r\n";
    assert_eq!(
        served.send("GET /v1/reports?limit=hunter2", bearer, "").await.is_problem(422, "invalid")["field"],
        "limit"
    );
}

#[actix_web::test]
async fn a_wrong_media_type_is_refused() {
    let served = Served::new();
    for kind in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/json; charset=latin1\r\n",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
    ] {
        let headers = format!("Crew-Code: ABCD2345\r\n{kind}");
        served.send("POST /v1/reports", &headers, "{\"narrative\":\"x\"}").await.is_problem(415, "wrong-media-type");
    }
}

#[actix_web::test]
async fn every_miss_is_the_same_answer() {
    let served = Served::new();
    let ours = "Crew-Code: ABC\r\nContent-Type: application/json\r\n";
    let code = served.send("POST /v1/reports", ours, "{\"narrative\":\"x\"}").await;
    code.is_problem(404, "not-found");
    let receipt = served.send("GET /v1/inbox", "Authorization: Receipt 00\r\n", "").await;
    assert_eq!((code.body.len() % STEP_BYTES, &code.body), (0, &receipt.body));
    for line in [
        "GET /v1/reports/hunter2",
        "GET /v1/hunter2",
        "GET /v1/reports/00112233445566778899AABBCCDDEEFF",
        "GET /problems/hunter2",
    ] {
        served.send(line, "", "").await.is_problem(404, "not-found");
    }
}

#[actix_web::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let served = Served::new();
    for (line, allow) in [
        ("DELETE /v1/reports", "GET, POST"),
        ("POST /v1/inbox", "GET"),
        ("GET /v1/reports/00112233445566778899aabbccddeeff/acknowledgement", "POST"),
        ("POST /health/live", "GET"),
    ] {
        let answer = served.send(line, "", "").await;
        answer.is_problem(405, "wrong-method");
        assert_eq!(answer.header("allow"), Some(allow), "{line}");
    }
}

#[actix_web::test]
async fn an_act_without_fields_takes_nothing_or_an_empty_object() {
    let served = Served::new();
    let line = "POST /v1/reports/00112233445566778899aabbccddeeff/acknowledgement";
    let json = "Content-Type: application/json\r\n";
    assert_eq!(served.send(line, "", "").await.status, 200);
    assert_eq!(served.send(line, json, "{}").await.status, 200);
    assert_eq!(served.send(line, json, "{\"boss\":1}").await.is_problem(422, "invalid")["field"], "boss");
    served.send(line, "", "hunter2").await.is_problem(415, "wrong-media-type");
}

#[actix_web::test]
async fn a_panic_is_answered_without_its_payload_and_the_server_goes_on() {
    let served = Served::new();
    served.send("GET /v1/me", "", "").await.is_problem(500, "internal");
    let crew = served.send("GET /v1/inbox/broken", "", "").await;
    crew.is_problem(500, "internal");
    assert_eq!((crew.body.len() % STEP_BYTES, crew.header("cache-control")), (0, Some("no-store")));
    assert_eq!(served.send("GET /health/live", "", "").await.status, 200);
}

#[actix_web::test]
async fn the_crews_answers_are_padded_and_kept_by_nobody() {
    let served = Served::new();
    let crew = served.send("GET /v1/inbox", "Authorization: Receipt 00112233445566778899aabbccddeeff\r\n", "").await;
    assert_eq!((crew.status, crew.body.len()), (200, 2 * STEP_BYTES));
    assert!(serde_json::from_str::<Value>(&crew.body).is_ok());
    assert_eq!(
        (crew.header("cache-control"), crew.header("etag"), crew.header("x-request-id")),
        (Some("no-store"), None, None)
    );
    let member = served.send("GET /v1/reports?limit=1", "Authorization: Bearer x\r\n", "").await;
    assert_eq!((member.body.as_str(), member.header("cache-control")), ("1", Some("private, no-cache")));
}

#[actix_web::test]
async fn every_answer_carries_the_headers_that_protect_pages() {
    let served = Served::new();
    for line in
        ["GET /health/live", "GET /nowhere", "GET /v1/me", "GET /docs/", "GET /problems/invalid", "GET /v1/inbox"]
    {
        let answer = served.send(line, "", "").await;
        assert_eq!(
            (answer.header("x-content-type-options"), answer.header("referrer-policy")),
            (Some("nosniff"), Some("no-referrer")),
            "{line}"
        );
        assert!(answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"), "{line}");
    }
}

#[actix_web::test]
async fn health_says_which_part_is_away_and_no_more() {
    let away =
        Checks::default().with("database", "the database is away", || Box::pin(async { Err("hunter2".to_owned()) }));
    let served = Served::with(Limits::default(), away);
    let answer = served.send("GET /health/ready", "", "").await;
    assert_eq!(answer.is_problem(503, "unavailable")["detail"], "the database is away");
    assert!(answer.header("retry-after").is_some());
    let fine = Checks::default().with("database", "the database is away", || Box::pin(async { Ok(()) }));
    assert_eq!(Served::with(Limits::default(), fine).send("GET /health/ready", "", "").await.status, 200);
}

#[actix_web::test]
async fn the_api_browser_and_the_explanations_are_served_from_here() {
    let served = Served::new();
    let docs = served.send("GET /docs/", "", "").await;
    assert!(docs.status == 200 && docs.body.contains("swagger-ui"), "{}", docs.head);
    assert_eq!(served.send("GET /docs", "", "").await.header("location"), Some("/docs/"));
    let document: Value = serde_json::from_str(&served.send("GET /docs/openapi.json", "", "").await.body).unwrap();
    assert!(document["paths"]["/v1/reports"]["post"].is_object() && document["paths"]["/health/ready"].is_object());
    let page = served.send("GET /problems/other-content", "", "").await;
    assert!(
        page.body.contains("this receipt is taken") && page.header("content-type").unwrap().starts_with("text/html")
    );
}

#[actix_web::test]
async fn ten_thousand_malformed_requests_leave_it_serving() {
    let served = Served::new();
    let mut socket = TcpStream::connect(served.address).await.unwrap();
    let request = "POST /v1/reports HTTP/1.1\r\nHost: x\r\nCrew-Code: ABCD2345\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{";
    let mut buffer = vec![0; 2 * STEP_BYTES];
    for _ in 0..10_000 {
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut read = 0;
        while read < STEP_BYTES {
            read += socket.read(&mut buffer).await.unwrap();
        }
    }
    assert_eq!(served.send("GET /health/live", "", "").await.status, 200);
    served.handle.stop(false).await;
}
