//! `Name::option=value` on the command line: Zeek's options that have a meaning here.

use std::path::PathBuf;

use nightjar_protocols::files::Hashing;

use crate::config::{Config, Nets};
use crate::record::{Format, JsonTime};
use crate::time::Interval;

/// What the options set.
#[derive(Default)]
pub(super) struct Settings {
    pub config: Config,
    pub logdir: Option<PathBuf>,
    json: bool,
    json_time: Option<JsonTime>,
}

/// An option: its name, and what its value does.
type Option_ = (&'static str, fn(&mut Settings, &str) -> Result<(), String>);

const OPTIONS: &[Option_] = &[
    ("LogAscii::use_json", |s, v| {
        s.json = boolean(v)?;
        Ok(())
    }),
    ("LogAscii::json_timestamps", |s, v| {
        s.json_time = Some(match v {
            "JSON::TS_EPOCH" => JsonTime::Epoch,
            "JSON::TS_MILLIS" => JsonTime::Millis,
            "JSON::TS_ISO8601" => JsonTime::Iso8601,
            _ => return Err("is one of JSON::TS_EPOCH, JSON::TS_MILLIS, JSON::TS_ISO8601".to_owned()),
        });
        Ok(())
    }),
    ("Log::default_logdir", |s, v| {
        s.logdir = Some(PathBuf::from(text(v)));
        Ok(())
    }),
    ("Site::local_nets", |s, v| {
        for net in list(v) {
            s.config.local_nets.insert(net.parse().map_err(|_| format!("'{net}' is no subnet"))?);
        }
        Ok(())
    }),
    ("Site::private_address_space_is_local", |s, v| {
        if !boolean(v)? {
            s.config.local_nets = Nets::new([]);
        }
        Ok(())
    }),
    ("Files::hash", |s, v| {
        s.config.file_hashing = hashing(v)?;
        Ok(())
    }),
    ("HTTP::default_capture_password", |s, v| {
        s.config.capture_passwords = boolean(v)?;
        Ok(())
    }),
    ("ignore_checksums", |s, v| {
        s.config.ignore_checksums = boolean(v)?;
        Ok(())
    }),
    ("tcp_inactivity_timeout", |s, v| set(&mut s.config.timeouts.tcp_inactivity, v)),
    ("udp_inactivity_timeout", |s, v| set(&mut s.config.timeouts.udp_inactivity, v)),
    ("icmp_inactivity_timeout", |s, v| set(&mut s.config.timeouts.icmp_inactivity, v)),
    ("tcp_SYN_timeout", |s, v| set(&mut s.config.timeouts.tcp_syn_timeout, v)),
    ("tcp_session_timer", |s, v| set(&mut s.config.timeouts.tcp_session_timer, v)),
    ("tcp_connection_linger", |s, v| set(&mut s.config.timeouts.tcp_connection_linger, v)),
    ("tcp_attempt_delay", |s, v| set(&mut s.config.timeouts.tcp_attempt_delay, v)),
    ("tcp_close_delay", |s, v| set(&mut s.config.timeouts.tcp_close_delay, v)),
    ("dns_session_timeout", |s, v| set(&mut s.config.timeouts.dns_session, v)),
];

/// The name in an assignment, without the `+` of `+=`.
pub(super) fn name_of(assignment: &str) -> Option<&str> {
    assignment.split_once('=').map(|(name, _)| name.trim().trim_end_matches('+'))
}

/// Whether an assignment is to one of the options here, and not to one that a script declares.
pub(super) fn is_ours(assignment: &str) -> bool {
    name_of(assignment).is_some_and(|name| OPTIONS.iter().any(|(known, _)| *known == name))
}

/// Whether a word on the command line sets an option; a script's path may hold a `=` as well.
pub(super) fn is_assignment(word: &str) -> bool {
    name_of(word).is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
    })
}

impl Settings {
    /// To be changed from what these are.
    pub fn of(config: Config) -> Self {
        Settings { config, ..Settings::default() }
    }

    /// Carries out one `Name=value`.
    pub fn assign(&mut self, assignment: &str) -> Result<(), String> {
        let Some((name, value)) = assignment.split_once('=') else {
            return Err(format!("'{assignment}' is neither an option nor NAME=VALUE (see --help)"));
        };
        let name = name.trim().trim_end_matches('+');
        let Some((_, set)) = OPTIONS.iter().find(|(known, _)| *known == name) else {
            return Err(unknown(name));
        };
        set(self, value.trim()).map_err(|why| format!("{name}={value}: {why}"))?;
        if !name.starts_with("LogAscii::") {
            return Ok(());
        }
        if self.json {
            self.config.format = Format::Json(self.json_time.unwrap_or(JsonTime::Epoch));
        } else {
            self.config.format = Format::Tsv;
        }
        Ok(())
    }
}

/// Why an assignment cannot be carried out.
pub(super) fn unknown_assignment(assignment: &str) -> String {
    unknown(name_of(assignment).unwrap_or(assignment))
}

fn unknown(name: &str) -> String {
    let nearest = OPTIONS
        .iter()
        .map(|(known, _)| (strsim::damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase()), *known))
        .min();
    match nearest {
        Some((distance, known)) if distance <= known.len() / 3 => {
            format!("unknown option {name}; did you mean {known}?")
        }
        _ => {
            let names: Vec<&str> = OPTIONS.iter().map(|(name, _)| *name).collect();
            format!("unknown option {name}; there are {}", names.join(", "))
        }
    }
}

fn boolean(value: &str) -> Result<bool, String> {
    match value {
        "T" | "true" => Ok(true),
        "F" | "false" => Ok(false),
        _ => Err("is T or F".to_owned()),
    }
}

/// Digests by name: `md5,sha1,sha256`, or none.
fn hashing(value: &str) -> Result<Hashing, String> {
    let mut hashing = Hashing::NONE;
    for name in list(value) {
        match name {
            "md5" => hashing.md5 = true,
            "sha1" => hashing.sha1 = true,
            "sha256" => hashing.sha256 = true,
            _ => return Err(format!("'{name}' is none of md5, sha1, sha256")),
        }
    }
    Ok(hashing)
}

/// A string, with or without the quotes of a script.
fn text(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

/// The elements of `{a, b}`, or of a list without braces.
fn list(value: &str) -> impl Iterator<Item = &str> {
    let inner = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(value);
    inner.split(',').map(str::trim).filter(|element| !element.is_empty())
}

fn set(target: &mut Interval, value: &str) -> Result<(), String> {
    *target = interval(value).ok_or("is a time such as 90secs, 5 min or 1.5hrs")?;
    Ok(())
}

/// An interval as scripts write it: a number and usec, msec, sec, min, hr or day.
fn interval(value: &str) -> Option<Interval> {
    let digits = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let unit = unit.trim();
    let seconds = match unit.strip_suffix('s').filter(|unit| !unit.is_empty()).unwrap_or(unit) {
        "usec" => 1e-6,
        "msec" => 1e-3,
        "sec" | "" => 1.0,
        "min" => 60.0,
        "hr" => 3600.0,
        "day" => 86400.0,
        _ => return None,
    };
    let nanos = number * seconds * 1e9;
    (nanos <= 1e18).then_some(Interval::from_nanos(nanos as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_as_scripts_write_them() {
        for (text, expected) in [
            ("90secs", Some(90_000)),
            ("5 min", Some(300_000)),
            ("1.5hrs", Some(5_400_000)),
            ("250msecs", Some(250)),
            ("3", Some(3_000)),
            ("1day", Some(86_400_000)),
            ("5 parsecs", None),
            ("sec", None),
            ("-1sec", None),
        ] {
            assert_eq!(interval(text), expected.map(Interval::from_millis), "{text}");
        }
    }

    #[test]
    fn unknown_options_and_values_are_refused_with_a_suggestion() {
        let mut settings = Settings::default();
        assert_eq!(
            settings.assign("logascii::use_jsn=T").unwrap_err(),
            "unknown option logascii::use_jsn; did you mean LogAscii::use_json?"
        );
        assert_eq!(
            settings.assign("LogAscii::use_json=yes").unwrap_err(),
            "LogAscii::use_json=yes: is T or F"
        );
        assert!(settings.assign("Site::local_nets={10.0.0.0/33}").unwrap_err().contains("no subnet"));
        assert!(settings.assign("Files::hash=md5,sha3").unwrap_err().contains("'sha3' is none of"));
        assert!(settings.assign("frobnicate").unwrap_err().contains("NAME=VALUE"));
    }

    #[test]
    fn digests_are_asked_for_by_name() {
        let mut settings = Settings::default();
        settings.assign("Files::hash={sha256, md5}").unwrap();
        assert_eq!(settings.config.file_hashing, Hashing { md5: true, sha1: false, sha256: true });
    }

    #[test]
    fn formats_are_chosen_in_any_order() {
        let mut settings = Settings::default();
        settings.assign("LogAscii::json_timestamps=JSON::TS_ISO8601").unwrap();
        assert_eq!(settings.config.format, Format::Tsv);
        settings.assign("LogAscii::use_json=T").unwrap();
        assert_eq!(settings.config.format, Format::Json(JsonTime::Iso8601));
    }
}
