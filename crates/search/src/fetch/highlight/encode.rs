//! Fragments as text: tags around marks, signs of HTML encoded where that is asked for.

/// How fragments are written.
#[derive(Clone, Debug)]
pub(super) struct Style {
    pub(super) before: String,
    pub(super) behind: String,
    pub(super) html: bool,
}

impl Style {
    pub(super) fn plain(&self, out: &mut String, text: &str) {
        if !self.html {
            return out.push_str(text);
        }
        for c in text.chars() {
            match c {
                '"' => out.push_str("&quot;"),
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '\'' => out.push_str("&#x27;"),
                '/' => out.push_str("&#x2F;"),
                other => out.push(other),
            }
        }
    }

    pub(super) fn marked(&self, out: &mut String, text: &str) {
        out.push_str(&self.before);
        self.plain(out, text);
        out.push_str(&self.behind);
    }
}

/// Without what Java's `trim` takes away: blanks and control characters at both ends.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}
