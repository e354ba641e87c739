//! What is told of loss.

use crate::config::options::{Form, OptionDef, Value};

macro_rules! every {
    ($name:literal, $key:literal, $field:ident, $doc:literal) => {
        OptionDef::engine(
            $name,
            "interval",
            $doc,
            |config| Value::Interval(config.loss.$field),
            |config, value| {
                config.loss.$field = value.interval()?;
                Ok(())
            },
        )
        .key("loss", $key)
    };
}

macro_rules! percent {
    ($name:literal, $key:literal, $field:ident, $doc:literal) => {
        OptionDef::engine(
            $name,
            "double",
            $doc,
            |config| Value::Double(config.loss.$field),
            |config, value| {
                config.loss.$field = value.double(0.0, 100.0)?;
                Ok(())
            },
        )
        .key_as("loss", $key, Form::Percent)
    };
}

pub(super) const OPTIONS: &[OptionDef] = &[
    every!("Stats::report_interval", "stats_every", stats_interval, "How often stats.log is written; \"0\" is never."),
    every!(
        "CaptureLoss::watch_interval",
        "capture_loss_every",
        loss_interval,
        "How often capture_loss.log is written; \"0\" is never."
    ),
    every!(
        "CaptureLoss::initial_watch_interval",
        "first_capture_loss_after",
        first_loss_interval,
        "When it is written first: soon, so that a wrong setup shows."
    ),
    OptionDef::engine(
        "CaptureLoss::too_much_loss",
        "double",
        "From such a share of acknowledged data never seen on: CaptureLoss::Too_Much_Loss, looked at with each row \
         of capture_loss.log. The file has it in per cent.",
        |config| Value::Double(config.loss.too_much_percent / 100.0),
        |config, value| {
            config.loss.too_much_percent = value.double(0.0, 1.0)? * 100.0;
            Ok(())
        },
    )
    .key_as("loss", "too_much_percent", Form::Share),
    OptionDef::engine(
        "CaptureLoss::minimum_acks",
        "count",
        "With fewer acknowledgements than this between two such rows: CaptureLoss::Too_Little_Traffic; 0 is never. A \
         tap that shows nothing is found by it.",
        |config| Value::Count(config.loss.minimum_acks),
        |config, value| {
            config.loss.minimum_acks = value.count()?;
            Ok(())
        },
    )
    .key_as("loss", "minimum_acks", Form::Number(0, u32::MAX as u64)),
    percent!(
        "Sensor::dropped_percent",
        "dropped_percent",
        dropped_percent,
        "With more than so many per cent of a worker's packets dropped by the kernel: PacketFilter::Dropped_Packets, \
         looked at with each row of stats.log. Zeek tells of every one."
    ),
    percent!(
        "Sensor::given_up_percent",
        "given_up_percent",
        given_up_percent,
        "With more than so many per cent of flows, stream data or rows given up at a ceiling or for want of disk: \
         Sensor::Analysis_Loss. A few are nothing that an operator could mend."
    ),
    percent!(
        "Sensor::one_sided_percent",
        "one_sided_percent",
        one_sided_percent,
        "With more than so many per cent of TCP connections (1,000 or more) of which only one side is seen: \
         Sensor::One_Sided_Flows. Scans and broken peers make some everywhere."
    ),
    OptionDef::engine(
        "Sensor::skew",
        "count",
        "With a worker that gets more than so many times the average of its interface (of 100,000 packets or more): \
         Sensor::Worker_Skew. Its core is full first.",
        |config| Value::Count(config.loss.skew),
        |config, value| {
            config.loss.skew = value.size(1, 256)? as u64;
            Ok(())
        },
    )
    .key_as("loss", "skew", Form::Number(1, 256)),
];
