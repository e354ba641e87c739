//! The names of what rdp.log shows, as scripts have them: they are read from the tables of `rdp.zeek`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A table, and what stands in front of a number that it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Names {
    pub table: &'static str,
    other: &'static str,
}

pub(super) const BUILDS: Names = Names { table: "builds", other: "client_build" };
pub(super) const PROTOCOLS: Names = Names { table: "security_protocols", other: "security_protocol" };
pub(super) const FAILURES: Names = Names { table: "failure_codes", other: "failure_code" };
pub(super) const CERTIFICATES: Names = Names { table: "cert_types", other: "cert_type" };
pub(super) const METHODS: Names = Names { table: "encryption_methods", other: "encryption_method" };
pub(super) const LEVELS: Names = Names { table: "encryption_levels", other: "encryption_level" };
pub(super) const COLORS: Names = Names { table: "high_color_depths", other: "high_color_depth" };
pub(super) const RESULTS: Names = Names { table: "results", other: "result" };
const KEYBOARDS: Names = Names { table: "languages", other: "keyboard" };

static TABLES: LazyLock<HashMap<(&'static str, u32), String>> = LazyLock::new(|| {
    let (mut names, mut table) = (HashMap::new(), "");
    for line in include_str!("rdp.zeek").lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("const ") {
            table = rest.split(':').next().unwrap_or_default();
        } else if let Some((number, name)) = line.strip_prefix('[').and_then(|line| line.split_once("] = \""))
            && let (Ok(number), Some(name)) = (number.parse(), name.strip_suffix("\","))
        {
            names.insert((table, number), name.replace("\\t", "\t"));
        }
    }
    names
});

impl Names {
    fn known(self, number: u32) -> Option<&'static str> {
        TABLES.get(&(self.table, number)).map(String::as_str)
    }

    pub fn of(self, number: u32) -> Cow<'static, str> {
        let other = || Cow::Owned(format!("{}-{number}", self.other));
        self.known(number).map_or_else(other, Cow::Borrowed)
    }
}

/// The name of a keyboard; of one that has none the language, where there is one for it.
pub(super) fn keyboard(number: u32) -> Cow<'static, str> {
    match (KEYBOARDS.known(number), KEYBOARDS.known(number & 0xffff)) {
        (None, Some(language)) => Cow::Owned(format!("{language} (Best Guess for {number})")),
        _ => KEYBOARDS.of(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_script() {
        let all = [BUILDS, PROTOCOLS, FAILURES, CERTIFICATES, METHODS, LEVELS, COLORS, RESULTS, KEYBOARDS];
        for names in all {
            assert!(TABLES.keys().any(|(table, _)| *table == names.table), "{}", names.table);
        }
        assert_eq!(
            (&*BUILDS.of(419), &*PROTOCOLS.of(8), &*RESULTS.of(9)),
            ("RDP 4.0", "HYBRID_EX", "result-9")
        );
        assert_eq!((&*keyboard(1033), &*keyboard(3179)), ("English - United States", "Quecha - Peru\tCB"));
        assert_eq!(keyboard(0x0006_0409), "English - United States (Best Guess for 394249)");
        assert_eq!(keyboard(1), "keyboard-1");
    }
}
