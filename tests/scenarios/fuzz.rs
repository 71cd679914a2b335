//! Every reader that meets bytes from outside, under inputs that nobody thought of: none panics, each takes one spelling,
//! and nothing that was changed passes for what it was.
//!
//! Inputs are good ones, mutated; an input that is refused in words not heard before is kept and mutated further, which
//! leads deeper into a reader as coverage would. Each group runs a second with the other stories, and as long as
//! `LASTLOOKS_FUZZ_SECONDS` says by hand:
//!
//! ```text
//! LASTLOOKS_FUZZ_SECONDS=600 cargo test --test scenarios -- fuzz::evidence
//! ```

mod evidence;
mod inputs;
mod secrets;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{self, AssertUnwindSafe},
    time::{Duration, Instant},
};

use inputs::{Chance, mutated};

/// A reader under test: says in words what it came to, or panics.
type Reader<'r> = Box<dyn Fn(&[u8]) -> String + 'r>;

/// How long a group runs.
fn time() -> Duration {
    let seconds = std::env::var("LASTLOOKS_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

/// Runs readers in turn, each on its own inputs, until the time is over.
fn fuzz(group: &str, readers: &[(&str, Vec<Vec<u8>>, Reader<'_>)]) {
    let seed = std::env::var("LASTLOOKS_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    #[expect(clippy::disallowed_methods, reason = "it runs for so many seconds of real time")]
    let begun = Instant::now();
    let mut chance = Chance(seed);
    let mut kept: Vec<(BTreeSet<String>, Vec<Vec<u8>>)> =
        readers.iter().map(|(_, seeds, _)| (BTreeSet::new(), seeds.clone())).collect();
    let mut runs: BTreeMap<&str, u64> = BTreeMap::new();
    while begun.elapsed() < time() {
        for ((name, _, reader), (heard, inputs)) in readers.iter().zip(&mut kept) {
            for _ in 0..32 {
                let input = mutated(inputs, &mut chance);
                let said = panic::catch_unwind(AssertUnwindSafe(|| reader(&input)));
                let said = said.unwrap_or_else(|_| panic!("{name}, seed {seed}: {}", hex::encode(&input)));
                *runs.entry(name).or_default() += 1;
                let words: String = said.chars().filter(|c| !c.is_ascii_digit()).take(120).collect();
                if inputs.len() < 4000 && heard.insert(words) {
                    inputs.push(input);
                }
            }
        }
    }
    for ((name, ..), (heard, _)) in readers.iter().zip(&kept) {
        println!("{group}: {name}: {} inputs, {} different answers", runs[name], heard.len());
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or("\u{fffd}")
}

/// A reader of texts with one spelling each: what is read is written the same.
fn one_spelling<T: std::str::FromStr + ToString>(bytes: &[u8]) -> String
where
    T::Err: std::fmt::Display,
{
    match text(bytes).parse::<T>() {
        Ok(read) => {
            assert_eq!(read.to_string(), text(bytes), "another spelling");
            "read".to_owned()
        }
        Err(error) => error.to_string(),
    }
}
