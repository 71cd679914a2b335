//! The route table: every route of the API, in one place.

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{crew, desks, people, policy, productions, sessions};
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
    session_routes(config);
    administration_routes(config);
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

fn session_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(sessions::sign_in)
        .service(sessions::refresh)
        .service(sessions::sign_out)
        .service(people::accept)
        .service(people::me);
}

fn administration_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(productions::create)
        .service(productions::list)
        .service(productions::change)
        .service(productions::roster)
        .service(policy::read)
        .service(policy::replace)
        .service(policy::agree)
        .service(desks::add)
        .service(desks::change)
        .service(desks::end)
        .service(people::invite);
}
