//! The route table: every route of the API, in one place.

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{acts, crew, desks, events, link, people, policy, productions, reports, sessions, statistics};
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
    report_routes(config);
    link_routes(config);
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

fn report_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(reports::list_reports)
        .service(reports::show_report)
        .service(events::wait_for_changes)
        .service(statistics::statistics)
        .service(reports::acknowledge)
        .service(reports::take_over)
        .service(reports::recuse)
        .service(acts::answer_report)
        .service(acts::stop_work)
        .service(acts::resume)
        .service(acts::verify)
        .service(acts::escalate)
        .service(acts::summarise)
        .service(acts::write_to_reporter)
        .service(acts::find_not_credible);
}

fn link_routes(config: &mut ServiceConfig<'_>) {
    config.service(link::show_link).service(link::press_link).service(link::link_style);
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
