//! Routes, extractors, problem documents.
//!
//! Everything that a request meets before a use case: [`edge`] (what is logged, what every answer carries), extractors
//! that refuse bad input with the field's name ([`body`], [`query`], [`credentials`]), and one table of refusals
//! ([`catalogue`], [`problem`]).

mod absence;
mod accounts;
mod acts;
pub mod body;
pub mod catalogue;
pub mod credentials;
mod crew;
mod crew_codes;
pub mod csv;
mod deliveries;
mod desks;
pub mod edge;
mod events;
mod fallback;
mod field;
pub mod health;
mod ledger;
mod link;
pub mod metrics;
pub mod openapi;
mod packet;
pub mod pages;
mod people;
mod policy;
pub mod problem;
mod productions;
pub mod query;
mod readiness;
mod refusals;
mod report_table;
mod reports;
pub mod routes;
mod seats;
pub mod server;
mod sessions;
pub mod signed_in;
mod statistics;
mod web_pages;
pub mod witness;

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod quiet;
