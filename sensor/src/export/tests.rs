use serde_json::Value as Json;

use super::*;
use crate::record::{EnumName, Set, Uid, record};

record! {
    /// A record with everything that the shapes treat specially.
    pub struct Sample<'a> in "sample" {
        ts: Time = "ts",
        uid: Option<Uid> = "uid",
        orig_h: Option<std::net::IpAddr> = "id.orig_h",
        orig_p: Option<u16> = "id.orig_p",
        resp_h: Option<std::net::IpAddr> = "id.resp_h",
        resp_p: Option<u16> = "id.resp_p",
        success: Option<bool> = "auth_success",
        name: Option<&'a str> = "Name",
        tags: Option<Set<'a, &'a str>> = "tags",
    }
}

record! {
    /// A notice, as far as the shapes know it.
    pub struct Notice<'a> in "notice" {
        ts: Time = "ts",
        orig_h: Option<std::net::IpAddr> = "id.orig_h",
        resp_h: Option<std::net::IpAddr> = "id.resp_h",
        note: EnumName = "note",
        msg: Option<&'a str> = "msg",
        sub: Option<&'a str> = "sub",
        src: Option<std::net::IpAddr> = "src",
        actions: Set<'a, EnumName> = "actions",
    }
}

record! {
    /// A file, likewise.
    pub struct File in "files" {
        ts: Time = "ts",
        orig_h: std::net::IpAddr = "id.orig_h",
        resp_h: std::net::IpAddr = "id.resp_h",
        is_orig: bool = "is_orig",
    }
}

const NOW: Time = Time::from_nanos(1_300_475_168_000_000_000);

fn sample() -> Sample<'static> {
    Sample {
        ts: Time::from_nanos(1_300_475_167_096_535_000),
        uid: Some(Uid::of_connection(0, b"tuple", 1)),
        orig_h: "10.1.2.3".parse().ok(),
        orig_p: Some(1024),
        resp_h: "2001:db8::1".parse().ok(),
        resp_p: Some(53),
        success: Some(true),
        name: Some("a \"quoted\" \\ name"),
        tags: Some(Set(&["HTTP_ERROR"])),
    }
}

fn export(shape: Shape) -> Export {
    Export {
        shape,
        time: JsonTime::Epoch,
        sensor: "tap1".to_owned(),
        streams: Streams::default(),
        rules: Vec::new(),
        key: KeyBy::Uid,
        names: FieldNames::Dots,
        sensor_field: None,
    }
}

/// What one exporter gets of a record: topic, key and value.
fn exported<R: Record>(export: Export, record: &R) -> Option<(String, String, Json)> {
    let mut out = Vec::new();
    let mut ranges = Vec::new();
    let exports = Exports([export].into());
    exports.serializer().rows(record, NOW, None, &mut out, |_, range| ranges.push(range));
    assert!(ranges.len() <= 1);
    let (row, len) = ExportRow::read(&out[ranges.pop()?]).unwrap();
    assert_eq!((row.stream, len, row.ts), (R::SCHEMA.path, out.len(), NOW));
    let schema = json_schema_of(R::SCHEMA, &exports.0[0]);
    let value: Json = serde_json::from_slice(row.value).unwrap();
    let errors: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&value).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{value}");
    Some((row.topic.to_owned(), String::from_utf8_lossy(row.key).into_owned(), value))
}

fn value<R: Record>(shape: Shape, record: &R) -> Json {
    exported(export(shape), record).unwrap().2
}

#[test]
fn zeek_is_flat_and_tagged_names_the_stream() {
    let flat = value(Shape::Zeek, &sample());
    assert_eq!(flat["id.orig_h"], "10.1.2.3");
    assert_eq!(flat["ts"], 1_300_475_167.096_535);
    assert_eq!(value(Shape::Tagged, &sample())["sample"], flat);
}

#[test]
fn times_are_spelled_as_asked_for() {
    for (time, expected) in [
        (JsonTime::Millis, Json::from(1_300_475_167_096_u64)),
        (JsonTime::Iso8601, Json::from("2011-03-18T19:06:07.096535Z")),
    ] {
        let (_, _, value) = exported(Export { time, ..export(Shape::Zeek) }, &sample()).unwrap();
        assert_eq!(value["ts"], expected);
    }
}

#[test]
fn mozdef_events_have_every_mandatory_field_and_its_names() {
    let event = value(Shape::Mozdef, &sample());
    for (name, expected) in [
        ("category", "bro"),
        ("hostname", "tap1"),
        ("processname", "nightjar"),
        ("severity", "INFO"),
        ("source", "sample"),
        ("summary", "SAMPLE: 10.1.2.3 -> 2001:db8::1:53"),
        ("timestamp", "2011-03-18T19:06:07.096535+00:00"),
    ] {
        assert_eq!(event[name], expected, "{name}");
    }
    assert_eq!(event["tags"], serde_json::json!(["nsm", "bro", "sample", "HTTP_ERROR"]));
    let details = event["details"].as_object().unwrap();
    for name in ["sourceipaddress", "sourceport", "destinationipaddress", "destinationport", "uid", "success"]
    {
        assert!(details.contains_key(name), "{name}");
    }
    assert!(details.keys().all(|key| !key.contains(|c: char| c.is_uppercase() || c == '.')));
}

#[test]
fn an_event_without_any_field_still_has_a_summary_and_a_time() {
    let empty = Sample {
        uid: None,
        orig_h: None,
        orig_p: None,
        resp_h: None,
        resp_p: None,
        success: None,
        name: None,
        tags: None,
        ..sample()
    };
    assert_eq!(value(Shape::Mozdef, &empty)["summary"], "SAMPLE");
}

fn notice() -> Notice<'static> {
    Notice {
        ts: NOW,
        orig_h: None,
        resp_h: "192.0.2.9".parse().ok(),
        note: EnumName("SSH::Password_Guessing"),
        msg: Some("10.1.2.3 appears to be guessing"),
        sub: Some("Sampled servers: 192.0.2.1"),
        src: "10.1.2.3".parse().ok(),
        actions: Set(&[EnumName("Notice::ACTION_LOG")]),
    }
}

#[test]
fn notices_have_their_own_category_severity_and_summary() {
    let event = value(Shape::Mozdef, &notice());
    assert_eq!((&event["category"], &event["severity"]), (&"bronotice".into(), &"NOTICE".into()));
    assert_eq!(event["summary"], "10.1.2.3 appears to be guessing Sampled servers: 192.0.2.1");
    assert_eq!(event["tags"], serde_json::json!(["nsm", "bro", "notice"]));
    // Without a connection its source is the source; with one, both are kept.
    assert_eq!(event["details"]["sourceipaddress"], "10.1.2.3");
    let both = value(Shape::Mozdef, &Notice { orig_h: "10.9.9.9".parse().ok(), ..notice() });
    assert_eq!(both["details"]["sourceipaddress"], "10.9.9.9");
    assert_eq!(both["details"]["src"], "10.1.2.3");
    let bare = value(Shape::Mozdef, &Notice { msg: None, sub: None, ..notice() });
    assert_eq!(bare["summary"], "SSH::Password_Guessing");
}

#[test]
fn the_envelope_of_the_bro_plug_in_holds_the_flat_row_as_text() {
    let message =
        |envelope: &Json| -> Json { serde_json::from_str(envelope["MESSAGE"].as_str().unwrap()).unwrap() };
    let envelope = value(Shape::MozdefBro, &sample());
    assert_eq!(envelope["SOURCE"], "bro_sample");
    assert_eq!(message(&envelope), value(Shape::Zeek, &sample()));
    // The plug-in compares a notice's actions with a text, and takes a file's hosts without looking.
    assert_eq!(message(&value(Shape::MozdefBro, &notice()))["actions"], "Notice::ACTION_LOG");
    let (orig_h, resp_h) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
    let file = message(&value(Shape::MozdefBro, &File { ts: NOW, orig_h, resp_h, is_orig: false }));
    assert_eq!((&file["tx_hosts"][0], &file["rx_hosts"][0]), (&"10.0.0.2".into(), &"10.0.0.1".into()));
}

#[test]
fn keys_are_the_connection_or_the_client() {
    for (key, expected) in [
        (KeyBy::Uid, sample().uid.unwrap().to_string()),
        (KeyBy::Client, "10.1.2.3".into()),
        (KeyBy::None, String::new()),
        (KeyBy::Fields(vec!["nothing".to_owned(), "id.resp_h".to_owned()]), "2001:db8::1".into()),
    ] {
        assert_eq!(exported(Export { key, ..export(Shape::Zeek) }, &sample()).unwrap().1, expected);
    }
}

#[test]
fn flat_rows_can_have_other_names_and_the_sensors() {
    for shape in [Shape::Zeek, Shape::Tagged] {
        let other = Export {
            names: FieldNames::Underscores,
            sensor_field: Some("_sensor".to_owned()),
            ..export(shape)
        };
        let (_, _, row) = exported(other, &sample()).unwrap();
        let row = if shape == Shape::Tagged { row["sample"].clone() } else { row };
        assert_eq!((&row["id_orig_h"], &row["_sensor"]), (&"10.1.2.3".into(), &"tap1".into()));
        assert!(row.get("id.orig_h").is_none());
    }
}

#[test]
fn streams_are_included_and_excluded() {
    let with = |include: &[&str], exclude: &[&str]| {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let streams = Streams { include: names(include), exclude: names(exclude) };
        exported(Export { streams, ..export(Shape::Zeek) }, &sample()).is_some()
    };
    assert!(with(&[], &[]) && with(&["sample"], &["conn"]));
    assert!(!with(&["conn"], &[]) && !with(&["sample"], &["sample"]));
}

#[test]
fn the_first_rule_that_matches_decides() {
    let rule = |field: &str, any_of: &[&str], then: Action| Rule {
        stream: "sample".to_owned(),
        when: vec![Condition {
            field: field.to_owned(),
            any_of: any_of.iter().map(|s| (*s).to_owned()).collect(),
        }],
        then,
    };
    let topic_with = |rules: Vec<Rule>| {
        exported(Export { rules, ..export(Shape::Zeek) }, &sample()).map(|(topic, ..)| topic)
    };
    for (field, any_of, matches) in [
        ("id.resp_p", &["123", "53"][..], true),
        ("id.resp_p", &["54"], false),
        ("id.orig_h", &["10.0.0.0/8"], true),
        ("id.resp_h", &["2001:db8::1"], true),
        ("id.resp_h", &["2001:db8::2"], false),
        ("auth_success", &["true"], true),
        ("tags", &["HTTP_*"], true),
        ("Name", &["*name"], true),
        ("Name", &["*quoted*"], true),
        ("Name", &["name"], false),
    ] {
        let dropped = topic_with(vec![rule(field, any_of, Action::Drop)]).is_none();
        assert_eq!(dropped, matches, "{field} {any_of:?}");
    }
    let noise = || rule("id.resp_p", &["53"], Action::Topic("noise".to_owned()));
    let keep = |port: &str| rule("id.resp_p", &[port], Action::Keep);
    assert_eq!(topic_with(vec![noise(), keep("80")]).as_deref(), Some("noise"));
    assert_eq!(topic_with(vec![keep("53"), noise()]).as_deref(), Some(""));
    assert_eq!(topic_with(vec![keep("80")]), None);
}

#[test]
fn rules_about_what_is_not_there_are_refused() {
    let check = |field: &str, text: &str| {
        let when = vec![Condition { field: field.to_owned(), any_of: vec![text.to_owned()] }];
        Rule { stream: "sample".to_owned(), when, then: Action::Drop }.check(Sample::SCHEMA)
    };
    assert_eq!(check("id.resp_p", "53"), Ok(()));
    assert_eq!(check("resp_p", "53").unwrap_err().0, "the stream sample has no field resp_p");
    assert_eq!(check("id.resp_p", "http").unwrap_err().0, "id.resp_p cannot be 'http'");
    assert!(check("id.orig_h", "10.0.0.0/33").is_err());
}

#[test]
fn with_nobody_listening_nothing_is_built() {
    let mut out = Vec::new();
    Exports::default().serializer().rows(&sample(), NOW, None, &mut out, |_, _| panic!("nobody wants it"));
    assert!(out.is_empty());
}

#[test]
fn rows_are_documents_of_ecs() {
    let (_, _, document) = exported(export(Shape::Ecs), &sample()).unwrap();
    assert_eq!(document["@timestamp"], "2011-03-18T19:06:07.096535Z");
    assert_eq!(document["ecs"]["version"], "8.17.0");
    assert_eq!(document["event"]["kind"], "event");
    assert_eq!(document["event"]["dataset"], "zeek.sample");
    assert_eq!(document["event"]["category"], serde_json::json!(["network"]));
    assert_eq!(document["source"], serde_json::json!({"ip": "10.1.2.3", "port": 1024}));
    assert_eq!(document["destination"], serde_json::json!({"ip": "2001:db8::1", "port": 53}));
    assert_eq!(document["network"]["type"], "ipv4");
    assert_eq!(document["related"]["ip"], serde_json::json!(["10.1.2.3", "2001:db8::1"]));
    assert_eq!(document["observer"]["name"], "tap1");
    let own = &document["zeek"]["sample"];
    assert_eq!(
        (&own["Name"], &own["auth_success"]),
        (&Json::from("a \"quoted\" \\ name"), &Json::from(true))
    );
    let row = Notice {
        ts: NOW,
        orig_h: None,
        resp_h: "192.0.2.2".parse().ok(),
        note: EnumName("Scan::Port_Scan"),
        msg: Some("scanned"),
        sub: None,
        src: "192.0.2.9".parse().ok(),
        actions: Set(&[EnumName("Notice::ACTION_LOG")]),
    };
    let (_, _, document) = exported(export(Shape::Ecs), &row).unwrap();
    assert_eq!(
        (&document["event"]["kind"], &document["message"]),
        (&Json::from("alert"), &Json::from("scanned"))
    );
    assert_eq!(document["rule"]["name"], "Scan::Port_Scan");
    // Of a notice about no connection, whom it is about.
    assert_eq!(document["source"]["ip"], "192.0.2.9");
    assert!(document["network"].is_null(), "{document}");
}
