//! Where every row is: by what a consumer that shares no code with the sensor finds, and by what runs of the sensor say.

use std::collections::HashSet;

use crate::cluster::Received;
use crate::sensor::{Account, Place};

/// A row's run, and its number in that run.
type Id = (String, u64);

/// Holds that what arrived, is in the spool or the dead-letter file, or was dropped is all that was offered, to the
/// row, and prints the sum. Says how many rows arrived more than once.
pub fn every_row_is_somewhere(
    what: &str,
    received: &[Received],
    accounts: &[&Account],
    place: &Place,
) -> usize {
    let arrived: HashSet<Id> = received.iter().map(Received::id).collect();
    let letters = dead_letters(place);
    let sum = |count: fn(&Account) -> u64| accounts.iter().map(|account| count(account)).sum::<u64>();
    let (offered, dead, dropped) = (sum(|a| a.offered), sum(Account::dead_letters), sum(Account::lost));
    let spooled = accounts.last().map_or(0, |last| last.spooled);
    let twice = received.len() - arrived.len();
    eprintln!(
        "{what}: {offered} rows offered = {} arrived + {spooled} in the spool + {} dead letters + {dropped} dropped; \
         {twice} arrived twice",
        arrived.len(),
        letters.len()
    );
    assert_eq!(letters.len() as u64, dead, "{what}: dead letters");
    assert!(arrived.is_disjoint(&letters), "{what}: dead letters that arrived");
    assert_eq!(arrived.len() as u64 + spooled + dead + dropped, offered, "{what}");
    twice
}

/// The ids in the dead-letter file.
fn dead_letters(place: &Place) -> HashSet<Id> {
    let text = std::fs::read_to_string(place.spool().join("dead-letters.jsonl")).unwrap_or_default();
    let id = |line: &str| {
        let letter: serde_json::Value = serde_json::from_str(line).unwrap();
        let (run, number) = letter["id"].as_str().unwrap().split_once('-').unwrap();
        (run.to_owned(), number.parse().unwrap())
    };
    let ids: Vec<Id> = text.lines().map(id).collect();
    let distinct: HashSet<Id> = ids.iter().cloned().collect();
    assert_eq!(distinct.len(), ids.len(), "letters that are there twice");
    distinct
}
