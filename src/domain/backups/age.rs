//! Files that a passphrase opens, in the format of age (C2SP "age-encryption.org/v1": scrypt recipient, STREAM with
//! ChaCha20-Poly1305), so that `age -d` opens them as well. Writes and reads in pieces of 64 KiB.

use crate::ids::random_bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use ring::{hkdf, hmac};
use std::fmt;
use std::io::{self, BufRead, Read, Write};

/// How every such file begins.
pub const MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// The logarithm of scrypt's work for files that are made here: 64 MiB of memory for the second that it takes on a small
/// board.
const WORK: u8 = 16;

/// The largest that is done for a file that is read: 256 MiB, what `age` itself asks for.
const WORK_MAX: u8 = 18;

/// Plain bytes in one sealed piece.
const PIECE_BYTES: usize = 64 * 1024;

/// Bytes that sealing adds to a piece.
const TAG_BYTES: usize = 16;

/// Longest line of a header, in bytes.
const LINE_BYTES_MAX: u64 = 256;

/// Longest passphrase, in bytes.
pub const PASSPHRASE_BYTES_MAX: usize = 1024;

/// Why a file was not opened.
#[derive(Debug)]
pub enum Problem {
    /// The passphrase is another one.
    WrongPassphrase,
    /// It is encrypted for a key, or in a way that is not known here.
    Foreign,
    /// It cannot be read.
    Io(io::Error),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::WrongPassphrase => f.write_str("The passphrase is not right."),
            Problem::Foreign => f.write_str(
                "This file is encrypted, but not with a passphrase. Decrypt it with `age -d` first.",
            ),
            Problem::Io(error) => error.fmt(f),
        }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Problem {
        Problem::Io(error)
    }
}

/// Length of the encrypted file around that many bytes.
pub fn sealed_bytes(plain: u64) -> u64 {
    let pieces = plain.div_ceil(PIECE_BYTES as u64).max(1);
    // The header has always the same length: only its salt, its sealed key and its seal differ.
    let header = header(&[0; 16], &[0; 32]).len() + 1 + STANDARD_NO_PAD.encode([0; 32]).len() + 1;
    header as u64 + 16 + plain + pieces * TAG_BYTES as u64
}

/// A file being encrypted. What was written counts only after [`Sealing::finish`].
pub struct Sealing<W> {
    out: W,
    stream: Stream,
    piece: Vec<u8>,
}

impl<W: Write> Sealing<W> {
    /// Writes the header.
    pub fn begin(mut out: W, passphrase: &str) -> io::Result<Sealing<W>> {
        let (file_key, salt, nonce) = (
            random_bytes::<16>(),
            random_bytes::<16>(),
            random_bytes::<16>(),
        );
        let wrap = wrapping_key(passphrase, &salt, WORK);
        let mut wrapped = file_key.to_vec();
        seal(&wrap, [0; NONCE_LEN], &mut wrapped);
        let head = header(&salt, &wrapped);
        let mac = hmac::sign(&mac_key(&file_key), head.as_bytes());
        let mac = STANDARD_NO_PAD.encode(mac);
        out.write_all(format!("{head} {mac}\n").as_bytes())?;
        out.write_all(&nonce)?;
        Ok(Sealing {
            out,
            stream: Stream::of(&file_key, &nonce),
            piece: Vec::with_capacity(PIECE_BYTES + TAG_BYTES),
        })
    }

    /// Writes the last piece.
    pub fn finish(mut self) -> io::Result<W> {
        self.put(true)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn put(&mut self, is_last: bool) -> io::Result<()> {
        let nonce = self.stream.next(is_last)?;
        seal(&self.stream.key, nonce, &mut self.piece);
        self.out.write_all(&self.piece)?;
        self.piece.clear();
        Ok(())
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full piece waits until it is known that it is not the last.
        if self.piece.len() == PIECE_BYTES && !bytes.is_empty() {
            self.put(false)?;
        }
        let taken = bytes.len().min(PIECE_BYTES - self.piece.len());
        self.piece
            .extend_from_slice(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file being decrypted: everything that it gives is authentic. A file that was cut short or altered fails with
/// `InvalidData` or `UnexpectedEof` where it is.
pub struct Opening<R> {
    from: R,
    stream: Stream,
    piece: Vec<u8>,
    at: usize,
    is_over: bool,
}

impl<R: BufRead> Opening<R> {
    /// Reads the header.
    pub fn begin(mut from: R, passphrase: &str) -> Result<Opening<R>, Problem> {
        let mut head = String::new();
        let mut lines = Vec::new();
        for _ in 0..4 {
            let start = head.len();
            (&mut from).take(LINE_BYTES_MAX).read_line(&mut head)?;
            let line = head.get(start..).unwrap_or_default();
            lines.push(line.strip_suffix('\n').ok_or(Problem::Foreign)?.to_owned());
        }
        let [magic, stanza, wrapped, seal_line] = lines.as_slice() else {
            return Err(Problem::Foreign);
        };
        let words: Vec<&str> = stanza.split(' ').collect();
        let (["->", "scrypt", salt, work], true) =
            (words.as_slice(), magic.as_bytes() == MAGIC.trim_ascii_end())
        else {
            return Err(Problem::Foreign);
        };
        let salt: [u8; 16] = decoded(salt)?;
        let wrapped: [u8; 32] = decoded(wrapped)?;
        let mac: [u8; 32] = decoded(seal_line.strip_prefix("--- ").ok_or(Problem::Foreign)?)?;
        let work: u8 = work.parse().map_err(|_| Problem::Foreign)?;
        if work == 0 || work > WORK_MAX {
            return Err(Problem::Foreign);
        }
        let wrap = wrapping_key(passphrase, &salt, work);
        let mut wrapped = wrapped.to_vec();
        let file_key = open(&wrap, [0; NONCE_LEN], &mut wrapped).ok_or(Problem::WrongPassphrase)?;
        let signed = head.len() - seal_line.len() - 1 + "---".len();
        let signed = head.as_bytes().get(..signed).unwrap_or_default();
        if hmac::verify(&mac_key(file_key), signed, &mac).is_err() {
            return Err(Problem::Io(altered()));
        }
        let mut nonce = [0; 16];
        from.read_exact(&mut nonce)?;
        Ok(Opening {
            stream: Stream::of(file_key, &nonce),
            from,
            piece: Vec::new(),
            at: 0,
            is_over: false,
        })
    }

    fn fill(&mut self) -> io::Result<()> {
        self.piece.clear();
        self.at = 0;
        let sealed = (PIECE_BYTES + TAG_BYTES) as u64;
        (&mut self.from).take(sealed).read_to_end(&mut self.piece)?;
        self.is_over = self.from.fill_buf()?.is_empty();
        if self.piece.len() < TAG_BYTES {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let nonce = self.stream.next(self.is_over)?;
        let length = match open(&self.stream.key, nonce, &mut self.piece) {
            Some(plain) => plain.len(),
            // A file that was cut at a piece ends with one that was not the last.
            None if self.is_over => return Err(io::ErrorKind::UnexpectedEof.into()),
            None => return Err(altered()),
        };
        self.piece.truncate(length);
        Ok(())
    }
}

impl<R: BufRead> Read for Opening<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            if self.is_over || into.is_empty() {
                return Ok(0);
            }
            self.fill()?;
        }
        let mut rest = self.piece.get(self.at..).unwrap_or_default();
        let read = rest.read(into)?;
        self.at += read;
        Ok(read)
    }
}

/// The key and the count of the pieces.
struct Stream {
    key: LessSafeKey,
    pieces: u64,
}

impl Stream {
    fn of(file_key: &[u8], nonce: &[u8; 16]) -> Stream {
        let mut key = [0; 32];
        derive(file_key, nonce, b"payload", &mut key);
        Stream {
            key: aead_key(&key),
            pieces: 0,
        }
    }

    /// The nonce of the next piece: eleven bytes that count, and one that tells the last.
    fn next(&mut self, is_last: bool) -> io::Result<[u8; NONCE_LEN]> {
        let mut nonce = [0; NONCE_LEN];
        for (to, from) in nonce.iter_mut().skip(3).zip(self.pieces.to_be_bytes()) {
            *to = from;
        }
        nonce[NONCE_LEN - 1] = u8::from(is_last);
        self.pieces = self.pieces.checked_add(1).ok_or_else(altered)?;
        Ok(nonce)
    }
}

fn header(salt: &[u8; 16], wrapped: &[u8]) -> String {
    format!(
        "{}-> scrypt {} {WORK}\n{}\n---",
        String::from_utf8_lossy(MAGIC),
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(wrapped)
    )
}

fn wrapping_key(passphrase: &str, salt: &[u8; 16], work: u8) -> LessSafeKey {
    let salt = [&b"age-encryption.org/v1/scrypt"[..], salt].concat();
    let cost = scrypt::Params::new(work, 8, 1).expect("the work is bounded");
    let mut key = [0; 32];
    scrypt::scrypt(passphrase.as_bytes(), &salt, &cost, &mut key)
        .expect("32 bytes are a length that scrypt gives");
    aead_key(&key)
}

fn mac_key(file_key: &[u8]) -> hmac::Key {
    let mut key = [0; 32];
    derive(file_key, &[], b"header", &mut key);
    hmac::Key::new(hmac::HMAC_SHA256, &key)
}

/// HKDF-SHA-256 (RFC 5869).
fn derive(secret: &[u8], salt: &[u8], info: &[u8], into: &mut [u8; 32]) {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let info = [info];
    let filled = extracted
        .expand(&info, hkdf::HKDF_SHA256)
        .and_then(|key| key.fill(into));
    filled.expect("32 bytes are a length that SHA-256 gives");
}

fn aead_key(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).expect("a key has 32 bytes"))
}

fn seal(key: &LessSafeKey, nonce: [u8; NONCE_LEN], bytes: &mut Vec<u8>) {
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag: Tag = key
        .seal_in_place_separate_tag(nonce, Aad::empty(), bytes)
        .expect("a piece is short");
    bytes.extend_from_slice(tag.as_ref());
}

fn open<'b>(key: &LessSafeKey, nonce: [u8; NONCE_LEN], bytes: &'b mut [u8]) -> Option<&'b [u8]> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.open_in_place(nonce, Aad::empty(), bytes)
        .ok()
        .map(|plain| &*plain)
}

fn decoded<const N: usize>(text: &str) -> Result<[u8; N], Problem> {
    let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| Problem::Foreign)?;
    bytes.try_into().map_err(|_| Problem::Foreign)
}

fn altered() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it was altered")
}

#[cfg(test)]
mod tests {
    use super::{Opening, PIECE_BYTES, Problem, Sealing, sealed_bytes};
    use std::io::{ErrorKind, Read, Write};

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut sealing = Sealing::begin(Vec::new(), "two words").expect("memory takes all");
        sealing.write_all(plain).expect("memory takes all");
        sealing.finish().expect("memory takes all")
    }

    fn opened(sealed: &[u8]) -> Result<Vec<u8>, ErrorKind> {
        let mut plain = Vec::new();
        let mut opening = match Opening::begin(sealed, "two words") {
            Ok(opening) => opening,
            Err(Problem::Io(error)) => return Err(error.kind()),
            Err(other) => panic!("{other}"),
        };
        opening
            .read_to_end(&mut plain)
            .map_err(|error| error.kind())?;
        Ok(plain)
    }

    #[test]
    fn what_was_sealed_is_opened_and_nothing_else_is() {
        let long = vec![7; 2 * PIECE_BYTES];
        for plain in [
            &b""[..],
            b"short",
            &long[..PIECE_BYTES],
            &long[..PIECE_BYTES + 1],
            &long,
        ] {
            let sealed = sealed(plain);
            assert_eq!(sealed.len() as u64, sealed_bytes(plain.len() as u64));
            assert_eq!(opened(&sealed).expect("whole"), plain);
        }
        let whole = sealed(&long);
        assert!(matches!(
            Opening::begin(&*whole, "two word"),
            Err(Problem::WrongPassphrase)
        ));
        assert!(matches!(
            Opening::begin(&b"nonsense"[..], ""),
            Err(Problem::Foreign)
        ));
        // Cut in a piece, and exactly behind one.
        for cut in [1, PIECE_BYTES + super::TAG_BYTES] {
            assert_eq!(
                opened(&whole[..whole.len() - cut]),
                Err(ErrorKind::UnexpectedEof)
            );
        }
        let mut altered = whole;
        let at = altered.len() - PIECE_BYTES - 100;
        altered[at] ^= 1;
        assert_eq!(opened(&altered), Err(ErrorKind::InvalidData));
    }
}
