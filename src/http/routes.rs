//! The route table: every route of the API, in one place.

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    absence, accounts, acts, crew, crew_codes, deliveries, desks, events, ledger, link, packet, pages, people, policy,
    productions, readiness, reports, seats, sessions, statistics,
};
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
    ledger_routes(config);
}

fn ledger_routes(config: &mut ServiceConfig<'_>) {
    config.service(ledger::checkpoint).service(ledger::tile).service(ledger::keys).service(ledger::opening);
    config.service(ledger::inbox_proof).service(ledger::report_proof);
    config.service(packet::packet).service(packet::packet_style).service(packet::inbox_filing);
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
        .service(accounts::recover)
        .service(accounts::change_password)
        .service(absence::be_absent)
        .service(absence::be_back)
        .service(readiness::confirm_test_notice)
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
    config.service(link::show_link).service(link::press_link).service(link::link_style).service(pages::security_txt);
}

fn administration_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(productions::create)
        .service(productions::list)
        .service(productions::change)
        .service(productions::roster)
        .service(crew_codes::renew)
        .service(readiness::readiness)
        .service(readiness::send_test_notice)
        .service(deliveries::list_deliveries)
        .service(deliveries::retry_delivery)
        .service(policy::read)
        .service(policy::replace)
        .service(policy::agree)
        .service(desks::add)
        .service(desks::change)
        .service(desks::end)
        .service(people::invite)
        .service(seats::let_in)
        .service(accounts::ask_renewal)
        .service(accounts::confirm_renewal)
        .service(seats::change_roles)
        .service(seats::remove);
}
