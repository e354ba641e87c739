//! Where addresses are: databases in MaxMind's format, made here by their specification (version 2.0).

use std::path::Path;
use std::process::{Command, Output};

/// A value of the data section.
enum Data<'a> {
    Text(&'a str),
    Double(f64),
    Short(u16),
    Number(u32),
    Long(u64),
    Map(Vec<(&'a str, Data<'a>)>),
    List(Vec<Data<'a>>),
}

impl Data<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        // Types beyond 7, and what sizes have beyond 28, are in bytes of their own.
        let mut control = |kind: u8, size: usize| {
            let [first, beyond] = if kind > 7 { [0, kind - 7] } else { [kind << 5, 0] };
            out.push(first | size.min(29) as u8);
            out.extend((kind > 7).then_some(beyond));
            out.extend((size > 28).then(|| (size - 29) as u8));
        };
        match self {
            Data::Text(text) => {
                control(2, text.len());
                out.extend(text.as_bytes());
            }
            Data::Double(number) => {
                control(3, 8);
                out.extend(number.to_be_bytes());
            }
            Data::Short(number) => {
                control(5, 2);
                out.extend(number.to_be_bytes());
            }
            Data::Long(number) => {
                control(9, 8);
                out.extend(number.to_be_bytes());
            }
            Data::Number(number) => {
                control(6, 4);
                out.extend(number.to_be_bytes());
            }
            Data::Map(fields) => {
                control(7, fields.len());
                for (name, value) in fields {
                    Data::Text(name).write(out);
                    value.write(out);
                }
            }
            Data::List(items) => {
                control(11, items.len());
                items.iter().for_each(|item| item.write(out));
            }
        }
    }
}

/// A database that knows one IPv4 address.
fn database(kind: &str, address: [u8; 4], data: &Data<'_>) -> Vec<u8> {
    const NODES: u32 = 32;
    let mut out = Vec::new();
    let record = |number: u32| [(number >> 16) as u8, (number >> 8) as u8, number as u8];
    for bit in 0..NODES {
        // The number of nodes says that there is nothing; what is above points behind 16 zeros into the data.
        let next = if bit + 1 == NODES { NODES + 16 } else { bit + 1 };
        let one = u32::from_be_bytes(address) >> (31 - bit) & 1 == 1;
        let [left, right] = if one { [NODES, next] } else { [next, NODES] };
        out.extend([record(left), record(right)].concat());
    }
    out.extend([0; 16]);
    data.write(&mut out);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    Data::Map(vec![
        ("node_count", Data::Number(NODES)),
        ("record_size", Data::Short(24)),
        ("ip_version", Data::Short(4)),
        ("database_type", Data::Text(kind)),
        ("binary_format_major_version", Data::Short(2)),
        ("binary_format_minor_version", Data::Short(0)),
        ("build_epoch", Data::Long(0)),
        ("languages", Data::List(vec![Data::Text("en")])),
        ("description", Data::Map(Vec::new())),
    ])
    .write(&mut out);
    out
}

pub fn city(name: &str) -> Vec<u8> {
    let code = |code| Data::Map(vec![("iso_code", Data::Text(code))]);
    let place = vec![("latitude", Data::Double(48.25)), ("longitude", Data::Double(-1.5))];
    let data = Data::Map(vec![
        ("country", code("FR")),
        ("subdivisions", Data::List(vec![code("BRE"), code("35")])),
        ("city", Data::Map(vec![("names", Data::Map(vec![("en", Data::Text(name))]))])),
        ("location", Data::Map(place)),
    ]);
    database("GeoLite2-City", [192, 0, 2, 7], &data)
}

fn nightjar(folder: &Path, code: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    command.current_dir(folder).args(["-e", code, "mmdb_dir=."]).output().expect("nightjar runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn places_and_networks_of_addresses_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("GeoLite2-City.mmdb"), city("Rennes")).expect("written");
    let network = Data::Map(vec![
        ("autonomous_system_number", Data::Number(64_500)),
        ("autonomous_system_organization", Data::Text("Example")),
    ]);
    let asn = database("GeoLite2-ASN", [192, 0, 2, 7], &network);
    std::fs::write(folder.path().join("GeoLite2-ASN.mmdb"), asn).expect("written");
    let run = nightjar(
        folder.path(),
        "print lookup_location(192.0.2.7); print lookup_location(192.0.2.8); print lookup_location([2001:db8::1]);
         print lookup_autonomous_system(192.0.2.7); print lookup_asn(192.0.2.7), lookup_asn(192.0.2.8);",
    );
    let nowhere = "[country_code=<uninitialized>, region=<uninitialized>, city=<uninitialized>, latitude=<uninitialized>, longitude=<uninitialized>]";
    let want = format!(
        "[country_code=FR, region=BRE, city=Rennes, latitude=48.25, longitude=-1.5]\n{nowhere}\n{nowhere}\n\
         [number=64500, organization=Example]\n64500, 0\n"
    );
    assert_eq!(text(&run.stdout), want, "{}", text(&run.stderr));
    assert!(run.status.success() && run.stderr.is_empty(), "{}", text(&run.stderr));
}

#[test]
fn a_database_that_changes_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("GeoLite2-City.mmdb"), city("Rennes")).expect("written");
    std::fs::write(at("newer"), city("Brest")).expect("written");
    let old = std::fs::File::options().write(true).open(at("GeoLite2-City.mmdb")).expect("opened");
    old.set_modified(std::time::UNIX_EPOCH).expect("an older time");
    let code = "redef mmdb_stale_check_interval = 0sec;
                event zeek_init() { print lookup_location(192.0.2.7)$city; system(\"mv newer GeoLite2-City.mmdb\"); }
                event zeek_done() { print lookup_location(192.0.2.7)$city; }";
    let run = nightjar(folder.path(), code);
    assert_eq!(text(&run.stdout), "Rennes\nBrest\n", "{}", text(&run.stderr));
}

#[test]
fn without_a_database_lookups_answer_nothing_and_it_is_told_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = "print lookup_location(192.0.2.7)?$city, lookup_location(192.0.2.7)?$city;";
    let run = nightjar(folder.path(), code);
    assert_eq!(text(&run.stdout), "F, F\n");
    assert_eq!(text(&run.stderr).matches("no GeoIP location database").count(), 1, "{}", text(&run.stderr));

    std::fs::write(folder.path().join("GeoLite2-City.mmdb"), &city("Rennes")[..300]).expect("written");
    let run = nightjar(folder.path(), code);
    assert_eq!(text(&run.stdout), "F, F\n");
    assert!(text(&run.stderr).contains("GeoLite2-City.mmdb: "), "{}", text(&run.stderr));
    let run = nightjar(folder.path(), "print mmdb_open_location_db(\"./none.mmdb\");");
    assert_eq!(text(&run.stdout), "F\n");
}
