//! Files on their way through the sensor, written to the disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

fn capture(name: &str) -> String {
    format!("{}/../pcaps/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn run(folder: &Path, capture: &str, words: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    let run =
        command.current_dir(folder).args(["-C", "--quiet", "-r", capture]).args(words).output().unwrap();
    let errors = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{errors}");
    (String::from_utf8(run.stdout).unwrap(), errors)
}

/// Of each row of files.log: some columns, by their names.
fn rows(folder: &Path, columns: &[&str]) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder.join("files.log")).unwrap();
    let names: Vec<&str> =
        text.lines().find_map(|line| line.strip_prefix("#fields\t")).unwrap().split('\t').collect();
    let at: Vec<usize> =
        columns.iter().map(|column| names.iter().position(|name| name == column).unwrap()).collect();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let fields: Vec<&str> = row.split('\t').collect();
        at.iter().map(|at| fields[*at].to_owned()).collect()
    })
    .collect()
}

fn extracted(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(folder) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    let entries = folder.map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

/// What Debian's sha1sum says of each file.
fn sums(folder: &Path) -> BTreeMap<String, String> {
    let names: Vec<String> = extracted(folder).into_keys().collect();
    let told = Command::new("sha1sum").current_dir(folder).args(&names).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    told.lines()
        .map(|line| line.split_once("  ").map(|(sum, name)| (name.to_owned(), sum.to_owned())).unwrap())
        .collect()
}

const ALL: &str = "event file_sniff(f: fa_file, meta: fa_metadata)
    {
    Files::add_analyzer(f, Files::ANALYZER_SHA1);
    Files::add_analyzer(f, Files::ANALYZER_EXTRACT, [$extract_filename=cat(f$id, \".part\")]);
    }";

#[test]
fn files_are_written_as_they_passed() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &capture("http-files.pcap"), &["-e", ALL]);
    let (files, sums) =
        (extracted(&folder.path().join("extract_files")), sums(&folder.path().join("extract_files")));
    let rows = rows(
        folder.path(),
        &["fuid", "seen_bytes", "sha1", "extracted", "extracted_cutoff", "extracted_size", "analyzers"],
    );
    assert!(rows.len() > 10 && files.len() == rows.len());
    for row in &rows {
        let name = format!("{}.part", row[0]);
        assert_eq!((&row[3], &row[4][..], &row[5][..]), (&name, "F", "-"), "{row:?}");
        assert_eq!((row[1].parse().unwrap(), &row[2]), (files[&name].len(), &sums[&name]), "{row:?}");
        assert!(row[6].contains("SHA1") && row[6].contains("EXTRACT"), "{row:?}");
    }
    // What the sensor itself finds is not lost.
    assert!(rows.iter().any(|row| row[6].contains("PE")));
    let other = tempfile::tempdir().unwrap();
    run(other.path(), &capture("http-files.pcap"), &["--workers", "4", "-e", ALL]);
    assert_eq!(extracted(&other.path().join("extract_files")), files);
}

#[test]
fn files_end_at_their_limit_and_what_is_missing_is_a_hole() {
    let folder = tempfile::tempdir().unwrap();
    let script = "event file_new(f: fa_file) { Files::add_analyzer(f, Files::ANALYZER_EXTRACT); }
        event file_extraction_limit(f: fa_file, args: Files::AnalyzerArgs, limit: count, len: count)
            {
            print f$id, limit, FileExtract::set_limit(f, args, f$total_bytes > 20000 ? 5000 : limit);
            }";
    let (out, errors) =
        run(folder.path(), &capture("http-files.pcap"), &["-e", script, "FileExtract::default_limit=3000"]);
    assert_eq!(errors, "");
    let rows =
        rows(folder.path(), &["fuid", "seen_bytes", "extracted", "extracted_cutoff", "extracted_size"]);
    let files = extracted(&folder.path().join("extract_files"));
    let mut cut = 0;
    for row in &rows {
        let seen: usize = row[1].parse().unwrap();
        let written = files[&row[2]].len();
        if seen <= 3000 {
            assert_eq!((written, &row[3][..]), (seen, "F"), "{row:?}");
            continue;
        }
        cut += 1;
        assert!(out.contains(&format!("{}, 3000, T", row[0])), "{out}");
        assert_eq!((written, &row[3][..]), (if seen > 20_000 { 5000 } else { 3000 }, "T"), "{row:?}");
    }
    assert!(cut > 2);
    let holed = tempfile::tempdir().unwrap();
    run(holed.path(), &capture("gap.pcap"), &["-e", script]);
    let rows = self::rows(holed.path(), &["seen_bytes", "missing_bytes", "extracted"]);
    let files = extracted(&holed.path().join("extract_files"));
    let holes = rows.iter().filter(|row| row[1] != "0").filter(|row| {
        let [seen, missing] = [0, 1].map(|at| row[at].parse::<usize>().unwrap());
        let file = &files[&row[2]];
        file.len() <= seen + missing
            && file.len() > seen
            && file.windows(missing.min(64)).any(|bytes| bytes.iter().all(|byte| *byte == 0))
    });
    assert!(holes.count() > 0, "{rows:?}");
}

#[test]
fn content_is_handed_to_events_and_mistakes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let script = "
        global all: table[string] of string &default=\"\";
        global chunk: event(f: fa_file, data: string, off: count);
        global stream: event(f: fa_file, data: string);
        event chunk(f: fa_file, data: string, off: count) { if ( off != |all[f$id]| ) print \"out of order\"; }
        event stream(f: fa_file, data: string) { all[f$id] = all[f$id] + data; }
        event file_new(f: fa_file)
            {
            Files::add_analyzer(f, Files::ANALYZER_DATA_EVENT, [$chunk_event=chunk, $stream_event=stream]);
            Files::add_analyzer(f, Files::ANALYZER_SHA1);
            if ( f$is_orig )
                print Files::add_analyzer(f, Files::ANALYZER_EXTRACT, [$extract_filename=\"../out\"]);
            }
        event file_state_remove(f: fa_file)
            { if ( sha1_hash(all[f$id]) != f$info$sha1 || |all[f$id]| != f$seen_bytes ) print \"other\", f$id; }
        event zeek_done() { print |all| > 10; }";
    let (out, errors) = run(folder.path(), &capture("http-files.pcap"), &["-e", script]);
    assert!(out.ends_with("T\n") && out.lines().all(|line| line == "T" || line == "F"), "{out}");
    assert!(!folder.path().join("out").exists());
    assert_eq!(out.matches('F').count(), errors.matches("it leads out of the folder").count(), "{errors}");
    std::fs::write(folder.path().join("extract_files"), "in the way").unwrap();
    let (_, errors) =
        run(folder.path(), &capture("http-files.pcap"), &["policy/frameworks/files/extract-all-files"]);
    assert!(errors.contains("cannot open ./extract_files/extract-"), "{errors}");
    assert!(rows(folder.path(), &["extracted"]).iter().all(|row| row[0] == "-"));
}

#[test]
fn what_was_asked_for_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let code = "event file_new(f: fa_file)
        {
        Files::add_analyzer(f, Files::ANALYZER_MD5);
        Files::add_analyzer(f, Files::ANALYZER_SHA1);
        Files::add_analyzer(f, Files::ANALYZER_EXTRACT, [$extract_filename=cat(f$id, \".a\")]);
        Files::add_analyzer(f, Files::ANALYZER_EXTRACT, [$extract_filename=cat(f$id, \".b\")]);
        }
    event file_sniff(f: fa_file, meta: fa_metadata)
        {
        print Files::remove_analyzer(f, Files::ANALYZER_MD5), Files::remove_analyzer(f, Files::ANALYZER_SHA256),
            Files::remove_analyzer(f, Files::ANALYZER_EXTRACT, [$extract_filename=cat(f$id, \".a\")]),
            Files::remove_analyzer(f, Files::ANALYZER_DATA_EVENT), Files::analyzer_name(Files::ANALYZER_MD5);
        }
    event file_hash(f: fa_file, kind: string, hash: string) { print kind; }";
    let (told, errors) = run(folder.path(), &capture("http.pcap"), &["-e", code]);
    assert_eq!(errors, "");
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines.contains(&"T, F, T, F, MD5") && lines.contains(&"sha1"), "{told}");
    assert!(lines.iter().all(|line| ["T, F, T, F, MD5", "sha1"].contains(line)), "{told}");
    let files = extracted(&folder.path().join("extract_files"));
    let empty = |ending: &str| {
        let mut named = files.iter().filter(|(name, _)| name.ends_with(ending)).peekable();
        assert!(named.peek().is_some());
        named.all(|(_, content)| content.is_empty())
    };
    assert!(empty(".a") && !empty(".b"));
    let rows = rows(folder.path(), &["md5", "sha1"]);
    assert!(rows.iter().all(|row| row[0] == "-") && rows.iter().any(|row| row[1] != "-"), "{rows:?}");
}

#[test]
fn analyzers_are_set_on_files_by_their_type() {
    let script = r#"
event zeek_init()
	{
	print Files::register_for_mime_types(Files::ANALYZER_SHA1, set("text/plain", "Image/PNG"));
	print Files::register_for_mime_type(Files::ANALYZER_ENTROPY, "image/png");
	print Files::registered_mime_types(Files::ANALYZER_SHA1) == set("image/png", "text/plain");
	print "application/x-dosexec" in Files::all_registered_mime_types()[Files::ANALYZER_PE];
	Files::register_analyzer_add_callback(Files::ANALYZER_ENTROPY, function(f: fa_file, args: Files::AnalyzerArgs) { print "added"; });
	}
event file_entropy(f: fa_file, ent: entropy_test_result) { print fmt("%.3f of %d", ent$entropy, f$seen_bytes); }
event file_hash(f: fa_file, kind: string, hash: string) { print kind, f$info$mime_type; }
"#;
    let folder = tempfile::tempdir().unwrap();
    let (printed, _) = run(folder.path(), &capture("http-files.pcap"), &["-e", script]);
    assert!(printed.starts_with("T\nT\nT\nT\n"), "{printed}");
    let rows = rows(folder.path(), &["mime_type", "analyzers", "sha1", "seen_bytes"]);
    for row in &rows {
        let (analyzers, hashed) = match &row[0][..] {
            "image/png" => (vec!["ENTROPY", "SHA1"], true),
            "text/plain" => (vec!["SHA1"], true),
            "application/x-dosexec" => (vec!["PE"], false),
            _ => (vec![], false),
        };
        let mut found: Vec<&str> =
            row[1].split(',').filter(|name| *name != "(empty)" && *name != "-").collect();
        found.sort_unstable();
        assert_eq!(found, analyzers, "{row:?}");
        assert_eq!(row[2].len() == 40, hashed, "{row:?}");
    }
    let html: Vec<&Vec<String>> = rows.iter().filter(|row| row[0] == "image/png").collect();
    assert!(!html.is_empty() && html.len() < rows.len());
    assert_eq!(printed.lines().filter(|line| *line == "added").count(), html.len(), "{printed}");
    for row in html {
        assert!(printed.contains(&format!(" of {}\n", row[3])), "{printed}");
    }
}

#[test]
fn what_workers_read_is_set_on_files_by_type_and_left_off() {
    let read = |script: &str| {
        let folder = tempfile::tempdir().unwrap();
        let (printed, _) = run(folder.path(), &capture("tls.pcap"), &["-e", script]);
        (
            printed,
            rows(folder.path(), &["analyzers"]).concat().join(" "),
            folder.path().join("x509.log").exists(),
        )
    };
    let logged = "redef X509::log_x509_in_files_log = T; ";
    let (_, analyzers, log) = read(logged);
    assert!(analyzers.contains("X509") && log, "{analyzers}");
    let (_, analyzers, log) =
        read(&format!("{logged}event zeek_init() {{ Files::disable_analyzer(Files::ANALYZER_X509); }}"));
    assert!(!analyzers.contains("X509") && !log, "{analyzers}");
    // Of a type that is not its own it says what is wrong; content that nobody reads is not kept.
    let folder = tempfile::tempdir().unwrap();
    let script = "event zeek_init() { Files::register_for_mime_type(Files::ANALYZER_PE, \"image/png\"); }";
    run(folder.path(), &capture("http-files.pcap"), &["-e", script]);
    let rows = rows(folder.path(), &["mime_type", "analyzers"]);
    assert!(
        rows.iter()
            .all(|row| ["image/png", "application/x-dosexec"].contains(&&row[0][..]) == (row[1] == "PE")),
        "{rows:?}"
    );
}

#[test]
fn files_are_found_while_they_are_open_and_analysis_is_stopped() {
    let script = r#"
global id = "";
event file_new(f: fa_file)
	{
	Files::add_analyzer(f, Files::ANALYZER_MD5);
	Files::add_analyzer(f, Files::ANALYZER_DATA_EVENT, [$stream_event=got]);
	}
event got(f: fa_file, data: string) { print "got"; }
event file_sniff(f: fa_file, meta: fa_metadata)
	{
	id = f$id;
	print Files::file_exists(f$id), Files::lookup_file(f$id)$id == f$id, Files::file_exists("F"), Files::stop(f), Files::stop(f);
	}
event file_hash(f: fa_file, kind: string, hash: string) { print kind; }
event zeek_done() { print "after", Files::file_exists(id); }
"#;
    let script = format!("global got: event(f: fa_file, data: string);\n{script}");
    let folder = tempfile::tempdir().unwrap();
    let (printed, _) = run(folder.path(), &capture("http-files.pcap"), &["-e", &script]);
    let lines: Vec<&str> = printed.lines().collect();
    let (last, others) = lines.split_last().unwrap();
    assert!(others.len() > 2 && others.iter().all(|line| *line == "T, T, F, T, F"), "{printed}");
    assert_eq!(*last, "after, F");
}

#[test]
fn what_the_files_framework_cannot_do_it_says() {
    for (call, told) in [
        (
            "Files::set_timeout_interval(f, 5secs)",
            "Files::set_timeout_interval has no effect: default_file_timeout_interval",
        ),
        ("Files::disable_reassembly(f)", "Files::disable_reassembly has no effect"),
        ("Files::set_reassembly_buffer_size(f, 5)", "Sensor::max_file_bytes"),
        ("Files::add_analyzer(f, Files::ANALYZER_PE)", "PE cannot be added to one file"),
        ("print Files::lookup_file(\"F1\")", "there is no file F1"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("event file_new(f: fa_file) {{ {call}; }}");
        let (_, errors) = run(folder.path(), &capture("http-files.pcap"), &["-e", &script]);
        assert!(errors.contains(told), "{call}: {errors}");
    }
}
