//! `nightjar reload`: what it answers, and what goes on.

use std::fs;
use std::process::Command;

use crate::net::{net, until};
use crate::sensor::{NIGHTJAR, Sensor, configure, whole_rows};

#[test]
fn reload_answers_what_came_of_it_and_a_mistake_changes_nothing() {
    let Some(mut net) = net() else { return };
    net.start_servers();
    let (script, seen) = (net.path("policy.zeek"), net.path("seen"));
    let write = |name: &str, more: &str| {
        let text = format!(
            "global seen = open_for_append(\"{}\");\n\
             event zeek_init() {{ print seen, \"{name} begins\"; flush_all(); }}\n\
             event zeek_done() {{ print seen, \"{name} ends\"; }}\n{more}",
            seen.display()
        );
        fs::write(&script, text).unwrap();
    };
    let on_request = "event http_request(c: connection, method: string, original_URI: string, \
        unescaped_URI: string, version: string) { print seen, \"request\", original_URI; flush_all(); }\n";
    let on_reply = "event http_reply(c: connection, version: string, code: count, reason: string) \
        { print seen, \"reply\", c$http$uri, code; flush_all(); }\n";
    let lines = || {
        let text = fs::read_to_string(&seen).unwrap_or_default();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let reload = || {
        let socket = net.path("status.sock");
        let args = ["reload", "--socket", socket.to_str().unwrap()];
        let output = Command::new(NIGHTJAR).args(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, _, errors) = reload();
    assert!(code == Some(1) && errors.contains("no sensor answers at"), "{errors}");

    write("first", on_request);
    let allowed = format!("writable = [\"{}\"]", net.folder.path().display());
    let config = configure(&net, "", "rotate_every = \"0\"", &allowed);
    let sensor = Sensor::start(&net, &["--config", config.to_str().unwrap(), script.to_str().unwrap()]);
    // One connection with requests before and after the changes.
    let requests = "exec 3<>/dev/tcp/10.9.0.2/80; for n in 1 2 3; do \
        printf \"GET /missing-$n HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\" >&3; \
        while [ ! -e $0-$n ]; do sleep 0.1; done; done; exec 3>&-";
    let go_on = net.path("go-on");
    let background = format!("({requests}) >/dev/null 2>&1 &");
    net.client_does("bash", &["-c", &background, go_on.to_str().unwrap()]);
    let go = |n: u32| fs::write(net.path(&format!("go-on-{n}")), "").unwrap();
    until("the first request", || lines().contains(&"request, /missing-1".to_owned()));

    // A warning of the new script, too, is told to who asked.
    let warns = "event zeek_init() { Reporter::warning(\"mind the gap\"); }\n";
    write("second", &format!("{on_reply}{warns}"));
    let (code, told, errors) = reload();
    assert_eq!((code, &errors[..]), (Some(0), ""), "{told}");
    assert!(told.contains("the scripts were read again") && told.contains("mind the gap"), "{told}");
    assert!(sensor.told().contains(&told), "{}", sensor.told());
    let so_far = ["first begins", "request, /missing-1", "first ends", "second begins"];
    assert_eq!(lines(), so_far);
    go(1);
    // Workers look for what the new scripts want at their next turn.
    until("the second reply", || lines().contains(&"reply, /missing-2, 404".to_owned()));

    // Neither the scripts nor the configuration change by halves.
    let status = || sensor.status();
    write("third", "event zeek_init() { no_such_thing(); }\n");
    let (code, told, errors) = reload();
    assert_eq!((code, &told[..]), (Some(1), ""));
    assert!(errors.contains("policy.zeek, line 4: unknown identifier no_such_thing"), "{errors}");
    assert!(errors.contains("policy.zeek:4:21") && errors.contains("those that run go on"), "{errors}");
    assert!(sensor.told().contains(&errors));
    until("that is counted", || status()["reloads"] == 1 && status()["reload_failures"] == 1);
    write("fourth", "");
    configure(&net, "", "rotate_every = \"0 parsecs\"", "");
    let (code, told, errors) = reload();
    assert_eq!((code, &told[..]), (Some(1), ""));
    assert!(errors.contains("sensor.toml:6:16: rotate_every is a time with its unit"), "{errors}");
    until("that is counted", || status()["reload_failures"] == 2);
    go(2);
    until("the third reply", || lines().contains(&"reply, /missing-3, 404".to_owned()));
    go(3);
    let told = sensor.stop();
    assert_eq!(lines()[4..], ["reply, /missing-2, 404", "reply, /missing-3, 404", "second ends"], "{told}");
    let conns = whole_rows(&fs::read_to_string(net.path("logs/conn.log")).unwrap());
    assert_eq!(conns.iter().filter(|row| row.contains("\thttp\t")).count(), 1, "{conns:#?}");
}

#[test]
fn rows_on_their_way_when_scripts_change_are_written() {
    let Some(mut net) = net() else { return };
    net.start_servers();
    let script = net.path("policy.zeek");
    // Scripts that let rows pass one by one, that leave them alone, that change some of them, and that write all.
    let policies = [
        "hook HTTP::log_policy(rec: HTTP::Info, id: Log::ID, filter: Log::Filter) { ++n; }\n\
         hook Conn::log_policy(rec: Conn::Info, id: Log::ID, filter: Log::Filter) { ++n; }\n",
        "",
        "event http_reply(c: connection, version: string, code: count, reason: string) \
         { if ( ++n % 2 == 0 ) c$http$status_msg = \"told\"; }\n",
        "hook Log::log_stream_policy(rec: any, id: Log::ID) { ++n; }\n",
    ];
    let write = |at: usize| fs::write(&script, format!("global n = 0;\n{}", policies[at % 4])).unwrap();
    write(0);
    let config = configure(&net, "", "rotate_every = \"0\"", "");
    let sensor = Sensor::start(&net, &["--config", config.to_str().unwrap(), script.to_str().unwrap()]);
    // Requests, each on a connection of its own, until it is enough; then how many there were.
    let (enough, done) = (net.path("enough"), net.path("done"));
    let requests = "(n=0; while [ ! -e $0 ]; do n=$((n+1)); exec 3<>/dev/tcp/10.9.0.2/80; \
        printf \"GET /$n HTTP/1.0\\r\\nHost: a\\r\\n\\r\\n\" >&3; cat <&3 >/dev/null; exec 3>&-; \
        sleep 0.01; done; echo $n >$1.new; mv $1.new $1) >/dev/null 2>&1 &";
    net.client_does("bash", &["-c", requests, enough.to_str().unwrap(), done.to_str().unwrap()]);
    let socket = net.path("status.sock");
    for at in 1..=8 {
        write(at);
        let args = ["reload", "--socket", socket.to_str().unwrap()];
        assert!(Command::new(NIGHTJAR).args(args).output().unwrap().status.success());
    }
    fs::write(&enough, "").unwrap();
    until("the last request", || done.exists());
    let asked: usize = fs::read_to_string(&done).unwrap().trim().parse().unwrap();
    assert!(asked > 100, "only {asked} requests");
    let told = sensor.stop();
    let rows = whole_rows(&fs::read_to_string(net.path("logs/http.log")).unwrap());
    let mut uris: Vec<&str> = rows.iter().filter_map(|row| row.split('\t').nth(9)).collect();
    uris.sort_unstable();
    uris.dedup();
    assert_eq!((rows.len(), uris.len()), (asked, asked), "{told}");
    let conns = whole_rows(&fs::read_to_string(net.path("logs/conn.log")).unwrap());
    assert_eq!(conns.iter().filter(|row| row.contains("\thttp\t")).count(), asked, "{told}");
}
