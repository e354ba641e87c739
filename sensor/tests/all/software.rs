//! Software: what programs call themselves is read as Zeek reads it; who is there is logged once.

use std::process::Command;

use crate::detect::each::detect;

/// What is said, the program's name, and its version as notices show it.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("OpenSSH_4.4", "OpenSSH", "4.4"),
    ("Apache/2.0.63 (Unix) mod_auth_kerb/5.3 mod_ssl/2.0.63", "Apache", "2.0.63-Unix"),
    ("ProFTPD 1.2.5rc1 Server (Debian)", "ProFTPD", "1.2.5-rc1"),
    ("wu-2.4.2-academ[BETA-18-VR14](1)", "wu", "2.4.2-academ"),
    ("wu-2.6.2(1)", "wu", "2.6.2-1"),
    ("Java/1.6.0_13", "Java", "1.6.0.13"),
    ("Python-urllib/3.1", "Python-urllib", "3.1"),
    ("Wget/1.9+cvs-stable (Red Hat modified)", "Wget", "1.9-+cvs"),
    ("Wget/1.11.4 (Red Hat modified)", "Wget", "1.11.4-Red Hat modified"),
    ("Apache", "Apache", "0"),
    ("Zope/(Zope 2.7.8-final, python 2.3.5, darwin) ZServer/1.1", "Zope/(Zope", "2.7.8-final"),
    ("The Bat! (v2.00.9) Personal", "The Bat!", "2.0.9-Personal"),
    ("(vsFTPd 2.0.5)", "vsFTPd", "2.0.5"),
    ("Flash/10,2,153,1", "Flash", "10.2.153.1"),
    ("CacheFlyServe v26b", "CacheFlyServe", "26-b"),
    ("QQ%E9%82%AE%E7%AE%B1/5.3.2.8 CFNetwork/811.5.4", "QQ邮箱", "5.3.2.8-CFNetwork/811"),
    ("A/8.0.0/Google/Pixel#XL/marlin/unknown", "Android (Google Pixel)", "8.0.0"),
    ("A/9/Google/Pixel#2/walleye/unknown", "Android (Google Pixel)", "9"),
    ("Mozilla/5.0 (X11; rv:115.0) Gecko/20100101 Firefox/115.0", "Firefox", "115.0"),
    (
        "Mozilla/5.0 (iPhone; U) AppleWebKit/533.17.9 Version/5.0.2 Mobile/8H7 Safari/6533.18.5",
        "Safari",
        "5.0.2-Mobile",
    ),
    ("Mozilla/5.0 AppleWebKit/534.16 Chrome/10.0.648.205 Safari/534.16", "Chrome", "10.0.648.205"),
    ("Mozilla/5.0 AppleWebKit/537.36 Chrome/52.0 Mobile Safari/537.36 Edge/15.15063", "Edge", "15.15063"),
    ("Mozilla/4.0 (compatible; MSIE 7.0b; Windows NT 5.1)", "MSIE", "7.0-b"),
    ("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; Trident/5.0; SLCC2)", "MSIE", "9.0"),
    ("Mozilla/4.0 (compatible; MSIE 8.0; Opera Mobi/ADR-11; en) Opera 11.00", "Opera", "11.0"),
    ("Opera/9.80 (J2ME/MIDP; Opera Mini/5.0.18741/18.794; U; en) Presto/2.4.15", "Opera Mini", "5.0.18741"),
    ("Opera/9.80 (Windows NT 5.1; Opera Mobi/49; U; en) Version/10.00", "Opera Mobi", "10.0"),
    ("Opera/9.80 (Windows NT 6.1; U; sv) Presto/2.7.62 Version/11.01", "Opera", "11.1"),
    ("Mozilla/5.0 (Windows; U; en) AppleWebKit/420+ AdobeAIR/1.0", "AdobeAIR", "1.0"),
    ("Mozilla/5.0 (X11; Linux x86_64) Nightjar/1.0", "<unknown browser>", "0"),
];

fn printed(code: &str) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_nightjar")).args(["-e", code]).output().expect("nightjar runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn programs_are_read_from_their_own_words() {
    let said: Vec<String> = PROGRAMS.iter().map(|(said, ..)| format!("{said:?}")).collect();
    let code = format!(
        "for ( _, said in vector({}) ) {{ local d = Software::parse(said);
         print fmt(\"%s|%s\", d$name, Software::software_fmt_version(d$version)); }}",
        said.join(", ")
    );
    let expected: Vec<String> =
        PROGRAMS.iter().map(|(_, name, version)| format!("{name}|{version}")).collect();
    assert_eq!(printed(&code).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn versions_are_compared_number_by_number() {
    let code = "function v(text: string): Software::Version { return Software::parse(text)$version; }
         print Software::cmp_versions(v(\"a/1.2\"), v(\"a/1.10\"));
         print Software::cmp_versions(v(\"a/1.2.3\"), v(\"a/1.2\"));
         print Software::cmp_versions(v(\"a/1.2b\"), v(\"a/1.2b\"));";
    assert_eq!(printed(code), "-1\n1\n0\n");
}

/// What a log's rows say in these columns.
fn columns(script: &str, pcap: &str, args: &[&str], log: &str, columns: &[&str]) -> Vec<String> {
    let run = detect(&format!("../protocols/{script}"), pcap, args);
    let row = |row: &std::collections::BTreeMap<String, String>| {
        columns.iter().map(|column| row[*column].as_str()).collect::<Vec<_>>().join(" ")
    };
    run.rows(log).iter().map(row).collect()
}

#[test]
fn clients_and_servers_are_logged_once_with_their_software() {
    let all = "Software::asset_tracking=ALL_HOSTS";
    let what = ["host", "host_p", "software_type", "name", "version.major", "version.minor"];
    let want = [
        "10.98.0.1 - HTTP::BROWSER curl 7 88",
        "10.98.0.2 80 HTTP::SERVER nginx 1 22",
        "10.98.0.1 - HTTP::BROWSER <unknown browser> - -",
    ];
    assert_eq!(columns("http/software", "http", &[all], "software", &what), want);
    assert!(
        columns("http/software", "http", &["Software::asset_tracking=REMOTE_HOSTS"], "software", &what)
            .is_empty(),
        "all are local"
    );
    let ssh = columns("ssh/software", "ssh", &[all], "software", &what);
    assert!(ssh.contains(&"10.98.0.2 22 SSH::SERVER OpenSSH 9 2".to_owned()), "{ssh:?}");
}

#[test]
fn a_vulnerable_version_and_a_change_of_version_are_noticed() {
    let args = [
        "frameworks/software/vulnerable",
        "Software::asset_tracking=ALL_HOSTS",
        "-e",
        "redef Software::vulnerable_versions += { [\"nginx\"] = set(Software::VulnerableVersionRange(
             $min=Software::Version($major=1, $minor=20), $max=Software::Version($major=1, $minor=22, $minor2=1))) };",
    ];
    let what = ["note", "src", "sub"];
    let notices = columns("http/software", "http", &args, "notice", &what);
    assert_eq!(notices, ["Software::Vulnerable_Version 10.98.0.2 nginx 1.22.1"]);
}

#[test]
fn hosts_and_services_are_known_once_a_day() {
    let local = ["Site::private_address_space_is_local=F", "Site::local_nets={ 10.98.0.2/32 }"];
    let hosts = columns("conn/known-hosts", "http", &local, "known_hosts", &["host"]);
    assert_eq!(hosts, ["10.98.0.2"]);
    let what = ["host", "port_num", "port_proto", "service"];
    let services = columns("conn/known-services", "http", &local, "known_services", &what);
    assert_eq!(services, ["10.98.0.2 80 tcp HTTP"]);
    let dns = columns(
        "conn/known-services",
        "dns",
        &["Known::service_tracking=ALL_HOSTS"],
        "known_services",
        &what,
    );
    assert!(dns.iter().any(|row| row.ends_with("53 udp DNS")), "{dns:?}");
}

#[test]
fn policies_add_columns_to_rows() {
    let names = columns("http/header-names", "http", &[], "http", &["client_header_names"]);
    assert_eq!(names[0], "HOST,USER-AGENT,ACCEPT");
    let ids = columns("conn/community-id-logging", "http", &[], "conn", &["community_id"]);
    assert!(ids.iter().all(|id| id.starts_with("1:")), "{ids:?}");
    let queries = columns("dns/log-original-query-case", "dns", &[], "dns", &["query", "original_query"]);
    assert!(queries.contains(&"www.nightjar.test WwW.nIgHtJaR.tEsT".to_owned()), "{queries:?}");
}
