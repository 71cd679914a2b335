//! Marks: texts and bytes that stand nowhere else, and the search for them in every shape that they might be kept in.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::PathBuf,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use crate::crew::mark;

/// How much of a pattern is looked up at once; no pattern is shorter.
const HEAD_BYTES: usize = 8;

/// What was said in confidence.
#[derive(Debug, Default)]
pub struct Marks {
    marks: Vec<Mark>,
}

#[derive(Debug)]
struct Mark {
    name: String,
    bytes: Vec<u8>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Sealed: it can be read where sealing is off.
    Word,
    /// Sealed and erased later: a database's log may hold what was sealed for a while.
    TakenBack,
    /// Kept in no form, sealed or not.
    Secret,
}

impl Marks {
    /// A free text that somebody writes: with letters that JSON escapes.
    pub fn text(&mut self, name: &str) -> String {
        let text = format!("{} \"é\\字\n{}", mark(&letters(name)), mark("end"));
        self.add(name, text.as_bytes(), Kind::Word);
        text
    }

    /// As [`Marks::text`], on one line.
    pub fn line(&mut self, name: &str) -> String {
        let line = format!("{} \"é\\字 {}", mark(&letters(name)), mark("end"));
        self.add(name, line.as_bytes(), Kind::Word);
        line
    }

    /// A free text of a report that is taken back.
    pub fn taken_back(&mut self, name: &str) -> String {
        let text = mark(&letters(name));
        self.add(name, text.as_bytes(), Kind::TakenBack);
        text
    }

    /// A code of a form.
    pub fn code(&mut self, name: &str) -> String {
        let code = mark(&name[..name.len().min(10)]);
        self.add(name, code.as_bytes(), Kind::Word);
        code
    }

    /// Something that is stored in no form, sealed or not.
    pub fn secret(&mut self, name: &str) -> String {
        let text = mark(&letters(name));
        self.hides(name, text.as_bytes());
        text
    }

    /// This is stored in no form.
    pub fn hides(&mut self, name: &str, bytes: &[u8]) {
        self.add(name, bytes, Kind::Secret);
    }

    /// A receipt: its bytes, its digits, its words, and each four words in a row.
    pub fn receipt(&mut self, name: &str) -> String {
        let digits = crate::crew::new_receipt();
        let bytes: [u8; 16] = hex::decode(&digits).unwrap().try_into().unwrap();
        self.hides(&format!("{name}, bytes"), &bytes);
        self.hides(&format!("{name}, digits"), digits.as_bytes());
        let words = lastlooks::sealing::receipt::Receipt::new(bytes).words();
        self.twelve_words(name, &words);
        digits
    }

    /// Twelve words, and each four of them in a row.
    pub fn twelve_words(&mut self, name: &str, words: &str) {
        let words: Vec<&str> = words.split(' ').collect();
        assert_eq!(words.len(), 12);
        for four in words.windows(4) {
            self.hides(&format!("{name}, words"), four.join(" ").as_bytes());
        }
    }

    fn add(&mut self, name: &str, bytes: &[u8], kind: Kind) {
        assert!(bytes.len() >= HEAD_BYTES, "{name} could be found by chance");
        self.marks.push(Mark { name: name.to_owned(), bytes: bytes.to_vec(), kind });
    }

    /// The names of all words.
    pub fn words(&self) -> BTreeSet<String> {
        self.marks.iter().filter(|mark| mark.kind == Kind::Word).map(|mark| mark.name.clone()).collect()
    }

    /// Which marks these files hold, in what form, where.
    pub fn found_in(&self, files: &[PathBuf]) -> Vec<String> {
        search(files, self.marks.iter()).into_iter().map(|(name, form)| format!("{name}: {form}")).collect()
    }

    /// Which secrets these files hold.
    pub fn secrets_found_in(&self, files: &[PathBuf]) -> Vec<String> {
        let secrets = self.marks.iter().filter(|mark| mark.kind == Kind::Secret);
        search(files, secrets).into_iter().map(|(name, form)| format!("{name}: {form}")).collect()
    }

    /// The names of the words that these files hold.
    pub fn words_found_in(&self, files: &[PathBuf]) -> BTreeSet<String> {
        search(files, self.marks.iter().filter(|mark| mark.kind == Kind::Word))
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }
}

fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// A mark and how it would look.
struct Pattern {
    name: String,
    form: &'static str,
    bytes: Vec<u8>,
}

fn search<'m>(files: &[PathBuf], marks: impl Iterator<Item = &'m Mark>) -> BTreeSet<(String, String)> {
    let patterns: Vec<Pattern> = marks.flat_map(forms).collect();
    let mut by_head: HashMap<[u8; HEAD_BYTES], Vec<&Pattern>> = HashMap::new();
    let mut begins = vec![false; 1 << 16];
    for pattern in &patterns {
        begins[usize::from(u16::from_be_bytes([pattern.bytes[0], pattern.bytes[1]]))] = true;
        by_head.entry(*pattern.bytes.first_chunk().unwrap()).or_default().push(pattern);
    }
    let mut found = BTreeSet::new();
    for file in files {
        // A file may go while the service still runs.
        let Ok(bytes) = fs::read(file) else { continue };
        for (at, head) in bytes.array_windows::<HEAD_BYTES>().enumerate() {
            if !begins[usize::from(u16::from_be_bytes([head[0], head[1]]))] {
                continue;
            }
            let hits =
                by_head.get(head).into_iter().flatten().filter(|pattern| bytes[at..].starts_with(&pattern.bytes));
            found.extend(hits.map(|hit| (hit.name.clone(), format!("{} in {}", hit.form, file.display()))));
        }
    }
    found
}

/// Plain, hex, base64 at three alignments in both alphabets, JSON escapes, percent escapes.
fn forms(mark: &Mark) -> Vec<Pattern> {
    let bytes = &mark.bytes;
    let mut forms = vec![("plain", bytes.clone()), ("hex", hex::encode(bytes).into_bytes())];
    forms.push(("upper-case hex", hex::encode_upper(bytes).into_bytes()));
    for shift in 0..3 {
        forms.push((
            "base64",
            within(&STANDARD_NO_PAD.encode([&vec![0; shift], bytes.as_slice()].concat()), shift, bytes),
        ));
        forms.push((
            "base64url",
            within(&URL_SAFE_NO_PAD.encode([&vec![0; shift], bytes.as_slice()].concat()), shift, bytes),
        ));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let json = serde_json::to_string(text).unwrap();
        let in_json = serde_json::to_string(&json).unwrap();
        forms.push(("JSON", json[1..json.len() - 1].into()));
        forms.push(("JSON in JSON", in_json[3..in_json.len() - 3].into()));
        forms.push(("\\u escapes", escaped(text, |unit| format!("\\u{unit:04x}"))));
        forms.push(("\\U escapes", escaped(text, |unit| format!("\\u{unit:04X}"))));
        forms.push(("an address", form_urlencoded::byte_serialize(bytes).collect::<String>().into()));
        forms.push(("lower case", text.to_lowercase().into()));
        forms.push(("upper case", text.to_uppercase().into()));
        forms.push(("Debug", text.escape_debug().to_string().into()));
    }
    forms.dedup_by(|a, b| a.1 == b.1);
    let pattern = |(form, bytes): (&'static str, Vec<u8>)| Pattern { name: mark.name.clone(), form, bytes };
    forms.into_iter().map(pattern).collect()
}

/// Every letter as an escape.
fn escaped(text: &str, escape: impl Fn(u16) -> String) -> Vec<u8> {
    text.encode_utf16().map(escape).collect::<Vec<_>>().concat().into_bytes()
}

/// The characters of an encoded text that do not depend on what stands before and after it.
fn within(encoded: &str, shift: usize, bytes: &[u8]) -> Vec<u8> {
    let (begin, end) = ((shift * 8).div_ceil(6), (shift + bytes.len()) * 8 / 6);
    encoded.as_bytes()[begin..end].to_vec()
}

#[test]
fn the_search_finds_each_form_wherever_it_stands() {
    let mut marks = Marks::default();
    let text = marks.text("said");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    let said = [b"before".as_slice(), text.as_bytes(), b"behind"];
    for skipped in 0..3 {
        let whole = said.concat()[skipped..].to_vec();
        let json = serde_json::json!({ "text": text }).to_string();
        for kept in [
            whole.clone(),
            hex::encode(&whole).into_bytes(),
            hex::encode_upper(&whole).into_bytes(),
            STANDARD_NO_PAD.encode(&whole).into_bytes(),
            URL_SAFE_NO_PAD.encode(&whole).into_bytes(),
            serde_json::json!({ "body": json }).to_string().into_bytes(),
            json.into_bytes(),
        ] {
            fs::write(&file, &kept).unwrap();
            assert!(!marks.found_in(std::slice::from_ref(&file)).is_empty(), "{}", String::from_utf8_lossy(&kept));
        }
    }
    fs::write(&file, &text[1..]).unwrap();
    assert_eq!(marks.found_in(&[file]), Vec::<String>::new());
}
