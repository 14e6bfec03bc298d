//! Bodies on their way in: within their bounds, not too slowly, into memory or into files. A refused body is read on for a
//! while and thrown away, so that its sender gets to read why.

use super::Shared;
use super::limits::{
    ARCHIVE_BYTES_MAX, DRAIN_BYTES_MAX, DRAIN_FORM_BYTES_MAX, DRAIN_FORM_TIME_MAX, DRAIN_TIME_MAX,
    FIELDS_BYTES_MAX, PARTS_MAX,
};
use super::multipart::{Event, Splitter};
use super::spool::Spooling;
use crate::error::Error;
use crate::http::{Body, Request, SpooledPart};
use crate::routes::Intake;
use crate::words::Words;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::header;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

/// A body that came in.
pub(super) struct Taken {
    pub(super) body: Body,
    /// Its share of the memory for bodies, for as long as it lives.
    pub(super) share: Share,
}

/// A share of the memory for bodies.
pub(super) struct Share {
    all: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    kib: usize,
}

/// How slow a body may be. Tests use shorter times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How long it may stand still.
    pub(crate) pause: Duration,
    /// What it may take in any case.
    pub(crate) grace: Duration,
    /// The slowest rate, in bytes a second.
    pub(crate) rate: u64,
}

/// Takes the body of `request` as its route wants it.
pub(super) async fn take(
    server: &Shared,
    intake: Intake,
    request: &Request,
    incoming: Incoming,
) -> Result<Taken, Error> {
    let mut share = Share::none(&server.bodies);
    if incoming.is_end_stream() {
        let body = Body::Memory(Bytes::new());
        return Ok(Taken { body, share });
    }
    let spooled =
        intake != Intake::Memory && request.content_type() != "application/x-www-form-urlencoded";
    let bytes_max = match intake {
        _ if !spooled => server.settings.json_bytes_max,
        Intake::Archive => ARCHIVE_BYTES_MAX,
        _ => server.settings.upload_bytes_max,
    };
    let mut inflow = Inflow::new(incoming, bytes_max, server.bounds.pace);
    let splitter = request
        .header(&header::CONTENT_TYPE)
        .filter(|_| spooled)
        .and_then(Splitter::of);
    let taken = match splitter {
        Some(splitter) => form(server, &mut inflow, splitter, &mut share).await,
        None if spooled => file(server, &mut inflow).await,
        None => memory(&mut inflow, &mut share).await,
    };
    match taken {
        Ok(body) => Ok(Taken { body, share }),
        Err(error) => {
            refuse(intake, request, inflow.incoming);
            Err(error)
        }
    }
}

/// Reads on in a body that nobody wants, within bounds. A sender who asked first (`Expect: 100-continue`) sends nothing. A browser
/// reads no answer before it has sent a form to its end: those with files are read as far as people have films.
pub(super) fn refuse(intake: Intake, request: &Request, mut incoming: Incoming) {
    if incoming.is_end_stream() || request.headers.contains_key(header::EXPECT) {
        return;
    }
    let is_form = intake != Intake::Memory && request.accepts_html();
    let (bytes_max, time_max) = match is_form {
        true => (DRAIN_FORM_BYTES_MAX, DRAIN_FORM_TIME_MAX),
        false => (DRAIN_BYTES_MAX, DRAIN_TIME_MAX),
    };
    let drain = async move {
        let mut bytes = 0;
        while let Some(Ok(frame)) = incoming.frame().await {
            bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
            if bytes > bytes_max {
                break;
            }
        }
    };
    super::connection::start(async move {
        drop(timeout(time_max, drain).await);
    });
}

async fn memory(inflow: &mut Inflow, share: &mut Share) -> Result<Body, Error> {
    let mut collected = BytesMut::new();
    let mut first = Bytes::new();
    while let Some(piece) = inflow.next().await? {
        share.grow_to(inflow.received)?;
        if first.is_empty() {
            // Most bodies are one piece; it is not copied.
            first = piece;
        } else {
            if collected.is_empty() {
                collected.extend_from_slice(&first);
            }
            collected.extend_from_slice(&piece);
        }
    }
    Ok(Body::Memory(match collected.is_empty() {
        true => first,
        false => collected.freeze(),
    }))
}

async fn file(server: &Shared, inflow: &mut Inflow) -> Result<Body, Error> {
    inflow.check_length()?;
    let mut spooling = server.spool.begin(inflow.bytes_max).await?;
    while let Some(piece) = inflow.next().await? {
        spooling.push(&piece).await?;
    }
    Ok(Body::Spooled(spooling.finish().await?))
}

async fn form(
    server: &Shared,
    inflow: &mut Inflow,
    mut splitter: Splitter,
    share: &mut Share,
) -> Result<Body, Error> {
    inflow.check_length()?;
    share.grow_to(FIELDS_BYTES_MAX as u64)?;
    let mut form = Form::default();
    while let Some(piece) = inflow.next().await? {
        splitter.push(&piece);
        while let Some(event) = splitter.next().map_err(Error::invalid)? {
            form.add(server, event, inflow.bytes_max).await?;
        }
    }
    if !splitter.is_complete() {
        return Err(Error::invalid("The form ended early."));
    }
    Ok(Body::Multipart {
        fields: form.fields,
        files: form.files,
    })
}

/// A multipart form, as far as it came in.
#[derive(Default)]
struct Form<'a> {
    fields: Vec<(String, String)>,
    field_bytes: usize,
    files: Vec<SpooledPart>,
    parts: usize,
    current: Option<Part<'a>>,
}

enum Part<'a> {
    Field(String, Vec<u8>),
    File {
        field: String,
        file_name: String,
        content_type: String,
        spooling: Spooling<'a>,
    },
}

impl<'a> Form<'a> {
    async fn add(&mut self, server: &'a Shared, event: Event, bytes_max: u64) -> Result<(), Error> {
        match event {
            Event::Part(head) => {
                self.parts += 1;
                if self.parts > PARTS_MAX {
                    return Err(Error::TooLarge(format!(
                        "A form has at most {PARTS_MAX} parts."
                    )));
                }
                self.count(head.name.len())?;
                self.current = Some(match head.file_name {
                    None => Part::Field(head.name, Vec::new()),
                    Some(file_name) => Part::File {
                        field: head.name,
                        file_name,
                        content_type: head.content_type,
                        spooling: server.spool.begin(bytes_max).await?,
                    },
                });
            }
            Event::Data(bytes) => {
                if let Some(Part::Field(..)) = &self.current {
                    self.count(bytes.len())?;
                }
                match &mut self.current {
                    Some(Part::Field(_, value)) => value.extend_from_slice(&bytes),
                    Some(Part::File { spooling, .. }) => spooling.push(&bytes).await?,
                    None => {}
                }
            }
            Event::PartEnd => match self.current.take() {
                Some(Part::Field(name, value)) => {
                    let value = String::from_utf8(value)
                        .map_err(|_| Error::invalid("A field of the form is not UTF-8."))?;
                    self.fields.push((name, value));
                }
                Some(Part::File {
                    field,
                    file_name,
                    content_type,
                    spooling,
                }) => {
                    let file = spooling.finish().await?;
                    // A file field that was left empty is sent as an empty file without a name.
                    if file.bytes() > 0 || !file_name.is_empty() {
                        self.files.push(SpooledPart {
                            field,
                            file_name,
                            content_type,
                            file,
                        });
                    }
                }
                None => {}
            },
            Event::End => {}
        }
        Ok(())
    }

    fn count(&mut self, bytes: usize) -> Result<(), Error> {
        self.field_bytes += bytes;
        if self.field_bytes > FIELDS_BYTES_MAX {
            return Err(too_large(FIELDS_BYTES_MAX as u64));
        }
        Ok(())
    }
}

/// A body coming in.
struct Inflow {
    incoming: Incoming,
    bytes_max: u64,
    received: u64,
    pace: Pace,
    start: Instant,
}

impl Inflow {
    fn new(incoming: Incoming, bytes_max: u64, pace: Pace) -> Inflow {
        Inflow {
            incoming,
            bytes_max,
            received: 0,
            pace,
            start: Instant::now(),
        }
    }

    /// Refuses a body that says itself that it is too long.
    fn check_length(&self) -> Result<(), Error> {
        match self.incoming.size_hint().lower() > self.bytes_max {
            true => Err(too_large(self.bytes_max)),
            false => Ok(()),
        }
    }

    /// The next piece; nothing at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.received == 0 {
            self.check_length()?;
        }
        loop {
            let paced = Duration::from_secs(self.received / self.pace.rate.max(1));
            let due = (self.start + self.pace.grace + paced).min(Instant::now() + self.pace.pause);
            let frame = match timeout_at(due, self.incoming.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => {
                    return Err(Error::invalid(format!("The body broke off: {error}.")));
                }
                Ok(None) => return Ok(None),
                Err(_) => {
                    return Err(Error::Slow("The body came in too slowly.".to_owned()));
                }
            };
            if let Ok(piece) = frame.into_data() {
                self.received += piece.len() as u64;
                if self.received > self.bytes_max {
                    return Err(too_large(self.bytes_max));
                }
                if !piece.is_empty() {
                    return Ok(Some(piece));
                }
            }
        }
    }
}

impl Share {
    fn none(all: &Arc<Semaphore>) -> Share {
        Share {
            all: Arc::clone(all),
            held: None,
            kib: 0,
        }
    }

    fn grow_to(&mut self, bytes: u64) -> Result<(), Error> {
        let kib = usize::try_from(bytes.div_ceil(1024)).unwrap_or(usize::MAX);
        let more = kib.saturating_sub(self.kib);
        if more == 0 {
            return Ok(());
        }
        let busy = || Error::Busy("This server is busy. Try again in a moment.".to_owned());
        let more_permits = u32::try_from(more).map_err(|_| busy())?;
        let permit = Arc::clone(&self.all)
            .try_acquire_many_owned(more_permits)
            .map_err(|_| busy())?;
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        self.kib = kib;
        Ok(())
    }
}

fn too_large(bytes_max: u64) -> Error {
    let most = Words::default().size(bytes_max);
    Error::TooLarge(format!("That is too large: at most {most} are taken here."))
}
