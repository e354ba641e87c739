//! Who logs in, by what both sides show: Zeek's rules.

use std::collections::VecDeque;

use crate::login::{Handler, Login, Texts};

/// Lines of the server without a prompt after which there will be none.
const MAX_LINES: u32 = 50;

/// Lines of the server behind a prompt, and no failure among them, after which somebody is logged in.
const LOOKAHEAD: u32 = 10;

/// Lines of the client that are kept until it is known what they answer.
const MAX_TYPED: usize = 12;

/// Bytes that are kept of each. Stops lines that are not typed.
const MAX_TEXT: usize = 1024;

/// What VMS's clients send to have a line again.
const REPEAT: &[u8] = b"\x1b[A";

/// What stands for a name or a password that nobody typed.
const NONE: &[u8] = b"<none>";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Authenticate,
    LoggedIn,
    Skip,
    Confused,
}

/// A dialog.
#[derive(Debug, Default)]
pub(super) struct Dialog {
    state: State,
    typed: VecDeque<Vec<u8>>,
    /// Lines of the client, and of the server.
    user_lines: u32,
    scanned: u32,
    /// The lines of the client when the last failure was told.
    failed_at: Option<u32>,
    prompt_line: u32,
    failure_line: u32,
    is_vms: bool,
    ploy: bool,
    saw_nul: bool,
    pub client_user: Option<Vec<u8>>,
    pub user: Option<Vec<u8>>,
}

impl Dialog {
    /// A line of a side; `is_partial`: its connection was not seen from its beginning.
    pub fn line(&mut self, is_orig: bool, line: &[u8], is_partial: bool, handler: &mut impl Handler) {
        if line.contains(&0) {
            if !std::mem::replace(&mut self.saw_nul, true) {
                handler.weird("NUL_in_line");
            }
            let line: Vec<u8> = line.iter().copied().filter(|byte| *byte != 0).collect();
            return self.text(is_orig, &line, is_partial, handler);
        }
        self.text(is_orig, line, is_partial, handler);
    }

    fn text(&mut self, is_orig: bool, line: &[u8], is_partial: bool, handler: &mut impl Handler) {
        if self.state == State::Skip {
            return;
        }
        match is_orig {
            true => handler.input_line(line),
            false => handler.output_line(line),
        }
        if self.state == State::Authenticate {
            if !is_partial {
                return self.authenticate(is_orig, line, handler);
            }
            self.state = State::Confused;
        }
        if self.state != State::Confused {
            return;
        }
        if is_orig {
            self.is_ploy(line, handler);
            handler.confused_text(line);
        } else if !self.ploy && handler.find(Texts::Successes, line).is_some() {
            self.tell(true, line, true, handler);
            self.state = State::LoggedIn;
        }
    }

    /// A side has nothing more to say.
    pub fn end(&mut self, handler: &mut impl Handler) {
        if self.state == State::Authenticate && !self.typed.is_empty() {
            self.tell(true, b"<EOF>", true, handler);
            self.state = State::LoggedIn;
        }
    }

    /// A name that came before any prompt.
    pub fn says_user(&mut self, name: &[u8], handler: &mut impl Handler) {
        self.user_lines = self.user_lines.saturating_add(1);
        self.prompt_line = self.prompt_line.saturating_add(1);
        self.add(name, handler);
    }

    /// What a client says of where it is.
    pub fn set_env(&mut self, is_orig: bool, name: &[u8], value: &[u8], handler: &mut impl Handler) {
        match name {
            _ if !is_orig => self.confuse("responder_environment", name, handler),
            b"USER" => {
                if self.user.as_deref().is_some_and(|user| user != value) {
                    self.confuse("multiple_USERs", value, handler);
                }
                self.user = Some(short(value).to_vec());
            }
            b"TERM" => handler.terminal(value),
            b"DISPLAY" => handler.display(value),
            b"TTYPROMPT" => handler.prompt(value),
            _ => {}
        }
    }

    fn authenticate(&mut self, is_orig: bool, line: &[u8], handler: &mut impl Handler) {
        if is_orig {
            return self.typed(line, handler);
        }
        // Some systems send a lot of empty lines.
        if is_blank(line) {
            return;
        }
        self.scanned = self.scanned.saturating_add(1);
        if self.scanned > MAX_LINES && self.prompt_line == 0 && self.failure_line == 0 {
            self.confuse("no_login_prompt", line, handler);
        }
        let prompt = prompt_end(line, handler);
        let is_timeout = handler.find(Texts::Timeouts, line).is_some();
        let is_success = handler.find(Texts::Successes, line).is_some();
        if let Some(at) = prompt.filter(|_| !is_success && !is_timeout) {
            self.prompted(line, at, handler);
        } else if is_timeout || is_failure(line, handler) {
            // What a failure is told in may be several lines.
            if self.failed_at.is_none_or(|at| self.user_lines > at) {
                if is_timeout {
                    self.add(b"<timeout>", handler);
                }
                self.tell(false, line, false, handler);
            }
            (self.prompt_line, self.failure_line) = (self.scanned, self.scanned);
            self.failed_at = Some(self.user_lines);
        } else if handler.find(Texts::SkipAuthentication, line).is_some() {
            handler.skipped();
            self.state = State::Skip;
        } else if is_success
            || (self.prompt_line > 0 && self.scanned > self.prompt_line + LOOKAHEAD + self.waiting())
        {
            self.tell(true, line, false, handler);
            self.state = State::LoggedIn;
        }
    }

    fn waiting(&self) -> u32 {
        u32::try_from(self.typed.len()).unwrap_or(u32::MAX)
    }

    fn typed(&mut self, line: &[u8], handler: &mut impl Handler) {
        let repeat = if self.is_vms { find(line, REPEAT) } else { None };
        let mut again = None;
        if let Some(at) = repeat {
            if at + REPEAT.len() < line.len() {
                return self.confuse("extra_repeat_text", line, handler);
            }
            // The name is repeated, and not the line before, which would be the password.
            let Some(user) = self.user.clone() else {
                return self.confuse("repeat_without_username", line, handler);
            };
            if find(&user, REPEAT).is_some() {
                return self.confuse("username_with_embedded_repeat", &user, handler);
            }
            handler.input_line(&user);
            again = Some(user);
        }
        let line = again.as_deref().unwrap_or(line);
        self.user_lines = self.user_lines.saturating_add(1);
        if !self.is_ploy(line, handler) {
            self.add(line, handler);
        }
    }

    /// A line asks for a name; `at` is where the text ends that does.
    fn prompted(&mut self, line: &[u8], at: usize, handler: &mut impl Handler) {
        self.is_vms = find(line, b"Username:").is_some();
        // Each of several prompts takes a line that was typed before.
        let several_lines =
            self.prompt_line == self.scanned.saturating_sub(1) && self.prompt_line != self.failure_line;
        let mut at = at;
        loop {
            // What is typed ahead bounds the rounds.
            let next = line.get(at + 1..).and_then(|rest| Some(at + 1 + prompt_end(rest, handler)?));
            if next.is_none() && !several_lines {
                break;
            }
            let Some(typed) = self.typed.pop_front() else {
                self.confuse("multiple_login_prompts", line, handler);
                break;
            };
            if several_lines {
                break;
            }
            if !is_blank(&typed) {
                self.confuse("non_empty_multi_login", line, handler);
                break;
            }
            at = next.unwrap_or(at);
        }
        if self.state == State::Confused {
            return;
        }
        let user = line.get(at..).unwrap_or_default().trim_ascii_start();
        if !user.is_empty() && self.typed.is_empty() {
            self.add(user, handler);
        }
        self.prompt_line = self.scanned;
        if handler.find(Texts::DirectLoginPrompts, line).is_some() {
            self.tell(true, line, true, handler);
            self.state = State::Skip;
        }
    }

    fn tell(&mut self, success: bool, line: &[u8], no_user: bool, handler: &mut impl Handler) {
        if self.prompt_line > self.failure_line {
            while self.typed.front().is_some_and(|typed| is_blank(typed)) {
                self.typed.pop_front();
            }
            match self.typed.pop_front() {
                Some(user) => self.user = Some(user),
                None if no_user => self.user = Some(NONE.to_vec()),
                None => return self.confuse("no_username", line, handler),
            }
        } else if self.user.is_none() {
            // The password alone was asked for again.
            if !no_user {
                return self.confuse("no_username2", line, handler);
            }
            self.user = Some(NONE.to_vec());
        }
        let password = self.typed.pop_front();
        handler.login(
            success,
            &Login {
                user: self.user.as_deref().unwrap_or(NONE),
                client_user: self.client_user.as_deref().unwrap_or_default(),
                password: password.as_deref().unwrap_or(NONE),
                line,
            },
        );
    }

    fn confuse(&mut self, why: &'static str, line: &[u8], handler: &mut impl Handler) {
        self.state = State::Confused;
        handler.confused(why, line);
        for typed in std::mem::take(&mut self.typed) {
            handler.confused_text(&typed);
        }
        handler.confused_text(line);
    }

    /// A client says what servers say, so that who listens is misled.
    fn is_ploy(&mut self, line: &[u8], handler: &mut impl Handler) -> bool {
        let is = prompt_end(line, handler).is_some()
            || is_failure(line, handler)
            || handler.find(Texts::Successes, line).is_some()
            || handler.find(Texts::SkipAuthentication, line).is_some();
        if is {
            self.ploy = true;
            self.confuse("possible_login_ploy", line, handler);
        }
        is
    }

    fn add(&mut self, text: &[u8], handler: &mut impl Handler) {
        match self.typed.len() >= MAX_TYPED {
            true => self.confuse("excessive_typeahead", text, handler),
            false => self.typed.push_back(short(text).to_vec()),
        }
    }
}

fn short(text: &[u8]) -> &[u8] {
    text.get(..MAX_TEXT).unwrap_or(text)
}

fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}

fn is_failure(line: &[u8], handler: &impl Handler) -> bool {
    handler.find(Texts::Failures, line).is_some() && handler.find(Texts::NonFailures, line).is_none()
}

/// Where the prompt ends that is in a line: there are systems that say at once that a login failed.
fn prompt_end(line: &[u8], handler: &impl Handler) -> Option<usize> {
    handler.find(Texts::LoginPrompts, line).filter(|_| !is_failure(line, handler))
}

fn find(line: &[u8], what: &[u8]) -> Option<usize> {
    line.windows(what.len()).position(|part| part == what)
}
