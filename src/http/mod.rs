//! Routes, extractors, problem documents.
//!
//! Everything that a request meets before a use case: [`edge`] (what is logged, what every answer carries), extractors
//! that refuse bad input with the field's name ([`body`], [`query`], [`credentials`]), and one table of refusals
//! ([`catalogue`], [`problem`]).

pub mod body;
pub mod catalogue;
pub mod credentials;
mod crew;
pub mod edge;
mod fallback;
mod field;
pub mod health;
pub mod openapi;
pub mod pages;
pub mod problem;
pub mod query;
pub mod routes;
pub mod server;

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod quiet;
