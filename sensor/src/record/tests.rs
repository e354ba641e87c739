use super::*;
use crate::time::Time;

record! {
    /// A record for these tests.
    pub struct Sample<'a> in "sample" {
        /// When.
        ts: Time = "ts",
        name: Option<&'a str> = "id.name",
        tags: Set<'a, &'a str> = "tags",
    }
}

#[test]
fn the_declaration_gives_names_types_and_documentation() {
    let fields = Sample::SCHEMA.fields;
    assert_eq!(Sample::SCHEMA.path, "sample");
    assert_eq!(fields[0].doc.trim(), "When.");
    assert_eq!((fields[1].name, fields[1].ty, fields[1].optional), ("id.name", Type::String, true));
    assert_eq!(fields[2].ty, Type::Set(&Type::String));
}

#[test]
fn a_field_is_read_by_its_place() {
    let row = Sample { ts: Time::from_nanos(7), name: None, tags: Set(&["a", "b"]) };
    assert!(matches!(row.get(0), Value::Time(t) if t.nanos() == 7));
    assert!(matches!(row.get(1), Value::Unset));
    assert!(matches!(row.get(2), Value::List(items) if items.count() == 2));
    assert!(matches!(row.get(3), Value::Unset));
}

#[test]
fn identifiers_depend_on_seed_tuple_and_ordinal_only() {
    let uid = Uid::of_connection(1, b"tuple", 5);
    assert_eq!(uid, Uid::of_connection(1, b"tuple", 5));
    for other in [
        Uid::of_connection(2, b"tuple", 5),
        Uid::of_connection(1, b"tuplf", 5),
        Uid::of_connection(1, b"tuple", 6),
    ] {
        assert_ne!(uid, other);
    }
    let text = uid.to_string();
    assert!(
        text.starts_with('C') && text.len() == Uid::LEN && text.bytes().all(|b| b.is_ascii_alphanumeric())
    );
}
