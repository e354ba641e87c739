//! The streams that there are, and `nightjar schemas`, which writes their JSON Schemas.

use std::path::{Path, PathBuf};

use clap::Parser;
use nightjar_script::Traffic;

use crate::cli::script::{self, Engine, ScriptArgs};
use crate::cli::{ALL_READ, OUTPUT_FAILED};
use crate::config::Config;
use crate::config::options::Given;
use crate::export::{Shape, json_schema};
use crate::pipeline;
use crate::record::{JsonTime, Schema};
use crate::script_host::Scripts;
use crate::service::settings::Sensor;
use crate::sink::Known;

/// Streams of scripts that ship.
const SHIPPED: [&str; 6] = ["config", "intel", "noise", "notice", "notice_alarm", "reporter"];

/// Streams that are declared so that scripts which name them load. Nothing is parsed that would write to them.
const UNWRITTEN: [&str; 7] = ["dhcp", "ftp", "mysql", "radius", "smtp", "ssl", "x509"];

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

/// `nightjar schemas`: writes the JSON Schema of every stream in every format, a folder a format.
///
/// Streams that scripts make, and columns that they add, come in with the scripts that do so. Their zeek_init
/// is run.
#[derive(Parser, Debug)]
#[command(name = "nightjar schemas")]
pub(super) struct SchemasArgs {
    /// Write to this folder, made if it is not there
    #[arg(long, value_name = "DIR")]
    to: PathBuf,

    #[command(flatten)]
    scripts: ScriptArgs,
}

impl SchemasArgs {
    pub fn run(&self) -> Result<u8, String> {
        let engine = Engine { config: &mut Config::default(), given: &Given::new(), no_checksums: false };
        let Some(mut scripts) = self.scripts.compile_all(true, Traffic::None, engine) else {
            return Ok(script::FAILED);
        };
        scripts.begin(Config::default(), true);
        let mut schemas = all(scripts.streams());
        schemas.retain(|schema| !UNWRITTEN.contains(&schema.path));
        match write(&self.to, &schemas) {
            Ok(()) => Ok(ALL_READ),
            Err(error) => {
                eprintln!("nightjar: cannot write to {}: {error}", self.to.display());
                Ok(OUTPUT_FAILED)
            }
        }
    }
}

fn write(folder: &Path, schemas: &[&'static Schema]) -> std::io::Result<()> {
    for (name, shape, time) in formats() {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        for schema in schemas {
            // A script may name a stream as it likes.
            let name = schema.path.replace(['/', '\0'], "_");
            let text = format!("{:#}\n", json_schema(schema, shape, time));
            std::fs::write(folder.join(format!("{name}.json")), text)?;
        }
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
            Shape::Mozdef | Shape::MozdefBro => {
                formats.push((shape.name().to_owned(), shape, JsonTime::Epoch));
            }
        }
    }
    formats
}
