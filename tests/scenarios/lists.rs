//! Lists: pages, tags, waiting for changes, figures; and that none of them tells of what somebody is kept out of.

mod asked;
mod changes;
mod figures;
mod filters;
mod kept_out;
mod pages;
mod retaliation;
mod seen;
mod tables;
mod tags;
mod worlds;
