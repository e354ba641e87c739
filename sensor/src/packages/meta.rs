//! `zkg.meta`: what a package says of itself.

use std::collections::BTreeMap;
use std::path::Path;

/// Longer files are none that people write.
const MAX_META: u64 = 1 << 20;

/// What is asked of `[package]` in `zkg.meta`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    keys: BTreeMap<String, String>,
}

/// Something that a package needs, and in which version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub name: String,
    /// `>=4.0.0`, `*`, …
    pub version: String,
}

impl Meta {
    /// Reads `zkg.meta`, or `bro-pkg.meta` of older packages.
    pub fn of(folder: &Path) -> Result<Meta, String> {
        let names = ["zkg.meta", "bro-pkg.meta"];
        let Some(path) = names.iter().map(|name| folder.join(name)).find(|path| path.is_file()) else {
            return Err(format!("{} is no package: it has no zkg.meta", folder.display()));
        };
        let size = std::fs::metadata(&path).map_or(0, |meta| meta.len());
        if size > MAX_META {
            return Err(format!("{} has more than {MAX_META} bytes", path.display()));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Meta::parse(&text))
    }

    /// Lines of `key = value` below `[package]`; what is indented belongs to the value before it.
    fn parse(text: &str) -> Meta {
        let (mut keys, mut inside, mut last) = (BTreeMap::<String, String>::new(), false, None);
        for line in text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
            let trimmed = line.trim();
            if let Some(section) = trimmed.strip_prefix('[') {
                (inside, last) = (section.trim_end_matches(']').trim() == "package", None);
            } else if line.starts_with([' ', '\t']) && !trimmed.is_empty() {
                if let Some(value) = last.as_ref().and_then(|key| keys.get_mut(key)) {
                    value.push('\n');
                    value.push_str(trimmed);
                }
            } else if let Some((key, value)) = line.split_once(['=', ':'])
                && inside
            {
                let key = key.trim().to_lowercase();
                keys.insert(key.clone(), value.trim().to_owned());
                last = Some(key);
            }
        }
        Meta { keys }
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn description(&self) -> &str {
        self.get("description").and_then(|text| text.lines().next()).unwrap_or_default()
    }

    /// The folder with its scripts, within it.
    pub fn script_dir(&self) -> &str {
        self.get("script_dir").unwrap_or(".")
    }

    pub fn test_command(&self) -> Option<&str> {
        self.get("test_command")
    }

    /// Why nothing of it could run, if it is made of machine code.
    pub fn compiled(&self) -> Option<String> {
        self.get("build_command").map(|command| {
            format!("it is a compiled plug-in (build_command = {command}), which is machine code for Zeek")
        })
    }

    /// What it needs: a name and a version on each line.
    pub fn needs(&self) -> Vec<Need> {
        let lines = self.get("depends").unwrap_or_default().lines();
        let words = lines.flat_map(str::split_whitespace).collect::<Vec<_>>();
        let pairs = words.chunks(2).filter_map(|pair| {
            Some(Need {
                name: (*pair.first()?).to_owned(),
                version: (*pair.get(1).unwrap_or(&"*")).to_owned(),
            })
        });
        pairs.collect()
    }
}

impl Need {
    /// Of Zeek, or of its package manager, rather than of a package.
    pub fn is_of_zeek(&self) -> bool {
        matches!(self.name.as_str(), "zeek" | "bro" | "zkg" | "bro-pkg")
    }

    /// The name that the package has once it is installed.
    pub fn package(&self) -> &str {
        package_name(&self.name)
    }

    /// Whether a version will do. What is not understood does.
    pub fn is_met_by(&self, version: &str) -> bool {
        self.version.split(',').all(|wanted| {
            let wanted = wanted.trim();
            let number = wanted.trim_start_matches(['<', '>', '=', '!', '~', '^']);
            let sign = wanted.get(..wanted.len() - number.len()).unwrap_or_default();
            let order = parts(version).cmp(&parts(number));
            match sign {
                ">=" => order.is_ge(),
                ">" => order.is_gt(),
                "<=" => order.is_le(),
                "<" => order.is_lt(),
                _ => true,
            }
        })
    }
}

fn parts(version: &str) -> Vec<u32> {
    let numbers = version.split(['.', '-']).map_while(|part| part.parse().ok());
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.resize(3, 0);
    numbers
}

/// The last part of an address or path, without `.git`.
pub fn package_name(source: &str) -> &str {
    let source = source.trim_end_matches('/');
    let last = source.rsplit(['/', ':']).next().unwrap_or(source);
    last.strip_suffix(".git").unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_says_what_it_is() {
        let meta = Meta::parse(
            "; a comment\n[package]\ndescription = One\n  and more\nscript_dir = scripts\ndepends =\n    zeek >=4.0.0\n    \
             https://example.org/a/zeek-thing.git *\ntest_command: cd testing && btest\n\n[template]\nscript_dir = other\n",
        );
        assert_eq!(meta.description(), "One");
        assert_eq!(meta.script_dir(), "scripts");
        assert_eq!(meta.test_command(), Some("cd testing && btest"));
        assert_eq!(meta.compiled(), None);
        let needs = meta.needs();
        assert_eq!(needs.len(), 2);
        assert!(needs[0].is_of_zeek() && needs[0].is_met_by("7.0.0") && !needs[0].is_met_by("3.9"));
        assert_eq!((needs[1].package(), needs[1].is_of_zeek()), ("zeek-thing", false));
    }

    #[test]
    fn what_is_no_metadata_says_nothing() {
        for text in
            ["", "[package", "= 1\n =\n", "\u{0}\n[package]\n   x\nbuild_command", "[package]\ndepends = a"]
        {
            let meta = Meta::parse(text);
            assert_eq!((meta.script_dir(), meta.compiled()), (".", None), "{text:?}");
        }
        assert_eq!(Meta::parse("[package]\ndepends = a").needs().len(), 1);
        assert!(Meta::parse("[package]\nbuild_command = make").compiled().is_some());
    }

    #[test]
    fn names_are_the_last_part() {
        for (source, name) in
            [("https://example.org/a/b.git", "b"), ("git@example.org:a/b", "b"), ("../b/", "b"), ("b", "b")]
        {
            assert_eq!(package_name(source), name);
        }
    }
}
