//! A host that keeps what scripts print: for tests, here and in crates that embed the language.

use crate::diag::Diag;
use crate::host::Host;
use crate::source::Sources;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

#[derive(Default)]
struct Kept {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    pictures: String,
    files: HashMap<String, Vec<u8>>,
    scripts: HashMap<String, String>,
    now: f64,
}

/// Keeps everything; reads scripts only from what it was given.
#[derive(Default)]
pub struct TestHost(Rc<RefCell<Kept>>);

/// A handle on what a [`TestHost`] kept.
#[derive(Clone)]
pub struct TestOutput(Rc<RefCell<Kept>>);

impl TestHost {
    pub fn output(&self) -> TestOutput {
        TestOutput(self.0.clone())
    }

    /// Makes a script loadable by this path.
    pub fn add_script(&self, path: &str, text: &str) {
        self.0.borrow_mut().scripts.insert(path.to_string(), text.to_string());
    }

    pub fn set_now(&self, now: f64) {
        self.0.borrow_mut().now = now;
    }
}

impl TestOutput {
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow().stdout).into_owned()
    }

    /// Messages, one a line, as Zeek words them.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow().stderr).into_owned()
    }

    /// The caret pictures of all messages.
    pub fn pictures(&self) -> String {
        self.0.borrow().pictures.clone()
    }

    pub fn file(&self, name: &str) -> Option<String> {
        self.0.borrow().files.get(name).map(|b| String::from_utf8_lossy(b).into_owned())
    }
}

impl Host for TestHost {
    fn stdout(&mut self, bytes: &[u8]) {
        self.0.borrow_mut().stdout.extend_from_slice(bytes);
    }

    fn stderr(&mut self, bytes: &[u8]) {
        self.0.borrow_mut().stderr.extend_from_slice(bytes);
    }

    fn report(&mut self, d: &Diag, line: &str, sources: &Sources) {
        let mut k = self.0.borrow_mut();
        k.stderr.extend_from_slice(line.as_bytes());
        k.stderr.push(b'\n');
        let picture = d.picture(sources);
        k.pictures.push_str(&picture);
    }

    fn now(&mut self) -> f64 {
        self.0.borrow().now
    }

    fn open(&mut self, name: &str, append: bool) -> std::io::Result<()> {
        let mut k = self.0.borrow_mut();
        let f = k.files.entry(name.to_string()).or_default();
        if !append {
            f.clear();
        }
        Ok(())
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        match self.0.borrow_mut().files.get_mut(name) {
            Some(f) => {
                f.extend_from_slice(bytes);
                Ok(())
            }
            None => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
        }
    }

    fn close(&mut self, name: &str) -> bool {
        self.0.borrow().files.contains_key(name)
    }

    fn read_script(&mut self, path: &str) -> Option<String> {
        let path = path.strip_prefix("./").unwrap_or(path);
        self.0.borrow().scripts.get(path).cloned()
    }

    fn is_dir(&mut self, path: &str) -> bool {
        let path = path.strip_prefix("./").unwrap_or(path);
        let dir = format!("{path}/");
        self.0.borrow().scripts.keys().any(|k| k.starts_with(&dir))
    }

    fn env(&mut self, name: &str) -> Option<String> {
        // Tests look at what happens after an error in `zeek_init`.
        (name == "ZEEK_ALLOW_INIT_ERRORS").then(|| "1".to_string())
    }
}
