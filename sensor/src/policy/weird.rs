//! weird.log: oddities, each told once.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;

use crate::event::{About, ConnId, Weird};
use crate::record::{Uid, record};
use crate::time::{Interval, Time};

record! {
    /// Something that traffic should not do, or that is at least unusual.
    pub struct WeirdRow<'a> in "weird",
        summary ["{name} {id.orig_h}:{id.orig_p} -> {id.resp_h}:{id.resp_p}", "{name} {addl?}"]
    {
        /// When it was noticed.
        ts: Time = "ts",
        /// The connection it is about.
        uid: Option<Uid> = "uid",
        orig_h: Option<IpAddr> = "id.orig_h",
        orig_p: Option<u16> = "id.orig_p",
        resp_h: Option<IpAddr> = "id.resp_h",
        resp_p: Option<u16> = "id.resp_p",
        /// Zeek's name for it.
        name: &'a str = "name",
        /// More about it.
        addl: Option<&'a str> = "addl",
        /// Whether it was raised as a notice too.
        notice: bool = "notice",
        /// The sensor that noticed.
        peer: &'a str = "peer" as "string &default=peer_description",
        /// The analyzer that noticed.
        source: Option<&'a str> = "source",
    }
}

/// What is done about an oddity (Zeek's `Weird::Action`): what is logged or noticed "every time" is still told
/// once only in [`REPEAT_AFTER`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    Ignore,
    #[default]
    Log,
    LogOnce,
    LogPerConn,
    LogPerOrig,
    Notice,
    NoticeOnce,
    NoticePerConn,
    NoticePerOrig,
}

impl Action {
    fn is_notice(self) -> bool {
        matches!(self, Action::Notice | Action::NoticeOnce | Action::NoticePerConn | Action::NoticePerOrig)
    }
}

/// What scripts say is done about oddities.
#[derive(Debug, Default)]
pub struct Settings {
    /// What is not named is logged.
    pub actions: HashMap<String, Action>,
    /// Hosts whose oddities are not told, by name of the oddity.
    pub ignored_hosts: HashMap<String, HashSet<IpAddr>>,
    /// Oddities whose repetitions are told too.
    pub repeating: HashSet<String>,
}

/// Without scripts.
const ACTIONS: &[(&str, Action)] = &[
    ("DNS_label_forward_compress_offset", Action::LogPerOrig),
    ("DNS_label_len_gt_name_len", Action::LogPerOrig),
    ("DNS_label_len_gt_pkt", Action::LogPerOrig),
    ("DNS_label_too_long", Action::LogPerOrig),
    ("FIN_after_reset", Action::Ignore),
    ("FIN_storm", Action::NoticePerOrig),
    ("SYN_after_partial", Action::NoticePerOrig),
    ("SYN_with_data", Action::LogPerOrig),
    ("UDP_datagram_length_mismatch", Action::LogPerOrig),
    ("bad_ICMP_checksum", Action::LogPerOrig),
    ("bad_IP_checksum", Action::LogPerOrig),
    ("bad_TCP_checksum", Action::LogPerOrig),
    ("bad_UDP_checksum", Action::LogPerOrig),
    ("connection_originator_SYN_ack", Action::LogPerOrig),
    ("excessively_small_fragment", Action::LogPerOrig),
    ("fragment_inconsistency", Action::LogPerOrig),
    ("fragment_overlap", Action::LogPerOrig),
    ("fragment_size_inconsistency", Action::LogPerOrig),
    ("simultaneous_open", Action::LogPerConn),
    ("spontaneous_FIN", Action::Ignore),
    ("spontaneous_RST", Action::Ignore),
    ("unsolicited_SYN_response", Action::Ignore),
];

/// Every other oddity is told once in this time for the same ends (`Weird::weird_ignore`) …
const REPEAT_AFTER: Interval = Interval::from_secs(10 * 60);
/// … and the limited ones of [`ACTIONS`] once in this (`Weird::did_log`).
const LIMITED_AFTER: Interval = Interval::from_secs(24 * 60 * 60);
/// Checksum errors are worth counting: every one is told (`Weird::weird_do_not_ignore_repeats`).
const REPEATING: &[&str] = &["bad_IP_checksum", "bad_TCP_checksum", "bad_UDP_checksum", "bad_ICMP_checksum"];

#[derive(Default)]
pub(super) struct Weirds {
    /// None without scripts.
    settings: Option<Settings>,
    recent: Recent,
    limited: Recent,
    suppressed: u64,
}

/// What two weirds have in common that are told once only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Repetition {
    name: String,
    about: Subject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Nothing,
    Hosts(IpAddr, IpAddr),
    Conn(ConnId),
    Originator(IpAddr),
}

impl Weirds {
    pub fn suppressed(&self) -> u64 {
        self.suppressed
    }

    /// From here on scripts decide.
    pub fn set(&mut self, settings: Settings) {
        self.settings = Some(settings);
    }

    fn action(&self, name: &str) -> Action {
        match &self.settings {
            Some(settings) => settings.actions.get(name).copied().unwrap_or_default(),
            None => {
                let at = ACTIONS.binary_search_by_key(&name, |(name, _)| name);
                at.map_or(Action::default(), |at| ACTIONS[at].1)
            }
        }
    }

    fn is_of_ignored_host(&self, weird: &Weird) -> bool {
        let Some(hosts) = self.settings.as_ref().and_then(|set| set.ignored_hosts.get(&weird.name[..]))
        else {
            return false;
        };
        match &weird.about {
            About::Nothing => false,
            About::Hosts(src, dst) => hosts.contains(src) || hosts.contains(dst),
            About::Conn(_, id, _) => hosts.contains(&id.orig_h) || hosts.contains(&id.resp_h),
        }
    }

    fn repeats(&self, name: &str) -> bool {
        match &self.settings {
            Some(settings) => settings.repeating.contains(name),
            None => REPEATING.contains(&name),
        }
    }

    /// The row that an oddity gives, if it is worth one.
    pub fn take<'w>(&mut self, weird: &'w Weird, now: Time) -> Option<WeirdRow<'w>> {
        let name = &weird.name[..];
        let action = self.action(name);
        let (subject, originator) = match weird.about {
            About::Nothing => (Subject::Nothing, Subject::Nothing),
            About::Hosts(src, dst) => (Subject::Hosts(src, dst), Subject::Originator(src)),
            About::Conn(_, id, _) => (Subject::Conn(id), Subject::Originator(id.orig_h)),
        };
        let this = Repetition { name: name.to_owned(), about: subject };
        self.recent.forget_before(now, REPEAT_AFTER);
        self.limited.forget_before(now, LIMITED_AFTER);
        if action == Action::Ignore || self.recent.contains(&this) || self.is_of_ignored_host(weird) {
            self.suppressed += 1;
            return None;
        }
        let limit = match action {
            Action::LogOnce | Action::NoticeOnce => Some(Subject::Nothing),
            Action::LogPerConn | Action::NoticePerConn => Some(subject),
            Action::LogPerOrig | Action::NoticePerOrig => Some(originator),
            Action::Log | Action::Notice | Action::Ignore => None,
        };
        if let Some(about) = limit
            && !self.limited.add(Repetition { name: name.to_owned(), about }, now)
        {
            self.suppressed += 1;
            return None;
        }
        if !self.repeats(name) {
            self.recent.add(this, now);
        }
        Some(row(weird, now, action.is_notice()))
    }
}

fn row(weird: &Weird, now: Time, notice: bool) -> WeirdRow<'_> {
    let (uid, id) = match weird.about {
        About::Nothing => (None, None),
        // Ends of no connection are shown with port 0.
        About::Hosts(orig_h, resp_h) => (None, Some(ConnId { orig_h, orig_p: 0, resp_h, resp_p: 0 })),
        About::Conn(uid, id, _) => (Some(uid), Some(id)),
    };
    let filled = |text| Some(text).filter(|text: &&str| !text.is_empty());
    WeirdRow {
        ts: now,
        uid,
        orig_h: id.map(|id| id.orig_h),
        orig_p: id.map(|id| id.orig_p),
        resp_h: id.map(|id| id.resp_h),
        resp_p: id.map(|id| id.resp_p),
        name: &weird.name,
        addl: filled(&weird.addl),
        notice,
        peer: "zeek",
        source: filled(weird.source),
    }
}

/// What was told lately. An attacker can make up any number of ends; the oldest are forgotten.
#[derive(Default)]
struct Recent {
    set: HashSet<Repetition>,
    by_age: VecDeque<(Time, Repetition)>,
}

impl Recent {
    const MAX: usize = 200_000;

    fn contains(&self, this: &Repetition) -> bool {
        self.set.contains(this)
    }

    /// Remembers `this`; false where it was remembered already.
    fn add(&mut self, this: Repetition, now: Time) -> bool {
        if !self.set.insert(this.clone()) {
            return false;
        }
        self.by_age.push_back((now, this));
        if self.by_age.len() > Recent::MAX {
            self.forget_first();
        }
        true
    }

    fn forget_before(&mut self, now: Time, age: Interval) {
        while self.by_age.front().is_some_and(|(added, _)| now - *added >= age) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, oldest)) = self.by_age.pop_front() {
            self.set.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_sorted_to_be_found() {
        assert!(ACTIONS.is_sorted_by_key(|(name, _)| *name));
    }

    /// Zeek text and the table here say the same.
    #[test]
    fn actions_are_those_of_the_script() {
        let text = include_str!("../../../scripts/base/frameworks/weird.zeek");
        for (name, action) in ACTIONS {
            let action = match action {
                Action::Ignore => "IGNORE",
                Action::LogPerConn => "LOG_PER_CONN",
                Action::LogPerOrig => "LOG_PER_ORIG",
                Action::NoticePerOrig => "NOTICE_PER_ORIG",
                other => panic!("{other:?} is not in the table"),
            };
            assert!(text.contains(&format!("[\"{name}\"] = ACTION_{action},")), "{name}");
        }
        REPEATING.iter().for_each(|name| assert!(text.contains(&format!("\"{name}\","))));
    }

    #[test]
    fn repetitions_are_forgotten_by_age_and_by_number() {
        let mut recent = Recent::default();
        let at = |secs: i64| Time::from_nanos(secs * 1_000_000_000);
        let this = |n: u32| Repetition { name: n.to_string(), about: Subject::Nothing };
        assert!(recent.add(this(1), at(0)) && !recent.add(this(1), at(1)));
        recent.forget_before(at(599), REPEAT_AFTER);
        assert!(recent.contains(&this(1)));
        recent.forget_before(at(600), REPEAT_AFTER);
        assert!(!recent.contains(&this(1)));
        (0..=Recent::MAX as u32).for_each(|n| assert!(recent.add(this(n), at(1))));
        assert!(!recent.contains(&this(0)) && recent.contains(&this(1)));
        assert_eq!(recent.set.len(), Recent::MAX);
    }
}
