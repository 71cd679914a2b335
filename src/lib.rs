//! Last Looks: anonymous safety reports with deadlines that cannot go quiet.
//!
//! The rooms, in order of dependency (imports point downwards only; a test holds it):
//!
//! | room | job |
//! |---|---|
//! | [`cli`] | one file per command of the binary |
//! | [`http`] | routes, extractors, problem documents |
//! | `web` | pages as plain files, in the binary |
//! | [`worker`] | deadlines, outbox, upkeep |
//! | [`app`] | one method per use case |
//! | [`storage`] | the only door to a database |
//! | [`sealing`] | receipt, units, envelopes: bytes in, bytes out |
//! | [`auth`] | passwords, tokens, sessions |
//! | [`notify`] | mail |
//! | [`witness`] | cosigning the logs of others, and asking others to cosign ours |
//! | [`evidence`] | promises and bundles, and how a stranger checks them |
//! | [`merkle`] | RFC 6962 trees, tiles, signed notes |
//! | [`domain`] | the rules, pure |
//! | [`config`], [`clock`], [`entropy`], [`agent`] | settings, time, chance, asking other hosts |

pub mod agent;
pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod entropy;
pub mod evidence;
pub mod http;
pub mod merkle;
pub mod notify;
pub mod sealing;
pub mod storage;
pub mod witness;
pub mod worker;
