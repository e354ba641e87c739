//! The streams that there are, and `nightjar schemas`, which writes their JSON Schemas.

use std::path::{Path, PathBuf};

use clap::Parser;
use nightjar_script::Traffic;

use crate::cli::script::{self, Engine, ScriptArgs};
use crate::cli::{ALL_READ, OUTPUT_FAILED};
use crate::config::Config;
use crate::config::options::Given;
use crate::export::{Export, Shape, json_schema, json_schema_of};
use crate::pipeline;
use crate::record::{JsonTime, Schema};
use crate::script_host::Scripts;
use crate::service::settings::Sensor;
use crate::sink::Known;

/// Streams of scripts that ship.
const SHIPPED: [&str; 9] =
    ["config", "dhcp", "dns-noise", "http-noise", "intel", "noise", "notice", "notice_alarm", "reporter"];

/// Streams to which scripts that ship move rows of another, as they come.
const MOVED: [(&str, &str); 2] = [("dns-noise", "dns"), ("http-noise", "http")];

/// What loads all that ships.
const ALL_SHIPPED: [&str; 2] = ["policy/detect", "policy/tuning/noise"];

/// All streams, those of scripts that have begun included.
pub(super) fn known(scripts: Option<&Scripts>) -> Known {
    let schemas = all(scripts.map(Scripts::streams).unwrap_or_default());
    Known { schemas, others: SHIPPED.to_vec(), open: false }
}

/// The streams that a configuration can have without scripts: a running sensor's own only where there is one.
pub(super) fn configured(sensor: &Sensor) -> Known {
    let mut known = known(None);
    if sensor.interfaces.is_empty() {
        known.schemas = pipeline::of_traffic().collect();
        known.others.extend(pipeline::streams().map(|schema| schema.path));
        known.others.dedup();
    }
    known
}

/// The same with scripts, whose zeek_init is run: what they make of streams is known then.
pub(super) fn checked(sensor: &Sensor, scripts: &ScriptArgs) -> Known {
    let mut known = configured(sensor);
    if scripts.is_empty() {
        return known;
    }
    for schema in streams_of(scripts).unwrap_or_default() {
        match known.schemas.iter_mut().find(|other| other.path == schema.path) {
            Some(other) => *other = schema,
            None if sensor.interfaces.is_empty()
                && pipeline::streams().any(|own| own.path == schema.path) => {}
            None => known.schemas.push(schema),
        }
    }
    if known.schemas.iter().any(|schema| schema.path == "noise") {
        known.schemas.extend(moved(&known.schemas));
    }
    known.others.retain(|other| known.schemas.iter().all(|schema| schema.path != *other));
    known
}

/// The sensor's own streams, and those of scripts. Where scripts give one of ours other columns, that is what
/// exporters get.
fn all(of_scripts: Vec<&'static Schema>) -> Vec<&'static Schema> {
    let names = |schema: &'static Schema| schema.fields.iter().map(|field| field.name);
    let mut schemas: Vec<_> = pipeline::streams().collect();
    for schema in of_scripts {
        match schemas.iter_mut().find(|known| known.path == schema.path) {
            Some(known) if names(known).eq(names(schema)) => {}
            Some(known) if pipeline::streams().any(|ours| std::ptr::eq(ours, *known)) => *known = schema,
            _ => schemas.push(schema),
        }
    }
    schemas
}

/// Write the JSON Schema of every stream in every format, a folder a format
///
/// Streams that scripts make, and columns that they add, come in with the scripts that do so. Their zeek_init
/// is run.
#[derive(Parser, Debug)]
#[command(name = "nightjar schemas", bin_name = "nightjar schemas")]
pub(super) struct SchemasArgs {
    /// Write to this folder, made if it is not there
    #[arg(long, value_name = "DIR")]
    to: PathBuf,

    /// Write those of the exporters in this configuration as well, as they send rows
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    scripts: ScriptArgs,
}

impl SchemasArgs {
    pub fn run(&self) -> Result<u8, String> {
        let Some(mut schemas) = streams_of(&self.scripts) else { return Ok(script::FAILED) };
        if self.scripts.is_empty() {
            // Without scripts there are the streams of all that ships, those of ours as they are without them.
            let shipped = streams_of(&ScriptArgs::of(&ALL_SHIPPED)).unwrap_or_default();
            let more: Vec<_> = shipped
                .into_iter()
                .filter(|more| schemas.iter().all(|known| known.path != more.path))
                .collect();
            schemas.extend(more);
        }
        schemas.extend(moved(&schemas));
        let mut exports = Vec::new();
        if let Some(config) = &self.config {
            let known = Known { schemas: schemas.clone(), others: SHIPPED.to_vec(), open: true };
            let sensor = Sensor::load(config).map_err(|error| error.to_string())?;
            exports = sensor.export.exports(&known)?;
        }
        match write(&self.to, &schemas, &exports) {
            Ok(()) => Ok(ALL_READ),
            Err(error) => {
                eprintln!("nightjar: cannot write to {}: {error}", self.to.display());
                Ok(OUTPUT_FAILED)
            }
        }
    }
}

/// What scripts that ship move rows of these streams to.
fn moved(schemas: &[&'static Schema]) -> Vec<&'static Schema> {
    let of = |(path, of): (&'static str, &str)| {
        let schema = schemas.iter().find(|schema| schema.path == of)?;
        // It lives as long as the others.
        Some(&*Box::leak(Box::new(Schema { path, ..**schema })))
    };
    MOVED.into_iter().filter_map(of).collect()
}

/// All streams with these scripts; none where they do not compile.
fn streams_of(scripts: &ScriptArgs) -> Option<Vec<&'static Schema>> {
    let engine = Engine { config: &mut Config::default(), given: &Given::default(), no_checksums: false };
    let mut scripts = scripts.compile_all(script::Carets::ForPeople, Traffic::None, engine)?;
    scripts.begin(Config::default(), true);
    Some(all(scripts.streams()))
}

fn write(
    folder: &Path,
    schemas: &[&'static Schema],
    exports: &[(&'static str, Export)],
) -> std::io::Result<()> {
    for (name, shape, time) in formats() {
        write_all(&folder.join(name), schemas, |schema| json_schema(schema, shape, time))?;
    }
    for (name, export) in exports {
        write_all(&folder.join(name), schemas, |schema| json_schema_of(schema, export))?;
    }
    Ok(())
}

fn write_all(
    folder: &Path,
    schemas: &[&'static Schema],
    described: impl Fn(&Schema) -> serde_json::Value,
) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for schema in schemas {
        // A script may name a stream as it likes.
        let name = schema.path.replace(['/', '\0'], "_");
        std::fs::write(folder.join(format!("{name}.json")), format!("{:#}\n", described(schema)))?;
    }
    Ok(())
}

/// Every way that rows are exported, with the name of its folder.
fn formats() -> Vec<(String, Shape, JsonTime)> {
    let times = [("epoch", JsonTime::Epoch), ("millis", JsonTime::Millis), ("iso8601", JsonTime::Iso8601)];
    let mut formats = Vec::new();
    for shape in Shape::ALL {
        match shape {
            Shape::Zeek | Shape::Tagged => {
                formats.extend(times.map(|(name, time)| (format!("{}-{name}", shape.name()), shape, time)));
            }
            Shape::Mozdef | Shape::MozdefBro | Shape::Ecs => {
                formats.push((shape.name().to_owned(), shape, JsonTime::Epoch));
            }
        }
    }
    formats
}
