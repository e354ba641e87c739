//! BUILTINS.md says what there is: it must be so.

use crate::common;

use nightjar_script::{Script, TestHost};
use std::collections::BTreeSet;

#[test]
fn the_table_is_true() {
    let table = include_str!("../../BUILTINS.md");
    let rows: Vec<(&str, &str)> = table
        .lines()
        .filter_map(|l| l.strip_prefix("| `")?.split_once("` | "))
        .map(|(name, state)| (name, state.trim_end_matches(" |")))
        .collect();
    let s = Script::compile(Box::new(TestHost::default()), &common::options("")).unwrap();
    let declared: BTreeSet<&str> =
        s.vm.funcs
            .iter()
            .filter(|f| matches!(f.kind, nightjar_script::vm::FuncKind::Native(_)))
            .map(|f| &*f.name)
            .collect();
    let there: BTreeSet<&str> =
        rows.iter().filter(|(_, s)| s.starts_with("there")).map(|(n, _)| *n).collect();
    assert_eq!(there.difference(&declared).collect::<Vec<_>>(), Vec::<&&str>::new(), "listed, but not there");
    assert_eq!(declared.difference(&there).collect::<Vec<_>>(), Vec::<&&str>::new(), "there, but not listed");
    let names: BTreeSet<&str> = rows.iter().map(|(n, _)| *n).collect();
    assert_eq!(names.len(), rows.len(), "listed twice");
}
