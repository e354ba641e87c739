//! What differs between the rows expected and those that came.

/// A row's values, by column.
pub(super) type Row<'a> = Vec<Option<&'a str>>;

/// Places among the rows expected and among those that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A row that came with other values.
    Changed(usize, usize),
    /// A row that did not come.
    Missing(usize),
    /// A row that nobody expected.
    Extra(usize),
}

/// So many pairs of rows are weighed against each other; beyond it rows are compared place by place. Stops
/// two long logs that have nothing in common from taking minutes.
const MAX_PAIRS: usize = 400_000;
/// The weight of equal rows. That of alike ones is less, by the share of values in which they differ.
const EQUAL: u32 = 1000;

/// The fewest changes that make one out of the other, in the order of the rows.
pub(super) fn changes(expected: &[Row<'_>], came: &[Row<'_>]) -> Vec<Change> {
    let start = expected.iter().zip(came).take_while(|(a, b)| a == b).count();
    let (left, right) = (&expected[start..], &came[start..]);
    let end = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[..left.len() - end], &right[..right.len() - end]);
    let found = if left.len().saturating_mul(right.len()) > MAX_PAIRS {
        by_place(left, right)
    } else {
        aligned(left, right)
    };
    let at = |change| match change {
        Change::Changed(a, b) => Change::Changed(a + start, b + start),
        Change::Missing(a) => Change::Missing(a + start),
        Change::Extra(b) => Change::Extra(b + start),
    };
    found.into_iter().map(at).collect()
}

fn by_place(left: &[Row<'_>], right: &[Row<'_>]) -> Vec<Change> {
    let both = left.len().min(right.len());
    let changed = (0..both).filter(|at| left[*at] != right[*at]).map(|at| Change::Changed(at, at));
    let missing = (both..left.len()).map(Change::Missing);
    changed.chain(missing).chain((both..right.len()).map(Change::Extra)).collect()
}

/// Pairs rows so that those paired weigh most.
fn aligned(left: &[Row<'_>], right: &[Row<'_>]) -> Vec<Change> {
    let width = right.len() + 1;
    let at = |a: usize, b: usize| a * width + b;
    // The most that the rows from here on can weigh.
    let mut best = vec![0u32; (left.len() + 1) * width];
    let mut weights = vec![0u32; (left.len() + 1) * width];
    for a in (0..left.len()).rev() {
        for b in (0..right.len()).rev() {
            let weight = likeness(&left[a], &right[b]);
            let paired = if weight > 0 { weight + best[at(a + 1, b + 1)] } else { 0 };
            weights[at(a, b)] = weight;
            best[at(a, b)] = paired.max(best[at(a + 1, b)]).max(best[at(a, b + 1)]);
        }
    }
    let (mut a, mut b, mut found) = (0, 0, Vec::new());
    while a < left.len() && b < right.len() {
        let (here, weight) = (best[at(a, b)], weights[at(a, b)]);
        if weight > 0 && here == weight + best[at(a + 1, b + 1)] {
            if weight < EQUAL {
                found.push(Change::Changed(a, b));
            }
            (a, b) = (a + 1, b + 1);
        } else if here == best[at(a + 1, b)] {
            found.push(Change::Missing(a));
            a += 1;
        } else {
            found.push(Change::Extra(b));
            b += 1;
        }
    }
    found.extend((a..left.len()).map(Change::Missing));
    found.extend((b..right.len()).map(Change::Extra));
    found
}

/// None where fewer than half of the values are equal; columns that neither row fills do not count.
fn likeness(a: &Row<'_>, b: &Row<'_>) -> u32 {
    let filled = |value: &Option<&str>| value.is_some_and(|value| value != "-");
    let both = a.iter().zip(b).filter(|(a, b)| filled(a) || filled(b));
    let (mut all, mut equal) = (0u32, 0u32);
    for (a, b) in both {
        all += 1;
        equal += u32::from(a == b);
    }
    match (all, equal) {
        _ if a == b => EQUAL,
        (all, equal) if equal * 2 >= all && equal > 0 => (EQUAL - 1) * equal / all,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Row<'_>> {
        text.split_whitespace().map(|row| row.split(',').map(Some).collect()).collect()
    }

    fn of(expected: &str, came: &str) -> Vec<Change> {
        changes(&rows(expected), &rows(came))
    }

    #[test]
    fn rows_are_paired_with_those_most_like_them() {
        assert_eq!(of("1,a,x 2,b,y", "1,a,x 2,b,y"), []);
        assert_eq!(of("1,a,x 2,b,y", "1,a,x 2,b,z"), [Change::Changed(1, 1)]);
        assert_eq!(of("1,a,x 2,b,y", "0,n,w 1,a,z 2,b,y"), [Change::Extra(0), Change::Changed(0, 1)]);
        assert_eq!(of("1,a,x 2,b,y 3,c,z", "1,a,x 3,c,q"), [Change::Missing(1), Change::Changed(2, 1)]);
        assert_eq!(of("1,a,x", "2,b,y"), [Change::Missing(0), Change::Extra(0)]);
        assert_eq!(of("", "2,b,y"), [Change::Extra(0)]);
        // Columns that both leave unset make no rows alike.
        assert_eq!(of("1,-,-,-", "2,-,-,-"), [Change::Missing(0), Change::Extra(0)]);
        assert_eq!(of("a b c", "b d c"), [Change::Missing(0), Change::Extra(1)]);
    }

    #[test]
    fn long_logs_that_have_nothing_in_common_take_no_time() {
        let (a, b): (String, String) = (0..5000).map(|n| (format!("a{n} "), format!("b{n} "))).unzip();
        assert_eq!(of(&a, &b).len(), 5000);
    }
}
