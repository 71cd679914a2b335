//! Comma-separated values on the terminal, as they come over HTTP.

use crate::http::csv::quoted;

/// One line, without its end.
pub(super) fn line<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    fields.into_iter().map(quoted).collect::<Vec<_>>().join(",")
}
