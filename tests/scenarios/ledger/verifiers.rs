//! Who checks bundles: the program, the script, the page; and the witnesses whose word on time they take.

use lastlooks::{
    clock::Clock as _,
    domain::time::UtcMillis,
    evidence::{check::check, quorum::Quorum},
    merkle::{
        cosignature::cosign,
        key::{KeyKind, KeyName, NoteSigner},
    },
    storage::heads::{self, CosignatureRow},
};

use super::head;
use crate::support::{app::TestApp, days::Days, page::Page, people::Reporter};

/// Two witnesses, as they would cosign what they see.
pub struct Witnesses([NoteSigner; 2]);

impl Witnesses {
    /// A union's and an insurer's.
    pub fn new() -> Self {
        let named = |name: &str, seed| NoteSigner::new(KeyName::new(name).unwrap(), KeyKind::Cosignature, &[seed; 32]);
        Self([named("local.union.example", 21), named("insurer.example", 22)])
    }

    /// The file of somebody who trusts both.
    pub fn file(&self) -> String {
        format!("union {}\nproduction {}\n", self.0[0].public(), self.0[1].public())
    }

    /// As that somebody's verifier has them.
    pub fn quorum(&self) -> Quorum {
        self.file().parse().unwrap()
    }

    /// Both cosign the head that is served now.
    pub fn cosign(&self, set: &TestApp) {
        let (text, size) = (head(set).to_string(), head(set).size);
        let at = u64::try_from(set.now().get() / 1000).unwrap();
        let rows: Vec<_> = self
            .0
            .iter()
            .map(|witness| CosignatureRow {
                log: 1,
                size: size.cast_signed(),
                witness: witness.public().to_string(),
                line: cosign(&text, witness, at).to_string(),
            })
            .collect();
        let storage = set.database().open();
        storage
            .write_blocking(&[0; 16], move |tx| rows.iter().try_for_each(|row| heads::add_cosignature(tx, row)))
            .unwrap();
    }
}

/// What `docs/verify.py` says of a bundle: its status and its lines.
pub fn script(bundle: &str, witnesses: Option<&str>) -> (i32, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify.py");
    let mut command = std::process::Command::new("python3");
    command.arg(script).arg(file("bundle.json", bundle)).args(witnesses.map(|text| file("witnesses.txt", text)));
    let output = command.output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    (output.status.code().unwrap(), lines)
}

/// The status of `lastlooks verify`, and its lines.
pub fn ours(bundle: &str, quorum: &Quorum) -> (i32, Vec<String>) {
    match check(bundle, None, quorum) {
        Ok(findings) => (if findings.is_witnessed { 0 } else { 2 }, findings.lines),
        Err(_) => (1, Vec::new()),
    }
}

/// Goes on to an instant, tick by tick of the ledger, and both witnesses cosign each head.
#[track_caller]
pub fn watched_until(set: &TestApp, days: &mut Days<'_>, witnesses: &Witnesses, at: UtcMillis) {
    while set.clock.now() < at {
        days.until(set.app().next_ledger_turn(set.clock.now()).min(at));
        super::turns(set);
        witnesses.cosign(set);
    }
}

/// Goes on to an instant, tick by tick of the ledger.
#[track_caller]
pub fn until(set: &TestApp, days: &mut Days<'_>, at: UtcMillis) {
    while set.clock.now() < at {
        let next = set.app().next_ledger_turn(set.clock.now());
        days.until(next.min(at));
        super::turns(set);
    }
}

/// The bundle of a reporter, as it was answered.
#[track_caller]
pub fn proof(reporter: &Reporter) -> String {
    reporter.sends("GET", "/v1/inbox/proof", None).text()
}

/// What all three say of a bundle: the same, or this fails. Gives the status.
#[track_caller]
pub fn agreed(page: &Page, bundle: &str, witnesses: Option<&Witnesses>) -> i32 {
    let file = witnesses.map(Witnesses::file);
    let (status, lines) = ours(bundle, &witnesses.map(Witnesses::quorum).unwrap_or_default());
    let by_script = script(bundle, file.as_deref());
    assert_eq!(by_script.0, status, "the script: {by_script:?}, the program: {lines:?}");
    let by_page = page.checks(bundle, file.as_deref().unwrap_or_default());
    assert_eq!(by_page.0, status, "the page: {by_page:?}, the program: {lines:?}");
    if status != 1 {
        assert_eq!(by_script.1, lines, "the script");
        assert_eq!(by_page.1, lines, "the page");
    }
    status
}
