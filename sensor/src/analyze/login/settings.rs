//! What Telnet, rlogin and rsh are told. This file is a part of `config` (tools/lists), which reads options.

use std::collections::BTreeSet;
use std::sync::Arc;

use nightjar_script::value::{Modifiers, Pattern};

use crate::config::options::{OptionDef, Value};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub skip_authentication: Known,
    pub direct_login_prompts: Known,
    pub login_prompts: Known,
    pub login_non_failure_msgs: Known,
    pub login_failure_msgs: Known,
    pub login_success_msgs: Known,
    pub login_timeouts: Known,
}

/// Patterns, and all of them as one.
#[derive(Clone, Debug, Default)]
pub struct Known {
    texts: Arc<BTreeSet<String>>,
    /// Each worker compiles it.
    pattern: Option<Arc<str>>,
}

impl Known {
    /// All as one pattern; `None` where there are none.
    pub fn compile(&self) -> Option<Pattern> {
        Pattern::new(self.pattern.as_deref()?.as_bytes(), Modifiers::default()).ok()
    }

    fn set(&mut self, value: &Value) -> Result<(), String> {
        let texts = value.texts()?;
        let all = texts.iter().map(|text| format!("({text})")).collect::<Vec<_>>().join("|");
        let pattern = (!texts.is_empty()).then(|| Arc::from(all.as_str()));
        let known = Known { texts: Arc::new(texts.clone()), pattern };
        if known.pattern.is_some() && known.compile().is_none() {
            return Err("has a member that is no pattern".to_owned());
        }
        *self = known;
        Ok(())
    }

    fn get(&self) -> Value {
        Value::Texts((*self.texts).clone())
    }
}

macro_rules! texts {
    ($name:literal, $field:ident, $doc:literal) => {
        OptionDef::engine(
            $name,
            "set[string]",
            $doc,
            |config| config.protocols.login.$field.get(),
            |config, value| config.protocols.login.$field.set(value),
        )
        .global()
        .key("login", $name)
    };
}

/// As scripts, the command line and the configuration file set them. Each is a set of patterns, as Zeek's are, and empty
/// at first.
pub const OPTIONS: &[OptionDef] = &[
    texts!("skip_authentication", skip_authentication, "Lines of servers on which nobody has to log in."),
    texts!(
        "direct_login_prompts",
        direct_login_prompts,
        "Prompts behind which nobody is asked for a password."
    ),
    texts!("login_prompts", login_prompts, "What asks for a user's name."),
    texts!(
        "login_non_failure_msgs",
        login_non_failure_msgs,
        "What looks as if a login had failed, and is something else."
    ),
    texts!("login_failure_msgs", login_failure_msgs, "What tells that a login failed."),
    texts!("login_success_msgs", login_success_msgs, "What tells that a login succeeded."),
    texts!("login_timeouts", login_timeouts, "What tells that a login took too long."),
];
