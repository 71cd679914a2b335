//! What the log says about requests, and what it never says.

use std::{
    io,
    sync::{Arc, Mutex},
};

use actix_web::{App, HttpResponse, middleware::from_fn, test, web};

use super::edge::{Edge, guard};
use crate::clock::SystemClock;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that is logged, at the most verbose level, while one request is answered.
async fn logged(request: test::TestRequest) -> String {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone());
    let _scope = tracing::subscriber::set_default(subscriber.finish());
    let edge = web::Data::new(Edge::new(Arc::new(SystemClock::new()), [7; 16], None));
    let app = App::new()
        .app_data(edge)
        .route("/v1/inbox", web::get().to(HttpResponse::Ok))
        .route("/v1/reports", web::post().to(HttpResponse::Ok))
        .route("/v1/reports/{id}", web::get().to(HttpResponse::Ok))
        .route("/problems/{slug}", web::get().to(HttpResponse::Ok))
        .wrap(from_fn(guard));
    let app = test::init_service(app).await;
    let request = request
        .peer_addr("203.0.113.77:4711".parse().unwrap())
        .insert_header(("user-agent", "hunter2"))
        .insert_header(("x-forwarded-for", "203.0.113.77"));
    test::call_service(&app, request.to_request()).await;
    let bytes = kept.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[actix_web::test]
async fn a_members_request_leaves_one_line_with_the_route_and_nothing_about_the_client() {
    let log = logged(test::TestRequest::get().uri("/v1/reports/hunter2?token=hunter2")).await;
    assert_eq!(log.lines().count(), 1, "{log}");
    for part in ["/v1/reports/{id}", "method=GET", "status=200", "duration_ms=", "id="] {
        assert!(log.contains(part), "{part} in {log}");
    }
    assert!(!log.contains("hunter2") && !log.contains("203.0.113.77"), "{log}");
}

#[actix_web::test]
async fn a_request_of_the_crew_leaves_no_line() {
    for request in [
        test::TestRequest::get().uri("/v1/inbox"),
        test::TestRequest::post().uri("/v1/reports"),
        test::TestRequest::get().uri("/v1/%69nbox"),
        test::TestRequest::get().uri("/v1/inbox/hunter2"),
    ] {
        assert_eq!(logged(request).await, "");
    }
}

#[actix_web::test]
async fn what_phones_of_the_crew_fetch_too_leaves_no_line() {
    assert_eq!(logged(test::TestRequest::get().uri("/problems/other-content")).await, "");
}

#[actix_web::test]
async fn an_address_that_nobody_answers_leaves_no_line_for_it_may_be_a_mistyped_one_of_the_crew() {
    for address in ["/hunter2", "/v1/inboxx", "/v1//reports", "/V1/inbox", "//v1/inbox"] {
        assert_eq!(logged(test::TestRequest::get().uri(address)).await, "", "{address}");
    }
}
