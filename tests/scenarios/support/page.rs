//! The page that checks proofs, in a real browser where there is one, else its script in Node.
//!
//! The page is the file as it is served, opened from the disk; what it says is asked over the browser's own pipe.

use std::{
    cell::RefCell,
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify.html");
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// The page's script with nothing to show: a line in, a line out.
const NODE: &str = r#"
globalThis.document = { getElementById: () => ({ addEventListener() {} }) };
const page = require("fs").readFileSync(process.argv[1], "utf8");
const check = new Function(page.match(/<script>([\s\S]*?)<\/script>/)[1] + "; return check;")();
require("readline").createInterface({ input: process.stdin }).on("line", async (line) => {
  const [bundle, witnesses] = JSON.parse(line);
  console.log(JSON.stringify(await check(bundle, witnesses)));
});
"#;

/// The page, open.
pub struct Page {
    engine: RefCell<Engine>,
    child: Child,
    /// What it is on, with its version.
    pub name: String,
}

enum Engine {
    Browser { pipe: Pipe, session: String, _folder: tempfile::TempDir },
    Node { to: std::process::ChildStdin, from: BufReader<std::process::ChildStdout> },
}

/// The browser's debugging pipe: JSON, each message ended by a zero byte.
struct Pipe {
    to: File,
    from: BufReader<File>,
    next: u64,
}

impl Page {
    /// Opens the page; the output of the test says on what.
    pub fn open() -> Self {
        let page = BROWSERS.iter().find_map(|browser| Some(in_browser(browser, version(browser)?))).or_else(in_node);
        let page = page.expect("neither chromium nor node is installed; tests/run installs chromium");
        println!("the page on {}", page.name);
        page
    }

    /// What the page says of a bundle: its status and its lines.
    pub fn checks(&self, bundle: &str, witnesses: &str) -> (i32, Vec<String>) {
        let said = match &mut *self.engine.borrow_mut() {
            Engine::Browser { pipe, session, .. } => {
                let expression = format!("check({}, {})", json!(bundle), json!(witnesses));
                pipe.evaluates(session, &expression)
            }
            Engine::Node { to, from } => {
                writeln!(to, "{}", json!([bundle, witnesses])).unwrap();
                let mut line = String::new();
                from.read_line(&mut line).unwrap();
                serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"))
            }
        };
        let lines = said["lines"].as_array().unwrap_or_else(|| panic!("{said}"));
        let lines = lines.iter().map(|line| line.as_str().unwrap().to_owned()).collect();
        (i32::try_from(said["status"].as_i64().unwrap()).unwrap(), lines)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn in_browser(program: &str, name: String) -> Page {
    let folder = tempfile::tempdir().unwrap();
    let pipe = |name: &str| folder.path().join(name);
    let made = Command::new("mkfifo").args([pipe("in"), pipe("out")]).status().unwrap();
    assert!(made.success());
    // The shell gives the browser its third and fourth file; no sandbox, because root may run this.
    let shell = r#"exec "$0" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --remote-debugging-pipe --user-data-dir="$1/profile" about:blank 3<"$1/in" 4>"$1/out""#;
    let child = Command::new("sh")
        .args(["-c", shell, program])
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let to = OpenOptions::new().write(true).open(pipe("in")).unwrap();
    let from = BufReader::new(File::open(pipe("out")).unwrap());
    let mut pipe = Pipe { to, from, next: 0 };
    let session = pipe.opens(Path::new(FILE));
    Page { engine: RefCell::new(Engine::Browser { pipe, session, _folder: folder }), child, name }
}

fn in_node() -> Option<Page> {
    let name = format!("Node {}", version("node")?);
    // Node makes whatever pipes it inherits answer "try again" when they are full: the tests' own output would break off.
    let mut child = Command::new("node")
        .args(["-e", NODE, FILE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    Some(Page { engine: RefCell::new(Engine::Node { to, from }), child, name })
}

impl Pipe {
    /// Opens a file in a page of its own; gives the page's session, once its script is there.
    fn opens(&mut self, file: &Path) -> String {
        let url = format!("file://{}", file.display());
        let target = self.asks("", "Target.createTarget", &json!({ "url": url }))["targetId"].clone();
        let attached = self.asks("", "Target.attachToTarget", &json!({ "targetId": target, "flatten": true }));
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        while self.evaluates(&session, "typeof check") != "function" {}
        session
    }

    fn evaluates(&mut self, session: &str, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.asks(session, "Runtime.evaluate", &asked);
        assert!(answer["exceptionDetails"].is_null(), "{answer}");
        answer["result"]["value"].clone()
    }

    fn asks(&mut self, session: &str, method: &str, params: &Value) -> Value {
        self.next += 1;
        let mut message = json!({ "id": self.next, "method": method, "params": params });
        if !session.is_empty() {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut answer = Vec::new();
            self.from.read_until(0, &mut answer).unwrap();
            assert_eq!(answer.pop(), Some(0), "the browser is gone");
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            if answer["id"] == self.next {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }
}
