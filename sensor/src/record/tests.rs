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

record! {
    /// A record of a connection.
    pub struct OfConn in "of_conn" of conn {
        /// When it was.
        ts,
        /// How many.
        n: u64 = "n",
    }
}

#[test]
fn rows_of_connections_begin_alike() {
    let names: Vec<&str> = OfConn::SCHEMA.fields.iter().map(|field| field.name).collect();
    assert_eq!(names, ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "n"]);
    assert_eq!(OfConn::SCHEMA.fields[0].doc.trim(), "When it was.");
    let [orig_h, resp_h] = [1, 2].map(|last| std::net::IpAddr::from([10, 0, 0, last]));
    let (ts, uid) = (Time::from_nanos(7), Uid::NONE);
    let row = OfConn { conn: ConnColumns { ts, uid, orig_h, orig_p: 3, resp_h, resp_p: 4 }, n: 5 };
    struct Types(Vec<(usize, bool)>);
    impl Visitor for Types {
        fn field(&mut self, index: usize, value: Value<'_>) {
            let fits = match (OfConn::SCHEMA.fields[index].ty, value) {
                (Type::Time, Value::Time(_)) | (Type::String, Value::Uid(_)) => true,
                (Type::Addr, Value::Addr(addr)) => addr == if index == 2 { ORIG } else { RESP },
                (Type::Port, Value::Port(port)) => usize::from(port) == if index == 3 { 3 } else { 4 },
                (Type::Count, Value::Count(n)) => n == 5,
                _ => false,
            };
            self.0.push((index, fits));
        }
    }
    const ORIG: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const RESP: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));
    let mut seen = Types(Vec::new());
    row.visit(&mut seen);
    let expected: Vec<(usize, bool)> = (0..7).map(|index| (index, true)).collect();
    assert_eq!(seen.0, expected);
    // One by one they are the same.
    let mut one_by_one = Types(Vec::new());
    (0..7).for_each(|index| one_by_one.field(index, row.get(index)));
    assert_eq!(one_by_one.0, expected);
    assert!(matches!(row.get(7), Value::Unset));
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
