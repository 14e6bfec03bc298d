//! A connection that is used again and again, because a new one for each request would be most of the work.

use crate::harness::http::{Body, Request, Site};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// An answer that takes longer never comes. A busy machine and an unoptimised server are slow; nothing here may take long.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Line {
    stream: BufReader<TcpStream>,
}

impl Line {
    pub(super) fn to(site: &Site) -> Line {
        let stream = site.connect();
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout can be set");
        Line {
            stream: BufReader::new(stream),
        }
    }

    /// Sends a request; status and text of the answer. Connects again where the server has closed the connection.
    pub(super) fn send(&mut self, site: &Site, request: &Request) -> Result<(u16, String), String> {
        let body: &[u8] = match &request.body {
            Body::Bytes(bytes) | Body::Chunked(bytes) => bytes,
            Body::Nothing => &[],
        };
        let mut bytes = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\n",
            request.method, request.target, site.host
        );
        for (name, value) in &request.headers {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        bytes.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let bytes = [bytes.as_bytes(), body].concat();
        for again in [false, true] {
            if again {
                *self = Line::to(site);
            }
            // The server may answer before it has read all, and close.
            let _ = self.stream.get_mut().write_all(&bytes);
            match self.answer() {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
                Err(error) => return Err(format!("no answer: {error}")),
            }
        }
        Err("the server closes the connection without an answer".to_owned())
    }

    /// The next answer; nothing where the connection was closed before it.
    fn answer(&mut self) -> std::io::Result<Option<(u16, String)>> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("{line} is no status line"));
        let (mut length, mut is_chunked) = (0_usize, false);
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().expect("a length");
            }
            is_chunked |= header == "transfer-encoding: chunked";
        }
        let mut body = Vec::new();
        if is_chunked {
            while self.chunk(&mut body)? {}
        } else {
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        }
        Ok(Some((status, String::from_utf8_lossy(&body).into_owned())))
    }

    fn chunk(&mut self, body: &mut Vec<u8>) -> std::io::Result<bool> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).expect("the length of a chunk");
        let start = body.len();
        body.resize(start + length + 2, 0);
        self.stream.read_exact(&mut body[start..])?;
        body.truncate(start + length);
        Ok(length > 0)
    }
}
