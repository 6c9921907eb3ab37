//! The first line of a connection's first request, where people type paths and queries themselves: `<` and `>`, which no URL has, are
//! taken as if they had been escaped (`curl 'localhost:9200/_cluster/health?wait_for_nodes=>=2'`). Programs escape them.
//!
//! In: bytes as they come. Out: the same, or longer ones, and what of them is still to be given. Later requests of a connection are left as they are:
//! where they begin is known to who reads them, not here.

use tokio::io::ReadBuf;

/// What became of the line so far.
#[derive(Debug, Default)]
pub(super) struct FirstLine {
    ended: bool,
    /// What found no room.
    kept: Vec<u8>,
}

impl FirstLine {
    /// Gives what was kept; false where there is nothing.
    pub(super) fn give(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let length = self.kept.len().min(buf.remaining());
        buf.put_slice(&self.kept[..length]);
        self.kept.drain(..length);
        length > 0
    }

    /// Escapes what has been read behind `before`, as far as the line goes.
    pub(super) fn escape(&mut self, buf: &mut ReadBuf<'_>, before: usize) {
        if self.ended {
            return;
        }
        let came = &buf.filled()[before..];
        let end = came.iter().position(|&byte| byte == b'\n');
        self.ended = end.is_some();
        let (line, rest) = came.split_at(end.unwrap_or(came.len()));
        if !line.iter().any(|byte| matches!(byte, b'<' | b'>')) {
            return;
        }
        let mut escaped = Vec::with_capacity(came.len() + 16);
        for &byte in line {
            match byte {
                b'<' => escaped.extend_from_slice(b"%3C"),
                b'>' => escaped.extend_from_slice(b"%3E"),
                other => escaped.push(other),
            }
        }
        escaped.extend_from_slice(rest);
        buf.set_filled(before);
        self.kept = escaped;
        self.give(buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of `pieces`, read through a buffer of `room` bytes.
    fn read(pieces: &[&str], room: usize) -> String {
        let (mut line, mut out) = (FirstLine::default(), Vec::new());
        for piece in pieces {
            let mut piece = piece.as_bytes();
            while !piece.is_empty() {
                let mut space = vec![0; room];
                let mut buf = ReadBuf::new(&mut space);
                if !line.give(&mut buf) {
                    let (now, later) = piece.split_at(piece.len().min(room));
                    buf.put_slice(now);
                    piece = later;
                    line.escape(&mut buf, 0);
                }
                out.extend_from_slice(buf.filled());
            }
        }
        out.extend_from_slice(&line.kept);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_first_line_alone_is_escaped() {
        let whole = "GET /a?q=n:>3<4 HTTP/1.1\r\nx: <\r\n\r\nGET /?q=> HTTP/1.1\r\n";
        let expected = "GET /a?q=n:%3E3%3C4 HTTP/1.1\r\nx: <\r\n\r\nGET /?q=> HTTP/1.1\r\n";
        for room in [1, 2, 3, 7, 12, 64, 200] {
            assert_eq!(read(&[whole], room), expected, "{room}");
            assert_eq!(read(&[&whole[..9], &whole[9..13], &whole[13..]], room), expected, "{room}");
        }
        assert_eq!(read(&["GET / HTTP/1.1\r\n>"], 8), "GET / HTTP/1.1\r\n>");
    }
}
