//! The house rules that a compiler does not know: read from the sources.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each room and the rooms that it may import from. `clock`, `entropy` and `config` stand beside `domain`.
///
/// Source: architecture.md, "Rooms".
const MAY_IMPORT: [(&str, &[&str]); 17] = [
    ("domain", &[]),
    ("clock", &["domain"]),
    ("entropy", &[]),
    ("agent", &[]),
    // Witnesses are named in a setting, in the form that verifiers read.
    ("config", &["domain", "entropy", "merkle", "evidence"]),
    ("merkle", &["domain"]),
    ("evidence", &["domain", "merkle"]),
    ("witness", &["domain", "entropy", "agent", "merkle"]),
    ("notify", &["domain", "clock", "entropy", "config"]),
    ("sealing", &["domain", "clock", "entropy", "config"]),
    // Sessions and passwords are made of the keys that sealing derives.
    ("auth", &["domain", "clock", "entropy", "config", "sealing"]),
    ("storage", &["domain", "clock", "entropy", "config"]),
    (
        "app",
        &[
            "domain", "clock", "entropy", "config", "merkle", "evidence", "witness", "notify", "sealing", "auth",
            "storage",
        ],
    ),
    (
        "http",
        &["domain", "clock", "entropy", "config", "merkle", "evidence", "witness", "notify", "sealing", "auth", "app"],
    ),
    (
        "worker",
        &["domain", "clock", "entropy", "config", "merkle", "evidence", "notify", "sealing", "auth", "storage", "app"],
    ),
    // The pages are files; they know nothing.
    ("web", &[]),
    (
        "cli",
        &[
            "domain", "clock", "entropy", "agent", "config", "merkle", "evidence", "witness", "notify", "sealing",
            "auth", "storage", "app", "http", "worker", "web",
        ],
    ),
];

/// Where the map of the rooms is shown.
const MAPS: [&str; 2] = ["src/lib.rs", "README.md"];

const MOST_LINES: usize = 400;

struct Source {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(read(&path));
            }
        }
    }
    assert!(found.len() > 20, "the sources are where this test looks for them");
    found
}

fn read(path: &PathBuf) -> Source {
    let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
    Source { path: name, text: fs::read_to_string(path).unwrap() }
}

impl Source {
    /// `src/http/body.rs` and `src/clock.rs` give `http` and `clock`.
    fn room(&self) -> &str {
        let inside = self.path.trim_start_matches("src/");
        inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
    }

    /// The code without comments, so that a comment may name what the code must not.
    fn code(&self) -> String {
        let lines = self.text.lines().map(|line| line.split("//").next().unwrap_or_default());
        lines.collect::<Vec<_>>().join("\n")
    }

    fn imports(&self) -> Vec<String> {
        let code = self.code();
        code.match_indices("crate::").flat_map(|(at, found)| rooms_at(&code[at + found.len()..])).collect()
    }
}

/// The rooms named right behind `crate::`, one or a group in braces.
fn rooms_at(code: &str) -> Vec<String> {
    let Some(group) = code.strip_prefix('{') else {
        return vec![word(code)];
    };
    let mut depth = 0;
    let mut names = vec![word(group.trim_start())];
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(word(group[at + 1..].trim_start())),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn word(code: &str) -> String {
    code.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// Fails with every finding at once.
#[track_caller]
fn none(findings: &[String]) {
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn imports_go_one_way() {
    assert_eq!(rooms_at("{app::{A, b}, domain::ids, clock}; use crate::http"), ["app", "domain", "clock"]);
    let mut findings = Vec::new();
    for source in sources().iter().filter(|source| !["lib", "main"].contains(&source.room())) {
        let room = source.room();
        let (_, allowed) =
            MAY_IMPORT.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("{room} is in no map"));
        let wrong = source.imports().into_iter().filter(|name| name != room && !allowed.contains(&name.as_str()));
        findings.extend(wrong.map(|name| format!("{}: {room} may not import {name}", source.path)));
    }
    none(&findings);
}

#[test]
fn no_file_is_longer_than_400_lines_without_a_reason_at_its_top() {
    let long = sources().into_iter().filter(|source| source.text.lines().count() > MOST_LINES);
    let unexplained =
        long.filter(|source| !source.text.lines().take(8).any(|line| line.starts_with("// Long because")));
    none(
        &unexplained
            .map(|source| format!("{} has {} lines", source.path, source.text.lines().count()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    let bare = sources().into_iter().filter(|source| !source.text.starts_with("//! "));
    none(&bare.map(|source| source.path).collect::<Vec<_>>());
}

#[test]
fn one_file_names_the_databases() {
    none(&naming(&["SqliteConnection", "PgConnection", "diesel::sqlite", "diesel::pg"], "src/storage/connection.rs"));
}

#[test]
fn one_file_asks_the_time() {
    none(&naming(&["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"], "src/clock.rs"));
}

#[test]
fn one_file_has_a_macro_of_our_own() {
    none(&naming(&["macro_rules!"], "src/storage/connection.rs"));
}

fn naming(words: &[&str], only_in: &str) -> Vec<String> {
    let others = sources().into_iter().filter(|source| source.path != only_in);
    others
        .flat_map(|source| {
            let code = source.code();
            let found: Vec<_> = words.iter().filter(|word| code.contains(*word)).collect();
            found.into_iter().map(|word| format!("{} names {word}", source.path)).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn the_map_names_every_room() {
    let mut findings = Vec::new();
    for map in MAPS {
        let text = fs::read_to_string(root().join(map)).unwrap();
        for entry in fs::read_dir(root().join("src")).unwrap().map(Result::unwrap) {
            let room = entry.file_name().into_string().unwrap();
            let room = room.trim_end_matches(".rs");
            if !["lib", "main"].contains(&room)
                && !text.contains(&format!("`{room}`"))
                && !text.contains(&format!("`src/{room}/`"))
            {
                findings.push(format!("{map} does not name {room}"));
            }
        }
    }
    none(&findings);
}

#[test]
fn the_api_document_is_the_one_that_the_code_makes() {
    let committed = fs::read_to_string(root().join("api-spec/openapi.yaml")).unwrap_or_default();
    let document = lastlooks::http::server::document(&lastlooks::http::routes::listed).unwrap();
    let made = lastlooks::http::openapi::yaml(&document).unwrap();
    assert!(committed == made, "run: cargo run -- openapi > api-spec/openapi.yaml");
}

#[test]
fn the_explanations_of_problems_are_those_in_the_code() {
    let committed = fs::read_to_string(root().join("api-spec/problems.md")).unwrap();
    assert!(
        committed == lastlooks::http::pages::problems_markdown(),
        "run: cargo run -- openapi --problems > api-spec/problems.md"
    );
}
