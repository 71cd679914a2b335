//! Comma-separated values that a spreadsheet does not run.

/// One field of a line.
///
/// What somebody wrote may begin with `=`, `+`, `-`, `@`, a tab or a carriage return: a spreadsheet would run it, so it
/// gets an apostrophe.
///
/// Source: RFC 4180; OWASP, "CSV Injection".
pub(super) fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

/// One line, without its end.
pub(super) fn line<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    fields.into_iter().map(quoted).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_a_spreadsheet_would_run_is_guarded() {
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("\t=1+1"), "\"'\t=1+1\"");
        assert_eq!(quoted("say \"stop\""), "\"say \"\"stop\"\"\"");
        assert_eq!(line(["a,b", "-1"]), "\"a,b\",\"'-1\"");
    }
}
