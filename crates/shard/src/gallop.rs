//! Searching forward in what is sorted, when what is looked for is mostly near.

/// How many items at the beginning satisfy `before`, which no item behind those does: steps that double, then halves of the last one
/// (Bentley and Yao 1976).
#[inline]
pub(crate) fn partition_point<T>(items: &[T], before: impl Fn(&T) -> bool) -> usize {
    let mut reach = 1;
    while items.get(reach - 1).is_some_and(&before) {
        reach *= 2;
    }
    let passed = reach / 2;
    passed + items[passed..reach.min(items.len())].partition_point(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_what_halving_finds() {
        for len in 0..40_u32 {
            let items: Vec<u32> = (0..len).collect();
            for target in 0..len + 2 {
                assert_eq!(
                    partition_point(&items, |item| *item < target),
                    target.min(len) as usize,
                    "{target} of {len}"
                );
            }
        }
    }
}
