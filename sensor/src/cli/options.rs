//! `Name::option=value` on the command line.

use nightjar_script::{Assignment, Class};

use crate::config::options::{self, OptionDef};

/// The option of the sensor that a word sets; none where a script declares it.
pub(super) fn of_sensor(word: &str) -> Option<&'static OptionDef> {
    options::find(Assignment::of(word).name)
}

/// What is wrong with all of them together: no option has two values.
pub(super) fn contradiction<'a>(words: impl Iterator<Item = &'a String>) -> Option<String> {
    let set: Vec<Assignment<'_>> =
        words.map(|word| Assignment::of(word)).filter(|assignment| assignment.class == Class::Set).collect();
    let second = set.iter().enumerate().find_map(|(nth, assignment)| {
        set[..nth].iter().find(|other| other.name == assignment.name && other.value != assignment.value)
    });
    second.map(|other| format!("{} is set twice, to different values", other.name))
}

/// Why an assignment to no option cannot be carried out.
pub(super) fn unknown_assignment(word: &str) -> String {
    let name = Assignment::of(word).name;
    let distance = |known: &str| strsim::damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase());
    match options::all().map(|option| (distance(option.name), option.name)).min() {
        Some((distance, known)) if distance <= known.len() / 3 => {
            format!("unknown option {name}; did you mean {known}?")
        }
        _ => format!("unknown option {name}; docs/options.md names those of the sensor"),
    }
}

/// Why a value cannot be what an option is set to.
pub(super) fn refused(word: &str) -> String {
    if let Some((why, false)) = options::ignored_because(Assignment::of(word).name) {
        return format!("{word}: {} cannot be obeyed: {why}", Assignment::of(word).name);
    }
    match of_sensor(word) {
        Some(option) => format!("{word}: {} {}", option.name, option.expected()),
        None => format!("{word}: that is no value for it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_has_one_value() {
        let of = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            contradiction(words.iter())
        };
        assert_eq!(of(&["a=1", "b=2", "a = 1", "a+=3"]), None);
        assert_eq!(of(&["a=1", "b=2", "a = 2"]).as_deref(), Some("a is set twice, to different values"));
    }

    #[test]
    fn unknown_options_get_a_suggestion() {
        let told = unknown_assignment("logascii::use_jsn=T");
        assert_eq!(told, "unknown option logascii::use_jsn; did you mean LogAscii::use_json?");
        assert!(unknown_assignment("frobnicate=1").contains("docs/options.md"));
    }
}
