//! The table of settings: names, meanings and defaults in one place.

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Its name in `lastlooks.toml`; in the environment `LASTLOOKS_` and the name in upper case.
    pub name: &'static str,
    /// Its default in words, as the documentation shows it.
    pub default: &'static str,
    /// What it means, one sentence.
    pub meaning: &'static str,
}

const fn key(name: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key { name, default, meaning }
}

/// Every setting there is.
///
/// Source: architecture.md, "Settings and commands whose names are fixed".
pub const KEYS: [Key; 16] = [
    key("database_url", "sqlite:data/lastlooks.db", "where the data is: sqlite:<file> or postgres://…"),
    key("listen", "127.0.0.1:8080", "address and port of the service"),
    key("metrics_listen", "127.0.0.1:9090", "address and port of the metrics"),
    key("public_url", "http:// and the value of listen", "how people reach this host, printed in mails and posters"),
    key("run_by", "nobody named", "who runs this host, shown on the crew's first screen"),
    key("security_contact", "the address of mail_from", "whom to tell of a hole: an address, mailto: or https://…"),
    key("data_dir", "data", "folder of secrets, database and mail"),
    key("mail_url", "folder:data/mail", "where mail goes: smtp://, smtps://, folder:<dir> or log:"),
    key("mail_from", "Last Looks <lastlooks@localhost>", "sender of every mail"),
    key("secrets_file", "data/secrets.toml", "file with the four secrets, readable by its owner alone"),
    key("log", "text", "shape of the log lines: text or json"),
    key("log_level", "info", "the least serious lines logged: error, warn, info, debug or trace"),
    key("ledger_tick_seconds", "900", "seconds between two integrations of the ledger, 1 to 1800"),
    key("witnesses", "none", "who cosigns the ledger: lines of union, production or other, a verifier key, an address"),
    key("mail_per_host_per_minute", "600", "mails that one mail server is given in a minute, 1 to 100000"),
    key("password_permits", "2", "passwords hashed at the same time, each taking 64 MiB, 1 to 64"),
];

/// Variables that begin with `LASTLOOKS_` and are no settings: the address of a server that the tests use.
pub(super) const NOT_SETTINGS: [&str; 1] = ["LASTLOOKS_TEST_POSTGRES"];

/// The setting with this name, as the table spells it.
pub(super) fn known(name: &str) -> Option<&'static str> {
    KEYS.iter().map(|key| key.name).find(|known| *known == name)
}

/// The known name closest to a misspelt one, if at most a third of it is wrong.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let (distance, key) = KEYS.iter().map(|key| (distance(name, key.name), key.name)).min()?;
    (distance * 3 <= key.len()).then_some(key)
}

/// Letters to insert, drop or replace to turn one text into the other.
///
/// Source: Wagner and Fischer, "The String-to-String Correction Problem", 1974.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_letters_to_change() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("listen", "listen"), 0);
    }
}
