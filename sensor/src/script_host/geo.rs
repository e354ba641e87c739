//! Where addresses are, and whose: databases in MaxMind's format, as Zeek finds and reads them.
//!
//! A database is read whole when it is first asked, and again when its file has changed; a file that cannot be read is
//! told once, and lookups answer records without values.

use std::cell::RefCell;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use maxminddb::{Reader, geoip2};
use nightjar_script::Vm;
use nightjar_script::diag::{Diag, Severity};
use nightjar_script::source::Span;
use nightjar_script::value::{RecordVal, Value};
use nightjar_script::vm::{CallSite, NativeFn};

#[derive(Clone)]
pub(super) struct Geo {
    location: Rc<RefCell<Database>>,
    asn: Rc<RefCell<Database>>,
}

/// One of the two, wherever it is.
struct Database {
    /// What messages call it.
    what: &'static str,
    /// The options that name its file, the better first.
    names: &'static [&'static str],
    /// What a script named itself.
    given: Option<PathBuf>,
    open: Option<Open>,
    /// When its file was last looked at, in network time.
    looked: Option<f64>,
    warned: bool,
}

struct Open {
    path: PathBuf,
    changed: Option<SystemTime>,
    reader: Reader<Vec<u8>>,
}

impl Default for Geo {
    fn default() -> Self {
        let database = |what, names| {
            let (given, open, looked) = (None, None, None);
            Rc::new(RefCell::new(Database { what, names, given, open, looked, warned: false }))
        };
        Geo {
            location: database("location", &["mmdb_city_db", "mmdb_country_db"]),
            asn: database("ASN", &["mmdb_asn_db"]),
        }
    }
}

impl Geo {
    /// Functions by full name.
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let opens = |database: &Rc<RefCell<Database>>| -> NativeFn {
            let database = database.clone();
            Rc::new(move |vm, _, args| {
                let path = args.first().map(|path| vm.text_string(path)).unwrap_or_default();
                Ok(Value::Bool(database.borrow_mut().give(vm, path.into())))
            })
        };
        let looks_up = |database: &Rc<RefCell<Database>>, lookup: Lookup| -> NativeFn {
            let database = database.clone();
            Rc::new(move |vm: &mut Vm, _: &CallSite<'_>, args: &[Value]| {
                let mut database = database.borrow_mut();
                let reader = database.current(vm);
                let addr = args.first().map(|addr| addr.as_addr().to_ip());
                Ok(lookup(vm, reader, addr))
            })
        };
        vec![
            ("lookup_location", looks_up(&self.location, location)),
            ("lookup_autonomous_system", looks_up(&self.asn, autonomous_system)),
            ("lookup_asn", looks_up(&self.asn, asn)),
            ("mmdb_open_location_db", opens(&self.location)),
            ("mmdb_open_asn_db", opens(&self.asn)),
        ]
    }
}

type Lookup = fn(&mut Vm, Option<&Reader<Vec<u8>>>, Option<IpAddr>) -> Value;

impl Database {
    /// Opens the one that a script names; whether that could be done.
    fn give(&mut self, vm: &mut Vm, path: PathBuf) -> bool {
        self.open = open(&path).map_err(|why| self.complain(vm, &path, &why)).ok();
        self.given = Some(path);
        self.looked = Some(vm.network_time);
        self.open.is_some()
    }

    /// The database as its file is now, where there is one.
    fn current(&mut self, vm: &mut Vm) -> Option<&Reader<Vec<u8>>> {
        let interval = match vm.global_value("mmdb_stale_check_interval") {
            Some(Value::Interval(seconds)) => *seconds,
            _ => 0.0,
        };
        let due = self.looked.is_none_or(|looked| (vm.network_time - looked).abs() >= interval);
        if due {
            self.looked = Some(vm.network_time);
            self.look(vm);
        }
        self.open.as_ref().map(|open| &open.reader)
    }

    /// Opens its file if that is another one than before. One that is gone is used on, as it is in memory.
    fn look(&mut self, vm: &mut Vm) {
        let Some(path) = self.given.clone().or_else(|| self.find(vm)) else {
            if self.open.is_none() {
                self.complain(vm, Path::new(""), "there is none where mmdb_dir and mmdb_dir_fallbacks say");
            }
            return;
        };
        if let Some(open) = &self.open
            && open.path == path
            && open.changed == changed(&path)
        {
            return;
        }
        match open(&path) {
            Ok(open) => self.open = Some(open),
            Err(why) => self.complain(vm, &path, &why),
        }
    }

    /// The first file there is: with `mmdb_dir` only below it.
    fn find(&self, vm: &Vm) -> Option<PathBuf> {
        let text = |name| vm.global_value(name).map(|value| vm.text_string(value)).unwrap_or_default();
        let folders: Vec<PathBuf> = match (text("mmdb_dir"), vm.global_value("mmdb_dir_fallbacks")) {
            (dir, Some(Value::Vector(fallbacks))) if dir.is_empty() => {
                fallbacks.items().iter().map(|folder| vm.text_string(folder).into()).collect()
            }
            (dir, _) => vec![dir.into()],
        };
        let names = self.names.iter().map(|name| text(name));
        names
            .flat_map(|name| folders.iter().map(move |folder| folder.join(&name)))
            .find(|path| path.is_file())
    }

    /// Says once that there is no database.
    fn complain(&mut self, vm: &mut Vm, path: &Path, why: &str) {
        if !std::mem::replace(&mut self.warned, true) {
            let text = format!("no GeoIP {} database {}: {why}", self.what, path.display());
            vm.report(Diag::new(Severity::Warning, Span::default(), &text));
        }
    }
}

fn open(path: &Path) -> Result<Open, String> {
    let changed = changed(path);
    let reader = Reader::open_readfile(path).map_err(|error| error.to_string())?;
    Ok(Open { path: path.to_owned(), changed, reader })
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// What a database says of an address. Damaged ones say nothing.
fn found<'d, T: serde::Deserialize<'d>>(
    reader: Option<&'d Reader<Vec<u8>>>,
    addr: Option<IpAddr>,
) -> Option<T> {
    reader?.lookup(addr?).ok()?.decode().ok()?
}

fn set(vm: &Vm, record: &RecordVal, field: &str, value: Option<Value>) {
    if let (Some(at), Some(value)) = (vm.types.field(record.ty, field), value) {
        record.set(at, value);
    }
}

/// Zeek's `geo_location`.
fn location(vm: &mut Vm, reader: Option<&Reader<Vec<u8>>>, addr: Option<IpAddr>) -> Value {
    let Some(record) = vm.new_record("geo_location") else { return Value::Unset };
    if let Some(city) = found::<geoip2::City<'_>>(reader, addr) {
        set(vm, &record, "country_code", city.country.iso_code.map(Value::str));
        let region = city.subdivisions.first().and_then(|region| region.iso_code);
        set(vm, &record, "region", region.map(Value::str));
        set(vm, &record, "city", city.city.names.english.map(Value::str));
        set(vm, &record, "latitude", city.location.latitude.map(Value::Double));
        set(vm, &record, "longitude", city.location.longitude.map(Value::Double));
    }
    Value::Record(record)
}

/// Zeek's `geo_autonomous_system`.
fn autonomous_system(vm: &mut Vm, reader: Option<&Reader<Vec<u8>>>, addr: Option<IpAddr>) -> Value {
    let Some(record) = vm.new_record("geo_autonomous_system") else { return Value::Unset };
    if let Some(system) = found::<geoip2::Asn<'_>>(reader, addr) {
        set(vm, &record, "number", system.autonomous_system_number.map(|number| Value::Count(number.into())));
        set(vm, &record, "organization", system.autonomous_system_organization.map(Value::str));
    }
    Value::Record(record)
}

/// Zeek's older function: the number alone, 0 where there is none.
fn asn(_: &mut Vm, reader: Option<&Reader<Vec<u8>>>, addr: Option<IpAddr>) -> Value {
    let system = found::<geoip2::Asn<'_>>(reader, addr);
    Value::Count(system.and_then(|system| system.autonomous_system_number).unwrap_or_default().into())
}
