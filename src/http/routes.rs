//! The route table: every route of the API, in one place.

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use super::crew;
use crate::app::App;

/// Adds every route, and the use cases that they call.
pub fn every(app: &App) -> impl Fn(&mut ServiceConfig<'_>) + Clone + Send + 'static {
    let app = web::Data::new(app.clone());
    move |config| {
        config.app_data(app.clone());
        listed(config);
    }
}

/// Adds every route, for the API document alone.
pub fn listed(config: &mut ServiceConfig<'_>) {
    crew_routes(config);
}

fn crew_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(crew::manifest)
        .service(crew::file)
        .service(crew::inbox)
        .service(crew::write)
        .service(crew::safety)
        .service(crew::contest)
        .service(crew::worse)
        .service(crew::withdraw);
}
