//! Looks for a mark in the logs of proxies.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use super::finding::Finding;

/// Where proxies usually log.
const USUAL: [&str; 7] = [
    "/var/log/nginx",
    "/var/log/caddy",
    "/var/log/apache2",
    "/var/log/httpd",
    "/var/log/traefik",
    "/var/log/lighttpd",
    "/var/log/haproxy.log",
];
/// What was written just now stands at the end. Bytes.
const TAIL: u64 = 4 << 20;
/// Folders in folders that are looked through.
const DEEPEST: u8 = 2;

/// Looks for the mark in the usual places and in those that were named.
pub(super) fn look(named: &[PathBuf], mark: &str) -> Finding {
    let places = USUAL.iter().map(PathBuf::from).chain(named.iter().cloned());
    let mut files = Vec::new();
    for place in places {
        files_below(&place, DEEPEST, &mut files);
    }
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for file in &files {
        match lines_with(file, mark) {
            Ok(lines) if lines.is_empty() => {}
            Ok(lines) => found.push(format!("{} ({})", file.display(), lines.join(", "))),
            Err(_) => unreadable.push(file.display().to_string()),
        }
    }
    let elsewhere = elsewhere(mark);
    if !found.is_empty() {
        return Finding::failed(
            "proxy logs",
            format!("requests of the crew are logged: {}", found.join("; ")),
            "switch the access log off for these addresses (README, \"Behind a proxy\"), and delete what was logged",
        );
    }
    let looked = files.len() - unreadable.len();
    if !unreadable.is_empty() {
        let says = format!("these cannot be read by this user: {}", unreadable.join(", "));
        return Finding::warning("proxy logs", says, elsewhere);
    }
    let says = format!("the mark {mark} stands in none of {looked} log files on this machine");
    Finding { to_do: Some(elsewhere), ..Finding::ok("proxy logs", says) }
}

/// Where this program cannot look.
fn elsewhere(mark: &str) -> String {
    format!(
        "look for the mark wherever else a proxy, a load balancer or a CDN before this host logs; it must not be there:\n\
         journalctl --since -5min | grep {mark}\n\
         docker compose logs --since 5m | grep {mark}\n\
         grep -r {mark} LOGS"
    )
}

fn files_below(place: &Path, depth: u8, files: &mut Vec<PathBuf>) {
    if place.is_file() {
        files.push(place.to_owned());
        return;
    }
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let is_old = path.extension().is_some_and(|ending| ["gz", "xz", "zst"].iter().any(|old| ending == *old));
        if path.is_dir() && depth > 0 {
            files_below(&path, depth - 1, files);
        } else if path.is_file() && !is_old {
            files.push(path);
        }
    }
}

/// The addresses with the mark that the end of a file holds, each once.
fn lines_with(file: &Path, mark: &str) -> io::Result<Vec<String>> {
    let mut file = File::open(file)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let marked = text.lines().filter(|line| line.contains(mark)).filter_map(|line| address(line, mark));
    let mut found: Vec<String> = marked.collect();
    found.sort();
    found.dedup();
    Ok(found)
}

/// The path before the mark, of whatever shape the line is.
fn address(line: &str, mark: &str) -> Option<String> {
    let before = line.split(mark).next()?;
    let path = before.rsplit(|c: char| c.is_whitespace() || c == '"').next()?;
    Some(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_found_in_lines_of_any_shape_with_the_address_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("access.log");
        fs::write(
            &file,
            "10.0.0.9 - - [x] \"GET /v1/inbox/mark-7 HTTP/1.1\" 404\n{\"uri\":\"/a/mark-7\",\"ip\":\"10.0.0.9\"}\nother\n",
        )
        .unwrap();
        assert_eq!(lines_with(&file, "mark-7").unwrap(), ["/a/", "/v1/inbox/"]);
        assert_eq!(lines_with(&file, "mark-8").unwrap(), Vec::<String>::new());
    }
}
