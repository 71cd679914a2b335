//! Copies of the database: made while the service serves, refused where they would destroy something, and whole.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use serde_json::{Value, json};

use super::{asks, files, inbox, joins};
use crate::{
    crew::{host::Host, rows::Rows},
    support::{TestDatabase, client::Client},
};

/// A host with people, a report and an answer.
struct Lived {
    host: Host,
    code: String,
    receipt: String,
    steward: super::Account,
    client: Client,
}

impl Lived {
    fn on(database: TestDatabase) -> Self {
        let mut host = Host::on(database);
        let code = host.makes_western();
        let client = host.serves();
        let steward = joins(&host, &client, "Steward", "steward@western.test", "steward");
        let safety = joins(&host, &client, "Safety", "safety@western.test", "1st_ad");
        let receipt = files(&client, &code, json!({}));
        let who = safety.signs_in(&client);
        let list = asks(&client, &who, "GET", "/v1/reports", None).is(200);
        let path = format!("/v1/reports/{}/answer", list["items"][0]["id"].as_str().unwrap());
        let answer = json!({ "kind": "action", "text": "the cart is locked", "by_role": "1st_ad", "done": "yes" });
        asks(&client, &who, "POST", &path, Some(&answer)).is(200);
        Self { host, code, receipt, steward, client }
    }

    /// The report as the steward reads it.
    fn read(&self, client: &Client) -> Value {
        let who = self.steward.signs_in(client);
        let list = asks(client, &who, "GET", "/v1/reports", None).is(200);
        let path = format!("/v1/reports/{}", list["items"][0]["id"].as_str().unwrap());
        asks(client, &who, "GET", &path, None).is(200)
    }

    fn backs_up(&self, name: &str) -> String {
        let file = self.host.folder().join(name).display().to_string();
        self.host.runs(&["backup", &file, "--json"]);
        file
    }
}

/// A machine on which nothing is but the program and, if they are given, the secrets of another host.
fn another_machine(secrets_of: Option<&Host>) -> (tempfile::TempDir, Vec<(&'static str, String)>) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(host) = secrets_of {
        let secrets = folder.path().join("secrets.toml");
        fs::copy(host.folder().join("secrets.toml"), &secrets).unwrap();
        fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let database = format!("sqlite:{}", folder.path().join("deep/looks.db").display());
    let data = folder.path().display().to_string();
    (folder, vec![("LASTLOOKS_DATABASE_URL", database), ("LASTLOOKS_DATA_DIR", data)])
}

fn refs<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_restored_on_another_machine_is_row_for_row_what_was_backed_up_and_opens_for_the_same_people() {
    let mut lived = Lived::on(TestDatabase::sqlite());
    let (before, read) = (inbox(&lived.client, &lived.receipt), lived.read(&lived.client));
    assert!(lived.host.stops().success());
    let rows = Rows::of(&lived.host.database).said();
    let copy = lived.backs_up("copy.db");
    assert_eq!(mode(Path::new(&copy)), 0o600);
    let (_machine, settings) = another_machine(Some(&lived.host));
    let done = lived.host.tries(&["restore", &copy], &refs(&settings));
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(told.contains("counts as an outage") && told.contains("lastlooks doctor"), "{told}");
    let url = settings[0].1.clone();
    assert_eq!(mode(Path::new(url.trim_start_matches("sqlite:"))), 0o600);
    assert_eq!(Rows::at(&url).said(), rows);
    let client = lived.host.serves_with(&refs(&settings));
    assert_eq!(inbox(&client, &lived.receipt)["answers"], before["answers"]);
    assert_eq!(lived.read(&client)["answers"], read["answers"]);
    assert_eq!(read["answers"][0]["text"], "the cart is locked");
    files(&client, &lived.code, json!({}));
}

#[test]
fn a_copy_made_under_load_holds_every_report_that_was_accepted_before_it_was_begun() {
    let mut lived = Lived::on(TestDatabase::sqlite());
    let (stop, client, code) = (AtomicBool::new(false), &lived.client, &lived.code);
    let (accepted, copy) = thread::scope(|scope| {
        let phones: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut filed = Vec::new();
                    while !stop.load(Ordering::SeqCst) {
                        filed.push(files(client, code, json!({})));
                    }
                    filed
                })
            })
            .collect();
        let mut earlier = vec![lived.receipt.clone()];
        earlier.extend((0..20).map(|_| files(client, code, json!({}))));
        let copy = lived.backs_up("loaded.db");
        stop.store(true, Ordering::SeqCst);
        let during: usize = phones.into_iter().map(|phone| phone.join().unwrap().len()).sum();
        assert!(during > 3, "there was a load");
        (earlier, copy)
    });
    assert!(lived.host.stops().success());
    let (_machine, settings) = another_machine(Some(&lived.host));
    assert!(lived.host.tries(&["restore", &copy], &refs(&settings)).status.success());
    let client = lived.host.serves_with(&refs(&settings));
    for receipt in &accepted {
        inbox(&client, receipt);
    }
}

#[test]
fn a_restore_replaces_nothing_unasked_nothing_that_is_in_use_and_keeps_what_was_there() {
    let mut lived = Lived::on(TestDatabase::sqlite());
    let copy = lived.backs_up("copy.db");
    let told = lived.host.refuses(&["backup", &copy]);
    assert!(told.contains("is there already"), "{told}");
    let later = files(&lived.client, &lived.code, json!({}));
    let told = lived.host.refuses(&["restore", &copy]);
    assert!(told.contains("--force"), "{told}");
    let told = lived.host.refuses(&["restore", &copy, "--force"]);
    assert!(told.contains("is in use") && told.contains("stop the service"), "{told}");
    inbox(&lived.client, &later);
    assert!(lived.host.stops().success());
    let done = lived.host.tries(&["restore", &copy, "--force"], &[]);
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && told.contains(".before-restore"), "{told}");
    let told = lived.host.refuses(&["restore", &copy, "--force"]);
    assert!(told.contains("earlier restore"), "{told}");
    let client = lived.host.serves();
    inbox(&client, &lived.receipt);
    let receipt = format!("Receipt {later}");
    client.send("GET", "/v1/inbox", &[("authorization", &receipt)], None).refuses(404, "not-found");
}

#[test]
fn what_is_no_copy_of_this_host_is_refused_and_the_database_stays() {
    let mut lived = Lived::on(TestDatabase::sqlite());
    let copy = lived.backs_up("copy.db");
    assert!(lived.host.stops().success());
    let rows = Rows::of(&lived.host.database).said();
    let text = lived.host.folder().join("text.db");
    fs::write(&text, "hello").unwrap();
    let damaged = lived.host.folder().join("damaged.db");
    let mut bytes = fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 9000].fill(0xff);
    fs::write(&damaged, bytes).unwrap();
    for file in [&text, &damaged] {
        let told = lived.host.refuses(&["restore", file.to_str().unwrap(), "--force"]);
        assert!(told.contains("cannot be used"), "{told}");
    }
    let stranger = Host::on(TestDatabase::sqlite());
    let other = stranger.folder().join("other.db").display().to_string();
    stranger.runs(&["backup", &other, "--json"]);
    let told = lived.host.refuses(&["restore", &other, "--force"]);
    assert!(told.contains("another root secret"), "{told}");
    let told = lived.host.refuses(&["restore", "nowhere.db", "--force"]);
    assert!(told.contains("cannot read nowhere.db"), "{told}");
    assert_eq!(Rows::of(&lived.host.database).said(), rows);
    let drafts = fs::read_dir(lived.host.database.folder().unwrap()).unwrap().flatten();
    assert!(drafts.into_iter().all(|file| !file.file_name().to_string_lossy().contains("restor")), "no draft stays");
}

#[test]
fn a_copy_says_that_the_secrets_are_not_in_it_and_a_restore_without_them_says_where_they_belong() {
    let host = Host::on(TestDatabase::sqlite());
    let file = host.folder().join("copy.db").display().to_string();
    let made = host.runs(&["backup", &file, "--json"]);
    assert_eq!((&made["secrets_included"], made["sha256"].as_str().map(str::len)), (&json!(false), Some(64)));
    let root = fs::read_to_string(host.folder().join("secrets.toml")).unwrap();
    let root = root.lines().find_map(|line| line.strip_prefix("root = \"")).unwrap().trim_end_matches('"').to_owned();
    assert!(!String::from_utf8_lossy(&fs::read(&file).unwrap()).contains(&root));
    let (_machine, settings) = another_machine(None);
    let done = host.tries(&["restore", &file], &refs(&settings));
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && told.contains("secrets are not here"), "{told}");
}

#[test]
fn for_postgresql_its_own_commands_are_named() {
    let host = Host::on(TestDatabase::postgres());
    let told = host.refuses(&["backup", "looks.dump"]);
    assert!(told.contains("pg_dump --format=custom --file looks.dump \"$LASTLOOKS_DATABASE_URL\""), "{told}");
    let told = host.refuses(&["restore", "looks.dump"]);
    assert!(told.contains("pg_restore --clean --if-exists"), "{told}");
}
