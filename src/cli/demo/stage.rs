//! The stage of the demo: its folder, its database, its server and workers.

use std::{
    fs::{self, File, TryLockError},
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::{
    Args, cast,
    cast::Western,
    story::{self, Filed},
    telling,
};
use crate::{
    app::App,
    cli::{
        assemble::{self, Tables},
        logging, process, serve,
    },
    config::{LogFormat, LogLevel, Settings, Sources, read_file},
    entropy::SystemEntropy,
    sealing::receipt::Receipt,
};

/// What marks a folder as the demo's, so that starting over removes nothing else.
const MARK: &str = "demo.json";
/// Locked while a demo runs in the folder.
const LOCK: &str = "demo.lock";

/// Sets the stage, plays the story, and serves on unless it is for once.
///
/// # Errors
/// As [`super::run`].
pub(super) fn play(args: &Args, out: &mut dyn Write) -> anyhow::Result<()> {
    logging::start(LogFormat::Text, LogLevel::Warn)?;
    process::harden()?;
    let listener = TcpListener::bind(args.listen).with_context(|| {
        format!("cannot listen on {}; choose another address with --listen 127.0.0.1:0", args.listen)
    })?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let (dir, _lock) = clear(&args.dir)?;
    let app = assemble::open_app(settings(&dir, &base_url)?, Tables::Migrate)?;
    writeln!(out, "Setting up a western with fifteen people (a few seconds) …")?;
    actix_web::rt::System::new().block_on(async {
        let western = gather(&app, out).await?;
        let running = serve::start(&app, Some(listener), serve::Role::All, None)?;
        write_json(&dir, &base_url, &western)?;
        telling::table(&base_url, &dir.join("mail").display().to_string(), &western, out)?;
        let (western, filed) = perform(&base_url, western, out).await?;
        if !args.once {
            invite(&base_url, &western, &filed, out)?;
            serve::told_to_stop().await?;
        }
        running.stop().await;
        Ok(())
    })
}

async fn gather(app: &App, out: &mut dyn Write) -> anyhow::Result<Western> {
    let western = cast::assemble(app, |name| {
        // A closed terminal shows itself at the next line that matters.
        let _ = write!(out, "{name} ").and_then(|()| out.flush());
    });
    let western = western.await?;
    writeln!(out)?;
    Ok(western)
}

/// Plays the story on a thread of its own, as any client would, and prints what it tells as it comes.
async fn perform(base_url: &str, western: Western, out: &mut dyn Write) -> anyhow::Result<(Western, Vec<Filed>)> {
    let (lines, heard) = mpsc::channel::<Vec<u8>>();
    let base_url = base_url.to_owned();
    let story = thread::spawn(move || {
        let filed = story::tell(&base_url, &western, &SystemEntropy, &mut Lines(lines));
        filed.map(|filed| (western, filed))
    });
    while !story.is_finished() {
        print(&heard, out)?;
        actix_web::rt::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    print(&heard, out)?;
    match story.join() {
        Ok(told) => told,
        Err(_) => bail!("the story broke off"),
    }
}

fn print(heard: &mpsc::Receiver<Vec<u8>>, out: &mut dyn Write) -> std::io::Result<()> {
    for line in heard.try_iter() {
        out.write_all(&line)?;
    }
    out.flush()
}

/// Hands what is written on to the thread that owns the terminal.
struct Lines(mpsc::Sender<Vec<u8>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(|_| std::io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn invite(base_url: &str, western: &Western, filed: &[Filed], out: &mut dyn Write) -> anyhow::Result<()> {
    let entropy: &dyn crate::entropy::Entropy = &SystemEntropy;
    let new = Receipt::new(entropy.bytes()).hex().to_string();
    let old = filed.last().context("nothing was filed")?;
    telling::curl_lines(base_url, western, &new, &old.receipt, out)?;
    out.flush()?;
    Ok(())
}

/// The folder, empty: an earlier demo in it is removed, anything else is left alone. It is the demo's as long as the file
/// is open: two at once would take the database from under each other.
fn clear(dir: &Path) -> anyhow::Result<(PathBuf, File)> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    let dir = dir.canonicalize()?;
    let mut others = fs::read_dir(&dir)?.filter_map(Result::ok).filter(|entry| entry.file_name() != LOCK);
    if others.next().is_some() && !dir.join(MARK).exists() {
        bail!("{} is not empty and holds no earlier demo; choose another folder with --dir", dir.display());
    }
    let lock = lock(&dir)?;
    // The mark is made first and removed last, so that a demo that broke off can be started over.
    fs::write(dir.join(MARK), "{}\n")?;
    for name in ["lastlooks.db", "lastlooks.db-wal", "lastlooks.db-shm", "secrets.toml", "checkpoint"] {
        remove(&dir.join(name))?;
    }
    let mail = dir.join("mail");
    if mail.exists() {
        fs::remove_dir_all(&mail).with_context(|| format!("cannot remove the earlier {}", mail.display()))?;
    }
    Ok((dir, lock))
}

/// Takes the folder, or says that somebody has it. The system lets go of it when the process ends, however it does.
fn lock(dir: &Path) -> anyhow::Result<File> {
    let file = File::create(dir.join(LOCK)).with_context(|| format!("cannot write to {}", dir.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("a demo runs in {} already; stop it, or choose another folder with --dir", dir.display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", dir.display())),
    }
}

fn remove(file: &Path) -> anyhow::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove the earlier {}", file.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The settings of the demo, whatever the environment says: it touches nothing outside its folder.
fn settings(dir: &Path, base_url: &str) -> anyhow::Result<Settings> {
    let set = |name: &str, value: String| (name.to_owned(), value);
    let environment = vec![
        set("LASTLOOKS_DATA_DIR", dir.display().to_string()),
        set("LASTLOOKS_PUBLIC_URL", base_url.to_owned()),
        set("LASTLOOKS_RUN_BY", "This demo, on your own machine".to_owned()),
        set("LASTLOOKS_LEDGER_TICK_SECONDS", "1".to_owned()),
        set("LASTLOOKS_MAIL_PER_HOST_PER_MINUTE", "100000".to_owned()),
    ];
    Ok(Settings::read(Sources { file: None, environment, files: &read_file })?)
}

fn write_json(dir: &Path, base_url: &str, western: &Western) -> anyhow::Result<()> {
    let document = json!({
        "base_url": base_url,
        "crew_code": western.crew_code,
        "mail_dir": dir.join("mail").display().to_string(),
        "production": cast::SLUG,
        "members": western.members,
    });
    let text = serde_json::to_string_pretty(&document)? + "\n";
    fs::write(dir.join(MARK), text).with_context(|| format!("cannot write {}", dir.join(MARK).display()))
}
