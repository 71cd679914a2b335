//! `docs/api.md`: its commands are run as they stand there, on both databases, and what comes is what stands there.

mod layout;
mod walk;

use std::{fs, path::Path};

use serde_json::Value;
use walk::Walk;

use crate::support::{
    TestDatabase,
    app::{TestApp, Wanted},
};

/// The page as this run would have it, written where it differs, for whoever has to mend it.
const AS_IT_CAME: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/api.md");

#[test]
fn the_page_of_the_api_shows_what_really_comes_and_leaves_no_route_out() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api.md");
    let page = fs::read_to_string(page).unwrap();
    for database in TestDatabase::each() {
        let settings = vec![("LASTLOOKS_SECURITY_CONTACT", "security@western.test".to_owned())];
        let set = TestApp::with(database, Wanted { settings, ..Wanted::default() });
        let western = set.western();
        let mut walk = Walk::begin(&set, &western);
        let came = walk.page(&page);
        if came != page {
            fs::write(AS_IT_CAME, &came).unwrap();
            let (told, shown) = came.lines().zip(page.lines()).find(|(came, page)| came != page).unwrap_or_default();
            panic!("docs/api.md has {shown:?} where {told:?} came; the page as it is now is in {AS_IT_CAME}");
        }
        assert_eq!(walk.untold(&document(&set)), Vec::<String>::new(), "routes that docs/api.md does not show");
    }
}

fn document(set: &TestApp) -> Value {
    set.client().send("GET", "/docs/openapi.json", &[], None).is(200)
}
