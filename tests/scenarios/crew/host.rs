//! The program itself, as a host runs it: commands, a process that serves, its log in a file.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{TestDatabase, client::Client};

/// A host with its own folder.
pub struct Host {
    /// Its database.
    pub database: TestDatabase,
    folder: tempfile::TempDir,
    starts: usize,
    serving: Option<Child>,
}

impl Host {
    /// A host on this database, with secrets and an operator who was never asked in.
    pub fn on(database: TestDatabase) -> Self {
        let host = Self::before_init(database);
        host.runs(&["init", "--operator", "host@host.test", "--json"]);
        host
    }

    /// As [`Host::on`], without secrets and without an operator.
    pub fn before_init(database: TestDatabase) -> Self {
        Self { database, folder: tempfile::tempdir().unwrap(), starts: 0, serving: None }
    }

    /// Runs a command that prints JSON.
    #[track_caller]
    pub fn runs(&self, arguments: &[&str]) -> Value {
        let done = self.tries(arguments, &[]);
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).unwrap()
    }

    /// Runs a command with further settings, however it ends.
    pub fn tries(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
        self.command().args(arguments).envs(settings.iter().copied()).output().unwrap()
    }

    /// Runs a command that reads this.
    pub fn reads(&self, arguments: &[&str], input: Stdio) -> Output {
        self.command().args(arguments).stdin(input).output().unwrap()
    }

    /// Runs a command that is refused; answers what it says.
    #[track_caller]
    pub fn refuses(&self, arguments: &[&str]) -> String {
        let done = self.tries(arguments, &[]);
        assert_eq!(done.status.code(), Some(1), "{arguments:?}: {}", String::from_utf8_lossy(&done.stdout));
        String::from_utf8(done.stderr).unwrap()
    }

    /// Where it keeps secrets, mail and logs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes the western with a steward's and a safety desk; answers the crew code.
    #[track_caller]
    pub fn makes_western(&self) -> String {
        self.makes_western_with(&[])
    }

    /// As [`Host::makes_western`], with further options of `production create`.
    #[track_caller]
    pub fn makes_western_with(&self, options: &[&str]) -> String {
        let create = ["production", "create", "--name", "Western", "--slug", "western", "--json"];
        let made = self.runs(&[create.as_slice(), options].concat());
        for (name, side, level) in
            [("Steward", "union", "1"), ("Safety", "production", "1"), ("Office", "production", "2")]
        {
            let desk = ["desk", "add", "--production", "western", "--name", name, "--side", side, "--level", level];
            self.runs(&[desk.as_slice(), &["--json"]].concat());
        }
        made["crew_code"].as_str().unwrap().to_owned()
    }

    /// Prints an invitation; answers its code.
    #[track_caller]
    pub fn invites(&self, desk: &str, email: &str, role: &str) -> String {
        let invite = ["member", "invite", "--production", "western", "--desk", desk, "--email", email, "--role", role];
        let invited = self.runs(&[invite.as_slice(), &["--json"]].concat());
        invited["invitation_code"].as_str().unwrap().to_owned()
    }

    fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_lastlooks");
        // A disk that is full is played by a limit on files, whose signal would end a process that does not ignore it.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", program]);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, value) in [
            ("LASTLOOKS_DATABASE_URL", self.database.url()),
            ("LASTLOOKS_DATA_DIR", self.folder.path().to_str().unwrap()),
            ("LASTLOOKS_LISTEN", "127.0.0.1:0"),
            ("LASTLOOKS_METRICS_LISTEN", "127.0.0.1:0"),
            ("LASTLOOKS_PUBLIC_URL", "http://western.test"),
            ("LASTLOOKS_LOG_LEVEL", "trace"),
        ] {
            command.env(name, value);
        }
        command
    }

    /// Starts serving; answers a client.
    #[track_caller]
    pub fn serves(&mut self) -> Client {
        self.serves_with(&[])
    }

    /// As [`Host::serves`], with further settings.
    #[track_caller]
    pub fn serves_with(&mut self, settings: &[(&str, &str)]) -> Client {
        self.starts += 1;
        let (out, log) = (self.file("out"), self.file("log"));
        let made = |path: &PathBuf| Stdio::from(File::create(path).unwrap());
        self.serving = Some(
            self.command()
                .arg("serve")
                .envs(settings.iter().copied())
                .stdout(made(&out))
                .stderr(made(&log))
                .spawn()
                .unwrap(),
        );
        let address = soon("the service listens", || {
            let said = fs::read_to_string(&out).unwrap();
            said.lines().find_map(|line| line.strip_prefix("listening on ").map(str::to_owned))
        });
        Client::new(&address)
    }

    fn file(&self, kind: &str) -> PathBuf {
        self.folder.path().join(format!("serve-{}.{kind}", self.starts))
    }

    /// Tells the service to stop and waits for its end.
    pub fn stops(&mut self) -> ExitStatus {
        kill_process(self.pid(), Signal::TERM).unwrap();
        self.ends()
    }

    /// Waits for the end of a service that was told to stop.
    pub fn ends(&mut self) -> ExitStatus {
        self.serving.take().unwrap().wait().unwrap()
    }

    /// The process that serves.
    pub fn pid(&self) -> Pid {
        Pid::from_child(self.serving.as_ref().unwrap())
    }

    /// What the metrics of the service show now; kept beside its logs, to be searched as they are.
    pub fn metrics(&self) -> String {
        let address = soon("the metrics listen", || {
            let said = fs::read_to_string(self.file("out")).unwrap();
            said.lines().find_map(|line| line.strip_prefix("metrics on ").map(str::to_owned))
        });
        let shown = Client::new(address.trim_end_matches("/metrics")).send("GET", "/metrics", &[], None);
        assert_eq!(shown.status, 200);
        fs::write(self.file("metrics"), &shown.body).unwrap();
        shown.text()
    }

    /// What every start of the service wrote, log and output.
    pub fn logs(&self) -> String {
        self.log_files().iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    /// The files with the log and the output of every start.
    pub fn log_files(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("serve-")).collect()
    }

    /// The folder of the mails.
    pub fn mail_folder(&self) -> PathBuf {
        self.folder.path().join("mail")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            drop(serving.kill());
            drop(serving.wait());
        }
    }
}

/// What somebody waits for, at most about a minute.
#[track_caller]
pub fn soon<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = look() {
            return found;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("in vain: {what}")
}
