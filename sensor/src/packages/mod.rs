//! Packages of scripts, as zkg knows them: below one folder, from which `@load packages` loads them.
//!
//! ```text
//!  FOLDER/packages/__load__.zeek   @load ./NAME for each
//!  FOLDER/packages/NAME            its script_dir
//!  FOLDER/sources/NAME             all of it, as it came
//!  FOLDER/sources/NAME.from        where it came from
//! ```

mod meta;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use meta::{Meta, package_name};

/// Files a package may have. Stops a folder that was not meant.
const MAX_FILES: usize = 50_000;

/// Where packages are.
#[derive(Clone, Debug)]
pub struct Packages {
    folder: PathBuf,
}

/// One that is installed.
#[derive(Clone, Debug)]
pub struct Installed {
    pub name: String,
    pub from: String,
    pub meta: Meta,
}

impl Packages {
    pub fn below(folder: PathBuf) -> Packages {
        Packages { folder }
    }

    /// What `NIGHTJAR_PACKAGES` names, else a folder of the system's or of the user's.
    pub fn usual() -> Packages {
        let named = std::env::var_os("NIGHTJAR_PACKAGES").map(PathBuf::from);
        let of_user = || {
            let home = std::env::var_os("HOME").map(PathBuf::from)?;
            Some(home.join(".local/share/nightjar"))
        };
        let is_root = nix::unistd::geteuid().is_root();
        let usual = || if is_root { None } else { of_user() };
        Packages::below(named.or_else(usual).unwrap_or_else(|| PathBuf::from("/var/lib/nightjar")))
    }

    /// The folder in which `@load packages` finds them, if there are any.
    pub fn script_path(&self) -> Option<&Path> {
        self.folder.join("packages/__load__.zeek").is_file().then_some(&self.folder)
    }

    fn sources(&self) -> PathBuf {
        self.folder.join("sources")
    }

    /// Those that are there, by name.
    pub fn installed(&self) -> Vec<Installed> {
        let entries = fs::read_dir(self.sources()).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().is_dir())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        let installed = names.into_iter().filter_map(|name| {
            let meta = Meta::of(&self.sources().join(&name)).ok()?;
            let from = fs::read_to_string(self.sources().join(format!("{name}.from"))).unwrap_or_default();
            Some(Installed { name, from: from.trim().to_owned(), meta })
        });
        installed.collect()
    }

    /// All of an installed package, as it came.
    pub fn source_of(&self, name: &str) -> Option<PathBuf> {
        let folder = self.sources().join(name);
        (is_name(name) && folder.is_dir()).then_some(folder)
    }

    /// Installs what a folder or repository has, if `compiles` finds nothing wrong with its scripts.
    pub fn install(
        &self,
        source: &str,
        zeek: &str,
        compiles: impl FnOnce(&Path) -> Result<(), String>,
    ) -> Result<String, String> {
        let here = Path::new(source);
        let absolute = fs::canonicalize(here).ok();
        let name = match &absolute {
            Some(path) => path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned(),
            None => package_name(source).to_owned(),
        };
        if !is_name(&name) {
            return Err(format!("{source} is no name for a package"));
        }
        fs::create_dir_all(self.sources()).map_err(|error| told(&self.sources(), error))?;
        let fresh = self.sources().join(format!(".{name}.{}", std::process::id()));
        let fetched = self.fetch(source, &fresh).and_then(|()| self.examine(&name, &fresh, zeek));
        let installed = fetched.and_then(|meta| {
            let scripts = inside(&fresh, meta.script_dir())?;
            if scripts.join("__load__.zeek").is_file() || scripts.join("__load__.bro").is_file() {
                compiles(&scripts)?;
            }
            self.put_in_place(&name, &fresh, &meta)
        });
        if installed.is_err() {
            // What is left of it is in nobody's way.
            let _ = fs::remove_dir_all(&fresh);
        }
        installed?;
        let from = absolute.map_or_else(|| source.to_owned(), |path| path.display().to_string());
        let note = self.sources().join(format!("{name}.from"));
        fs::write(&note, format!("{from}\n")).map_err(|error| told(&note, error))?;
        self.write_loader()?;
        Ok(name)
    }

    /// Copies a folder, or clones a repository.
    fn fetch(&self, source: &str, to: &Path) -> Result<(), String> {
        // Left by one that was killed.
        let _ = fs::remove_dir_all(to);
        let here = Path::new(source);
        if here.is_dir() {
            return copy_folder(here, to, &mut 0).map_err(|error| told(here, error));
        }
        if !(source.contains("://") || source.ends_with(".git") || source.contains('@')) {
            return Err(format!("{source} is neither a folder nor the address of a repository"));
        }
        let mut git = Command::new("git");
        let cloned = git.args(["clone", "--quiet", "--depth=1", "--", source]).arg(to).status();
        match cloned {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(format!("{source} cannot be cloned")),
            Err(error) => Err(format!("git cannot be run: {error}")),
        }
    }

    /// What is in the way of installing it.
    fn examine(&self, name: &str, folder: &Path, zeek: &str) -> Result<Meta, String> {
        let meta = Meta::of(folder)?;
        if let Some(why) = meta.compiled() {
            return Err(format!("{name} is not installed: {why}"));
        }
        let installed = self.installed();
        for need in meta.needs() {
            let missing = match need.is_of_zeek() {
                true => matches!(need.name.as_str(), "zeek" | "bro") && !need.is_met_by(zeek),
                false => !installed.iter().any(|known| known.name == need.package()),
            };
            if missing {
                let what = if need.is_of_zeek() {
                    format!("Zeek {}, and this is {zeek}'s language", need.version)
                } else {
                    format!("{}: install that first", need.name)
                };
                return Err(format!("{name} is not installed: it needs {what}"));
            }
        }
        Ok(meta)
    }

    fn put_in_place(&self, name: &str, fresh: &Path, meta: &Meta) -> Result<(), String> {
        let scripts = inside(fresh, meta.script_dir())?;
        let (source, target) = (self.sources().join(name), self.folder.join("packages").join(name));
        for old in [&source, &target] {
            if old.exists() {
                fs::remove_dir_all(old).map_err(|error| told(old, error))?;
            }
        }
        copy_folder(&scripts, &target, &mut 0).map_err(|error| told(&target, error))?;
        fs::rename(fresh, &source).map_err(|error| told(&source, error))
    }

    /// Takes a package away.
    pub fn remove(&self, name: &str) -> Result<(), String> {
        let Some(source) = self.source_of(name) else { return Err(format!("{name} is not installed")) };
        let needs_it = |other: &Installed| other.meta.needs().iter().any(|need| need.package() == name);
        if let Some(other) = self.installed().iter().find(|other| needs_it(other)) {
            return Err(format!("{name} is needed by {}", other.name));
        }
        for folder in [self.folder.join("packages").join(name), source] {
            if folder.exists() {
                fs::remove_dir_all(&folder).map_err(|error| told(&folder, error))?;
            }
        }
        let _ = fs::remove_file(self.sources().join(format!("{name}.from")));
        self.write_loader()
    }

    /// The script that `@load packages` is.
    fn write_loader(&self) -> Result<(), String> {
        let folder = self.folder.join("packages");
        fs::create_dir_all(&folder).map_err(|error| told(&folder, error))?;
        let mut loads = String::from("# Written by nightjar pkg: the packages that are installed.\n\n");
        for Installed { name, .. } in self.installed() {
            let scripts = folder.join(&name);
            if ["__load__.zeek", "__load__.bro"].iter().any(|load| scripts.join(load).is_file()) {
                loads.push_str(&format!("@load ./{name}\n"));
            }
        }
        let (loader, fresh) = (folder.join("__load__.zeek"), folder.join(".__load__.zeek"));
        fs::write(&fresh, loads).map_err(|error| told(&fresh, error))?;
        fs::rename(&fresh, &loader).map_err(|error| told(&loader, error))
    }
}

fn told(path: &Path, error: io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// A folder's name, and nothing that leads elsewhere.
fn is_name(name: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(fine)
}

/// A folder within another.
fn inside(folder: &Path, within: &str) -> Result<PathBuf, String> {
    let path = folder.join(within.trim_start_matches('/'));
    let both = fs::canonicalize(&path).and_then(|path| Ok((path, fs::canonicalize(folder)?)));
    match both {
        Ok((path, root)) if path.starts_with(&root) && path.is_dir() => Ok(path),
        _ => Err(format!("script_dir = {within} is no folder of the package")),
    }
}

/// Copies files and folders; links and the repository's own folder stay behind.
fn copy_folder(from: &Path, to: &Path, files: &mut usize) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (entry, target) = {
            let entry = entry?;
            let target = to.join(entry.file_name());
            (entry, target)
        };
        let kind = entry.file_type()?;
        if kind.is_dir() && entry.file_name() != ".git" && !to.starts_with(entry.path()) {
            copy_folder(&entry.path(), &target, files)?;
        } else if kind.is_file() {
            *files += 1;
            if *files > MAX_FILES {
                return Err(io::Error::other(format!("more than {MAX_FILES} files")));
            }
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
