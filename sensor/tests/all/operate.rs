//! What an operator looks at: rules for alerts and a dashboard, against Prometheus' own tool and the list of metrics.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn promtool(folder: &Path, words: &[&str]) {
    let run = Command::new("promtool").current_dir(folder).args(words).output();
    let run = run.expect("promtool, of the package prometheus");
    let told = [run.stdout, run.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(run.status.success(), "promtool {}: {}", words.join(" "), told.concat());
}

/// What a dashboard asks for.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(expression)) = fields.get("expr") {
                found.push(expression.clone());
            }
            fields.values().for_each(|value| expressions(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

#[test]
fn alerts_speak_when_they_should_and_not_otherwise() {
    let folder = root().join("configs");
    promtool(&folder, &["check", "rules", "alerts.yml"]);
    promtool(&folder, &["test", "rules", "alerts-test.yml"]);
    let (rules, tests) = (read("configs/alerts.yml"), read("configs/alerts-test.yml"));
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 20);
    for alert in alerts {
        let of = |what: &str| tests.matches(&format!("alertname: {alert}, exp_alerts: [{what}")).count();
        assert!(of("]") > 0 && of("{") > 0, "{alert} is tried both ways");
    }
}

#[test]
fn alerts_and_the_dashboard_ask_for_metrics_that_there_are() {
    let listed = read("docs/metrics.md");
    let listed: BTreeSet<&str> = listed.split('`').collect();
    let mut dashboard = Vec::new();
    expressions(&serde_json::from_str(&read("configs/grafana/nightjar.json")).unwrap(), &mut dashboard);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for text in [read("configs/alerts.yml"), dashboard.join("\n")] {
        let named: BTreeSet<&str> = text
            .split(|c| !is_name(c))
            .filter(|word| word.starts_with("nightjar_") || word.starts_with("process_"))
            .collect();
        assert!(named.len() > 10);
        for name in named {
            assert!(listed.contains(name.trim_end_matches("_bucket")), "{name} is no metric");
        }
    }
}

#[test]
fn what_the_dashboard_asks_can_be_answered() {
    let mut asked = Vec::new();
    expressions(&serde_json::from_str(&read("configs/grafana/nightjar.json")).unwrap(), &mut asked);
    assert!(asked.len() > 30);
    // Grafana puts these in.
    let filled = |text: &String| {
        text.replace("$__rate_interval", "5m")
            .replace("$__range", "3h")
            .replace("$instance", ".*")
            .replace("$interface", ".*")
    };
    let rules: Vec<Value> = asked
        .iter()
        .enumerate()
        .map(|(nth, expression)| serde_json::json!({ "record": format!("panel:{nth}"), "expr": filled(expression) }))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let rules = serde_json::json!({ "groups": [{ "name": "dashboard", "rules": rules }] });
    std::fs::write(folder.path().join("rules.yml"), rules.to_string()).unwrap();
    promtool(folder.path(), &["check", "rules", "rules.yml"]);
}
