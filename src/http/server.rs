//! The app factory and the server around it.

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_web::{App, HttpResponse, HttpServer, dev::Server, http::header, middleware::from_fn, web};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::{AppExt as _, service_config::ServiceConfig};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{
    body::Limits,
    edge::{self, Edge},
    fallback::{self, Methods},
    health::{self, Checks},
    metrics::Metrics,
    openapi, pages,
    problem::Problem,
    web_pages,
};
use crate::clock::Clock;

/// What the server is made of, besides its routes.
pub struct Parts {
    /// What has to be well before requests are sent here.
    pub checks: Checks,
    /// For the durations in the log.
    pub clock: Arc<dyn Clock>,
    /// 16 random bytes, drawn once per process.
    pub boot: [u8; 16],
    /// What headers and bodies may take.
    pub limits: Limits,
    /// Where requests are counted, if they are.
    pub metrics: Option<Arc<Metrics>>,
}

/// Time that requests under way are given when the server stops. Seconds.
const STOP_SECONDS: u64 = 30;

/// Starts serving on a listener. `routes` adds the routes and their data to the app; it is called once per worker.
///
/// The server runs in the task that awaits it; stop it with its handle. Signals are left to the caller.
///
/// # Errors
/// If the system refuses the listener, or the API document cannot be made.
pub fn start<R>(listener: TcpListener, parts: Parts, routes: R) -> std::io::Result<Server>
where
    R: Fn(&mut ServiceConfig<'_>) + Clone + Send + 'static,
{
    let Parts { checks, clock, boot, limits, metrics } = parts;
    let edge = web::Data::new(Edge::new(clock, boot, metrics));
    let checks = web::Data::new(checks);
    let document = document(&routes)?;
    let app = move || {
        let (app, _) = App::new().into_utoipa_app().configure(every_route(&routes)).split_for_parts();
        app.app_data(edge.clone())
            .app_data(checks.clone())
            .app_data(limits)
            .app_data(web::PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
            .configure(|config| unlisted(config, &document))
            .wrap(from_fn(edge::guard))
    };
    let server = HttpServer::new(app)
        .client_request_timeout(limits.header_time)
        .client_disconnect_timeout(Duration::from_secs(2))
        .shutdown_timeout(STOP_SECONDS)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// The API document with these routes and our own.
///
/// # Errors
/// If it cannot be made, which would be a fault of ours.
pub fn document<R>(routes: &R) -> Result<OpenApi, serde_json::Error>
where
    R: Fn(&mut ServiceConfig<'_>),
{
    let app = App::new().into_utoipa_app().openapi(openapi::frame()).configure(every_route(routes));
    openapi::tidied(&app.split_for_parts().1)
}

fn every_route<R>(routes: &R) -> impl FnOnce(&mut ServiceConfig<'_>)
where
    R: Fn(&mut ServiceConfig<'_>),
{
    move |config| {
        config.service(health::live).service(health::ready).service(pages::explain_problem);
        routes(config);
    }
}

/// What stands in no API document: its browser, the pages for people, and what answers where nothing else does.
fn unlisted(config: &mut web::ServiceConfig, document: &OpenApi) {
    // The validator is a service of somebody else: it would be told that somebody reads this page.
    let quiet = Config::default().validator_url("none");
    let browser = SwaggerUi::new("/docs/{_:.*}").url("/docs/openapi.json", document.clone()).config(quiet);
    config
        .app_data(web::Data::new(Methods::of(document)))
        .route("/docs", web::get().to(to_docs))
        .configure(web_pages::serve)
        .service(browser)
        .default_service(web::to(fallback::answer));
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}
