//! One test for each rule of domain.md, named after the rule as a fact.

mod acts;
mod fairness;
mod levels;
mod reporter;
mod rust_2021;
mod union;
mod windows;
