//! Walks over JSON that is known to be valid, without reading it into a tree. What is not valid after all ends the walk early;
//! it never panics.

/// A place in JSON text.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Over white space and comments; the byte that follows.
    pub(super) fn next(&mut self) -> Option<u8> {
        loop {
            match self.peek()? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'/' => self.comment(),
                byte => return Some(byte),
            }
        }
    }

    fn comment(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = if rest.starts_with(b"/*") {
            rest.windows(2).skip(2).position(|pair| pair == b"*/").map(|length| length + 4)
        } else {
            rest.iter().position(|&byte| byte == b'\n')
        };
        self.at = length.map_or(self.text.len(), |length| self.at + length);
    }

    /// As [`Scan::next`], consuming `byte` where it follows.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.next() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// The string that begins here, with its quotes.
    pub(super) fn string(&mut self) -> &'a [u8] {
        let from = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
        self.at = self.at.min(self.text.len());
        self.text.get(from..self.at).unwrap_or_default()
    }

    /// The number or word that begins here; at least one byte.
    pub(super) fn word(&mut self) -> &'a [u8] {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = |byte: &u8| {
            matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t' | b'/' | b':' | b'{' | b'[' | b'"')
        };
        let length = rest.iter().position(end).unwrap_or(rest.len()).max(1).min(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The whole value that begins here.
    pub(super) fn value(&mut self) -> &'a [u8] {
        let mut depth = 0usize;
        let mut from = None;
        while let Some(byte) = self.next() {
            from.get_or_insert(self.at);
            match byte {
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                b',' | b':' => self.at += 1,
                b'"' => drop(self.string()),
                _ => drop(self.word()),
            }
            if depth == 0 {
                break;
            }
        }
        from.and_then(|from| self.text.get(from..self.at)).unwrap_or_default()
    }
}

/// A JSON string with its quotes, decoded.
pub(super) fn decoded(quoted: &[u8]) -> String {
    serde_json::from_slice(quoted).unwrap_or_else(|_| String::from_utf8_lossy(quoted).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use crate::render::filter::{Filter, filter};
    use crate::render::{pretty::pretty, yaml::yaml};

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            let object = prop::collection::vec(("[a-c./\"\\\\]{0,3}", inner.clone()), 0..6);
            prop_oneof![
                prop::collection::vec(inner, 0..6).prop_map(Value::from),
                object.prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_rewritten_means_the_same(value in any_json()) {
            let json = serde_json::to_vec(&value).unwrap();
            // The reader of tests rounds its own way.
            let value: Value = serde_json::from_slice(&json).unwrap();
            prop_assert_eq!(&serde_json::from_slice::<Value>(&pretty(&json)).unwrap(), &value);
            let everything = Filter::new(&["**".into()]).unwrap();
            let kept: Value = serde_json::from_slice(&filter(&json, &everything)).unwrap();
            if value.is_object() {
                prop_assert_eq!(&kept, &value);
            }
            let some = Filter::new(&["**.a*".into(), "-**.b".into()]).unwrap();
            serde_json::from_slice::<Value>(&filter(&json, &some)).unwrap();
            yaml(&json);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop::sample::select(&b"{}[],:\"\\/*a1 \n\xff"[..]), 0..60)) {
            pretty(&bytes);
            yaml(&bytes);
            filter(&bytes, &Filter::new(&["a.**.b".into(), "-**.a".into()]).unwrap());
        }
    }
}
