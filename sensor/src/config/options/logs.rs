//! How logs are written.

use crate::config::options::{Form, OptionDef, Value};
use crate::record::JsonTime;

const TIMES: [(&str, JsonTime); 3] = [
    ("JSON::TS_EPOCH", JsonTime::Epoch),
    ("JSON::TS_MILLIS", JsonTime::Millis),
    ("JSON::TS_ISO8601", JsonTime::Iso8601),
];

/// How often logs are rotated.
pub const ROTATION: &str = "Log::default_rotation_interval";

/// As in Zeek, whose writers take their values from these when they are declared.
const WRITERS: &str = "set that of LogAscii or LogSQLite, which has taken its value from here before";

pub(super) const OPTIONS: &[OptionDef] = &[
    OptionDef::engine(
        "LogAscii::use_json",
        "bool",
        "\"tsv\", Zeek's default, or \"json\".",
        |config| Value::Bool(config.json),
        |config, value| {
            config.json = value.bool()?;
            config.settle_format();
            Ok(())
        },
    )
    .key_as("logs", "format", Form::Words(&[("tsv", "F"), ("json", "T")])),
    OptionDef::engine(
        "LogAscii::json_timestamps",
        "JSON::TimestampFormat",
        "Times in JSON: \"epoch\" (seconds), \"millis\" or \"iso8601\".",
        |config| {
            let name = TIMES.iter().find(|(_, time)| *time == config.json_time).map_or("", |(name, _)| *name);
            Value::Enum(name.to_owned())
        },
        |config, value| {
            let name = value.text()?;
            let known = TIMES.iter().find(|(known, _)| *known == name);
            config.json_time = known.map(|(_, time)| *time).ok_or("is none of its type's names")?;
            config.settle_format();
            Ok(())
        },
    )
    .key_as(
        "logs",
        "json_timestamps",
        Form::Words(&[
            ("epoch", "JSON::TS_EPOCH"),
            ("millis", "JSON::TS_MILLIS"),
            ("iso8601", "JSON::TS_ISO8601"),
        ]),
    ),
    OptionDef::engine(
        "Log::default_logdir",
        "string",
        "The folder for logs; \"\" is where the program was started. `--logdir` and LogAscii::logdir say so too, and \
         of a sensor `logs.folder`.",
        |config| Value::Text(config.log_folder.clone()),
        |config, value| {
            config.log_folder = value.text()?.to_owned();
            Ok(())
        },
    ),
    OptionDef::scripts(
        ROTATION,
        "interval",
        "0secs",
        "Logs are finished and begun anew at multiples of this time since log_rotate_base_time; \"0\" is never. With a \
         configuration file it is an hour unless that says otherwise; in a replay the file's does not count.",
    )
    .key("logs", "rotate_every"),
    OptionDef::scripts(
        "LogAscii::json_include_unset_fields",
        "bool",
        "F",
        "JSON has fields that are not set, as null.",
    ),
    OptionDef::scripts("LogAscii::include_meta", "bool", "T", "TSV has lines that begin with meta_prefix."),
    OptionDef::scripts("LogAscii::meta_prefix", "string", "\"#\"", "What lines begin with that are no rows."),
    OptionDef::ignored("Log::separator", "string", "\"\\t\"", WRITERS),
    OptionDef::ignored("Log::set_separator", "string", "\",\"", WRITERS),
    OptionDef::ignored("Log::empty_field", "string", "\"(empty)\"", WRITERS),
    OptionDef::ignored("Log::unset_field", "string", "\"-\"", WRITERS),
    OptionDef::scripts(
        "LogAscii::separator",
        "string",
        "Log::separator",
        "What stands between columns in text.",
    ),
    OptionDef::scripts(
        "LogAscii::set_separator",
        "string",
        "Log::set_separator",
        "The same of members, in text.",
    ),
    OptionDef::scripts(
        "LogAscii::empty_field",
        "string",
        "Log::empty_field",
        "The same of what is empty, in text.",
    ),
    OptionDef::scripts(
        "LogAscii::unset_field",
        "string",
        "Log::unset_field",
        "The same of what is not set, in text.",
    ),
    OptionDef::scripts(
        "LogAscii::enable_utf_8",
        "bool",
        "T",
        "Characters beyond ASCII stand in logs as they are, and not as \\xNN.",
    ),
    OptionDef::scripts(
        "LogAscii::output_to_stdout",
        "bool",
        "F",
        "Rows go to standard output, and no file is made.",
    ),
    OptionDef::scripts(
        "LogAscii::gzip_level",
        "count",
        "0",
        "Logs are compressed as they are written, from 1 to 9.",
    ),
    OptionDef::scripts(
        "LogAscii::gzip_file_extension",
        "string",
        "\"gz\"",
        "What the names of such logs end in.",
    ),
    OptionDef::scripts(
        "LogAscii::logdir",
        "string",
        "\"\"",
        "The folder for logs, before Log::default_logdir.",
    ),
    OptionDef::scripts(
        "LogAscii::enable_leftover_log_rotation",
        "bool",
        "F",
        "Rotate logs that an earlier run left in the logs' folder because it did not end properly.",
    ),
];
