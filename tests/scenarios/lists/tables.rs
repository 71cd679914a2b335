//! Tables for spreadsheets, which must not run what somebody wrote.

use serde_json::json;

use crate::{
    reports::files,
    support::{app::on_each, people::Person},
};

const CSV: (&str, &str) = ("accept", "text/csv");

#[test]
fn lists_and_figures_come_as_tables_that_no_spreadsheet_runs() {
    on_each(|set| {
        let western = set.western();
        let renamed = json!({ "shown_as": "=HYPERLINK(\"http://x\")" });
        western.operator().sends("PATCH", &western.path(""), Some(&renamed)).is(200);
        for byte in 1..=3 {
            files(&western, byte);
        }
        let steward = western.steward();
        let key = steward.session().unlock_key;
        let page =
            steward.sends_with("GET", "/v1/reports?limit=2&category=weapons", &[CSV, ("unlock-key", &key)], None);
        assert_eq!((page.status, page.header("content-type")), (200, "text/csv; charset=utf-8; header=present"));
        assert_eq!(page.header("vary"), "Accept");
        let text = page.text();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(lines[0].starts_with("id,handle,production,shown_as,category,kind,"), "{text}");
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[1].contains("\"'=HYPERLINK(\"\"http://x\"\")\",\"weapons\",\"left_unattended\""), "{text}");

        // The page behind it stands in a header: a table has no place for a cursor.
        let next = page.header("link").strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
        let next = next.unwrap_or_else(|| panic!("{:?}", page.headers));
        assert!(next.starts_with("/v1/reports?category=weapons&limit=2&cursor="), "{next}");
        let last = steward.sends_with("GET", next, &[CSV], None);
        assert_eq!((last.status, last.text().matches("\r\n").count(), last.header("link")), (200, 2, ""));

        let figures = steward.sends_with("GET", "/v1/statistics", &[CSV], None);
        assert!(
            figures.text().contains("\r\n\"category\",\"weapons\",\"3\",\"0\",\"0\",\"0\",\"\",\"\",\"\",\"\"\r\n"),
            "{figures:?}"
        );
        assert_eq!(figures.header("content-disposition"), "attachment; filename=\"statistics.csv\"");
    });
}

#[test]
fn a_table_has_a_tag_of_its_own() {
    on_each(|set| {
        let western = set.western();
        files(&western, 1);
        let steward = western.steward();
        let tags = |person: &Person, path: &str| {
            let (json, csv) = (person.gets(path), person.sends_with("GET", path, &[CSV], None));
            assert!(!json.header("etag").is_empty() && json.header("etag") != csv.header("etag"), "{path}");
            csv.header("etag").to_owned()
        };
        for path in ["/v1/reports", "/v1/statistics"] {
            let tag = tags(&steward, path);
            let again = steward.sends_with("GET", path, &[CSV, ("if-none-match", &tag)], None);
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            let other = steward.sends_with("GET", path, &[("if-none-match", &tag)], None);
            assert_eq!(other.status, 200, "{path}");
        }
    });
}
