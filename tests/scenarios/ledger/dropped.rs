//! A host that drops what it promised: promise and public log convict it, without anything else from the host.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use super::{
    head, served, ticks,
    verifiers::{Witnesses, agreed, ours},
};
use crate::{
    rust_2021::{begin, body, files, text},
    support::{
        app::{TestApp, on_each},
        page::Page,
    },
};

/// What the reporter kept of a filing, and what the union's lawyer trusts, in a folder.
fn kept(note: &str, witnesses: &Witnesses) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("promise.txt"), note).unwrap();
    fs::write(folder.path().join("witnesses.txt"), witnesses.file()).unwrap();
    folder
}

fn judge(folder: &Path, from: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastlooks"));
    command.args([
        "verify",
        "--promise",
        "promise.txt",
        "--from",
        from,
        "--witnesses",
        "witnesses.txt",
        "--save",
        "bundle.json",
    ]);
    let Output { status, stdout, stderr } = command.current_dir(folder).env_clear().output().unwrap();
    (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

/// The public log as somebody mirrored it.
fn mirrored(set: &TestApp, folder: &Path) {
    let size = head(set).size;
    let mut paths = vec!["checkpoint".to_owned(), "key".to_owned()];
    for n in 0..size.div_ceil(256) {
        let name = match size - n * 256 {
            width @ 1..256 => format!("{n:03}.p/{width}"),
            _ => format!("{n:03}"),
        };
        paths.extend([format!("tile/entries/{name}"), format!("tile/0/{name}")]);
    }
    if size >= 256 {
        paths.push(format!("tile/1/000.p/{}", size / 256));
    }
    for path in paths {
        let file = folder.join(&path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, served(set, &path)).unwrap();
    }
}

/// A filing in the middle of a log; whether the host drops it; then an hour of ticks under witness.
fn filed(set: &TestApp, witnesses: &Witnesses, is_dropped: bool) -> String {
    let (western, mut days) = begin(set);
    for _ in 0..5 {
        ticks(set);
    }
    let reporter = files(&mut days, &western, 1, body(1));
    if is_dropped {
        let storage = set.database().open();
        storage.write_blocking(&[0; 16], lastlooks::storage::ledger::take_pending).unwrap();
    }
    for _ in 0..4 {
        ticks(set);
        witnesses.cosign(set);
    }
    text(&reporter.filed["promise"])
}

#[test]
fn a_host_that_dropped_a_report_is_convicted_by_its_promise_and_its_own_public_log() {
    let page = Page::open();
    on_each(|set| {
        let witnesses = Witnesses::new();
        let folder = kept(&filed(set, &witnesses, true), &witnesses);
        let (status, said) = judge(folder.path(), set.client().base_url());
        assert_eq!(status, Some(3), "{said}");
        assert!(
            said.contains("The host broke its promise: an entry that was promised is not in the log, as of"),
            "{said}"
        );
        // What was kept convicts it before the script and the page as well.
        let bundle = fs::read_to_string(folder.path().join("bundle.json")).unwrap();
        assert_eq!(agreed(&page, &bundle, Some(&witnesses)), 0);
        assert!(ours(&bundle, &witnesses.quorum()).1.iter().any(|line| line.contains("broke its promise")));
        // So does a mirror that somebody made, when the host is gone.
        let mirror = tempfile::tempdir().unwrap();
        mirrored(set, mirror.path());
        assert_eq!(judge(folder.path(), mirror.path().to_str().unwrap()), (status, said));
    });
}

#[test]
fn a_host_that_kept_its_promise_is_not_accused_and_without_witnesses_nobody_is() {
    on_each(|set| {
        let witnesses = Witnesses::new();
        let folder = kept(&filed(set, &witnesses, false), &witnesses);
        let (status, said) = judge(folder.path(), set.client().base_url());
        assert!(status == Some(0) && said.contains("The host's promise was kept as of"), "{said}");
        fs::write(folder.path().join("witnesses.txt"), "").unwrap();
        let (status, said) = judge(folder.path(), &format!("{}/ledger", set.client().base_url()));
        assert!(status == Some(2) && said.starts_with("Not witnessed"), "{said}");
    });
}

#[test]
fn a_changed_promise_and_a_changed_mirror_convict_nobody() {
    on_each(|set| {
        let witnesses = Witnesses::new();
        let note = filed(set, &witnesses, false);
        let folder = kept(&note.replace("level 1", "level 2"), &witnesses);
        let (status, said) = judge(folder.path(), set.client().base_url());
        assert!(status == Some(1) && said.contains("the promise"), "{said}");
        let folder = kept(&note, &witnesses);
        let mirror = tempfile::tempdir().unwrap();
        mirrored(set, mirror.path());
        let size = head(set).size;
        let file = mirror.path().join(format!("tile/entries/{:03}.p/{}", size / 256, size % 256));
        let mut bytes = fs::read(&file).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&file, bytes).unwrap();
        let (status, said) = judge(folder.path(), mirror.path().to_str().unwrap());
        assert_eq!(status, Some(1), "{said}");
    });
}
