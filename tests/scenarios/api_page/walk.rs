//! A walk along the page: blocks of commands are run by a shell, blocks behind them hold what came.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use lastlooks::domain::time::Seconds;
use serde_json::Value;
use ureq::http::StatusCode;

use super::layout::{fits, laid_out};
use crate::{
    ledger::turns,
    support::{app::TestApp, days::Days, western::Western},
};

/// Where the service of the page listens, to its readers.
const SHOWN_AT: &str = "127.0.0.1:8080";

/// Every command tells on the side which route answered what. Variables and functions are kept from block to block.
const SHELL: &str = "
set -a
curl() { command curl --max-time 60 -w '%{stderr}%{http_code} %{method} %{url_effective}\\n' \"$@\"; }
if [ -f state ]; then . ./state; fi
";
const KEEP: &str = "
{ export -p; declare -f; } > state
";

/// One reader with a shell.
pub struct Walk<'a> {
    set: &'a TestApp,
    days: Days<'a>,
    folder: PathBuf,
    asked: Vec<(String, String)>,
}

impl<'a> Walk<'a> {
    /// At the beginning of the page: everybody sits at their desk, and nothing was filed.
    pub fn begin(set: &'a TestApp, western: &Western<'a>) -> Self {
        let folder = set.folder().join("reader");
        fs::create_dir(&folder).unwrap();
        let walk = Self { set, days: Days::of(set), folder, asked: Vec::new() };
        let invitation = western.invites("Safety", "dora@western.test", &["safety_contact"]);
        let words = western.line_producer().recovery_words.unwrap();
        let given = format!(
            "BASE={} CODE={} PRODUCTION={} INVITATION={invitation} WORDS='{words}' MAIL={}\n",
            set.client().base_url(),
            western.crew_code,
            western.id,
            set.folder().join("mail").display(),
        );
        walk.runs(&given);
        walk
    }

    fn runs(&self, block: &str) -> Output {
        let mut shell = Command::new("bash");
        shell.args(["-euo", "pipefail", "-c", &format!("{SHELL}{block}{KEEP}")]).current_dir(&self.folder);
        shell.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", &self.folder);
        let output = shell.output().expect("bash and curl are there");
        assert!(output.status.success(), "{block}\n{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// The page as this walk found it: what fits is left as it stands.
    pub fn page(&mut self, page: &str) -> String {
        let mut told = String::new();
        let mut lines = page.lines();
        let mut came: Option<Vec<String>> = None;
        while let Some(line) = lines.next() {
            told.push_str(line);
            told.push('\n');
            match line {
                "```sh" => {
                    let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                    let block = block.join("\n");
                    came = Some(self.answer(&block));
                    told.push_str(&[block.as_str(), "\n```\n"].concat());
                }
                "```http" => {
                    let shown: Vec<String> =
                        lines.by_ref().take_while(|line| *line != "```").map(str::to_owned).collect();
                    let came = came.take().expect("an answer stands behind its command");
                    let kept = if fits(&shown, &came) { shown } else { came };
                    told.push_str(&[kept.join("\n").as_str(), "\n```\n"].concat());
                }
                other => self.waits(other),
            }
        }
        told
    }

    /// A remark such as `<!-- 20 minutes -->` lets time pass, and mail and ledger catch up.
    fn waits(&mut self, line: &str) {
        let Some(minutes) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" minutes -->")) else {
            return;
        };
        let minutes = minutes.parse().expect("a number of minutes");
        self.days.until(self.set.now().plus(Seconds::minutes(minutes)));
        turns(self.set);
    }

    /// Runs a block; gives the status of its last request, and the body.
    fn answer(&mut self, block: &str) -> Vec<String> {
        let output = self.runs(block);
        let requests = String::from_utf8(output.stderr).unwrap();
        let mut last = None;
        for request in requests.lines() {
            let mut words = request.split(' ');
            let (Some(status), Some(method), Some(url)) = (words.next(), words.next(), words.next()) else { continue };
            let path = url.strip_prefix(self.set.client().base_url()).unwrap_or(url);
            self.asked.push((method.to_owned(), path.split('?').next().unwrap_or(path).to_owned()));
            last = status.parse::<u16>().ok();
        }
        let status = StatusCode::from_u16(last.expect("a request was sent")).unwrap();
        let host = self.set.client().base_url().trim_start_matches("http://").to_owned();
        let body = String::from_utf8_lossy(&output.stdout).replace(&host, SHOWN_AT);
        let mut lines = vec![status.to_string()];
        let body = laid_out(&body);
        if !body.is_empty() {
            lines.push(String::new());
            lines.extend(body);
        }
        lines
    }

    /// Operations of the document that no command of the page called.
    pub fn untold(&self, document: &Value) -> Vec<String> {
        let operations = document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        });
        let untold = operations.filter(|(method, path)| !self.asked.iter().any(|(m, p)| m == method && is_at(path, p)));
        untold.map(|(method, path)| format!("{method} {path}")).collect()
    }
}

/// Whether an address is one of a template's. The path of a tile has several parts.
fn is_at(template: &str, address: &str) -> bool {
    let (template, address): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), address.split('/').collect());
    let fit = template.iter().zip(&address).all(|(t, a)| t == a || t.starts_with('{') && !a.is_empty());
    fit && (template.len() == address.len() || template.last() == Some(&"{path}") && address.len() > template.len())
}
