//! A policy in a file: JSON as the API takes it, or the same document as TOML or YAML, by the file's ending.

use std::{fs, path::Path};

use anyhow::{Context as _, anyhow};

use crate::domain::policy::PolicyDocument;

/// Reads and checks it; what is left out is as shipped.
///
/// # Errors
/// One sentence that names the file and the path in the document: what cannot be read, is unknown, has the wrong type, or
/// is out of range.
pub(super) fn read(file: &Path) -> anyhow::Result<PolicyDocument> {
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read the policy {name}"))?;
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let document = match ending {
        "toml" => of_toml(&text),
        "yaml" | "yml" => of_yaml(&text),
        _ => of_json(&text),
    };
    let document = document.map_err(|wrong| anyhow!("{name}: {wrong}"))?;
    document.completed().map_err(|error| anyhow!("{name}: {error}"))
}

fn of_json(text: &str) -> Result<PolicyDocument, String> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let document = serde_path_to_error::deserialize(&mut parser).map_err(|error| at_path(&error))?;
    parser.end().map_err(|error| error.to_string())?;
    Ok(document)
}

fn of_toml(text: &str) -> Result<PolicyDocument, String> {
    let parser = toml::Deserializer::parse(text).map_err(|error| one_line(&error.to_string()))?;
    serde_path_to_error::deserialize(parser).map_err(|error| at_path(&error))
}

fn of_yaml(text: &str) -> Result<PolicyDocument, String> {
    serde_path_to_error::deserialize(serde_norway::Deserializer::from_str(text)).map_err(|error| at_path(&error))
}

/// `windows.next_setup.answer: invalid type …`; the parser's words alone where there is no path.
fn at_path<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> String {
    let (path, said) = (error.path().to_string(), in_words(&one_line(&error.inner().to_string())));
    // The path as far as it is known: `?` is what could not be read.
    match path.trim_end_matches('?').trim_end_matches('.') {
        "" => said,
        path if said.starts_with(path) => said,
        path => format!("{path}: {said}"),
    }
}

/// What the parsers expect, as people call it.
fn in_words(said: &str) -> String {
    said.replace("expected u32", "expected whole seconds, as in 600")
        .replace("expected a sequence", "expected a list in brackets, as in [300, 600]")
        .replace("expected a map", "expected a table of names and values")
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{policy::WindowRow, time::Seconds};

    fn written(ending: &str, text: &str) -> anyhow::Result<PolicyDocument> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("western.{ending}"));
        fs::write(&file, text).unwrap();
        read(&file)
    }

    #[test]
    fn the_same_policy_is_read_from_json_toml_and_yaml() {
        let of = [
            ("json", r#"{"windows": {"next_setup": {"acknowledge": [600, 600], "answer": 1800}}}"#),
            ("toml", "[windows.next_setup]\nacknowledge = [600, 600]\nanswer = 1800\n"),
            ("yaml", "windows:\n  next_setup:\n    acknowledge: [600, 600]\n    answer: 1800\n"),
        ];
        for (ending, text) in of {
            let document = written(ending, text).unwrap();
            assert_eq!(document.windows[&WindowRow::NextSetup].answer, Seconds(1800), "{ending}");
            assert_eq!(document.windows[&WindowRow::Concern], PolicyDocument::shipped().windows[&WindowRow::Concern]);
        }
    }

    #[test]
    fn each_way_of_being_wrong_names_the_path_in_the_document() {
        for (ending, text, words) in [
            ("json", r#"{"windows": {"next_setup": {"answer": "soon"}}}"#, ["windows.next_setup.answer", "line 1"]),
            (
                "json",
                r#"{"windows": {"next_setup": {"acknowledge": [900, -1]}}}"#,
                ["windows.next_setup.acknowledge[1]", "whole seconds"],
            ),
            (
                "json",
                r#"{"windows": {"concern": {"acknowledge": 300}}}"#,
                ["windows.concern.acknowledge", "[300, 600]"],
            ),
            ("json", r#"{"windows": {"next_week": {}}}"#, ["windows", "next_week"]),
            ("json", r#"{"windows": {"concern": {"answers": 9}}}"#, ["windows.concern", "answers"]),
            ("json", r#"{"window": {}}"#, ["window", "expected one of"]),
            ("json", r#"{"steps": {"immediate": 0}}"#, ["steps.immediate is 0 s", "1 to 86400"]),
            (
                "json",
                r#"{"windows": {"immediate": {"answer": 5}}}"#,
                ["windows.immediate.answer is 5 s", "10 to 2592000"],
            ),
            (
                "json",
                r#"{"windows": {"immediate": {"acknowledge": []}}}"#,
                ["windows.immediate.acknowledge", "one to nine"],
            ),
            (
                "json",
                r#"{"windows": {"immediate": {"acknowledge": [1000]}}}"#,
                ["windows.immediate.acknowledge[0]", "longer than"],
            ),
            ("json", r#"{"verification": {"concern": 1}}"#, ["verification.concern is 1 s", "window"]),
            ("json", r#"{"contest_seconds": 9}"#, ["contest_seconds is 9 s", "window"]),
            ("json", r#"{"observers": ["sometimes"]}"#, ["observers[0]", "sometimes"]),
            ("json", r#"{"repeated": {"after": 5, "within": 5}}"#, ["repeated.after", "less than"]),
            ("json", r#"{"steps": {}"#, ["EOF", "line 1"]),
            ("json", r"{} {}", ["trailing", "line 1"]),
            ("toml", "[windows.next_setup]\nanswer = \"soon\"\n", ["windows.next_setup.answer", "string"]),
            ("toml", "[windows.next_setup\n", ["line 1", "western.toml"]),
            ("yaml", "windows:\n  next_setup:\n    answer: soon\n", ["windows.next_setup.answer", "line 3"]),
        ] {
            let told = format!("{:#}", written(ending, text).unwrap_err());
            assert!(words.iter().all(|word| told.contains(word)), "{text}: {told}");
            assert!(told.lines().count() == 1 && told.contains(&format!("western.{ending}: ")), "{told}");
        }
    }
}
