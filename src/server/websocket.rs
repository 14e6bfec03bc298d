//! A WebSocket (RFC 6455) after its handshake: waits for the other side, for something to say, and for the time of a sign
//! of life, without a thread. Small buffers: most sockets are silent most of the time.

use super::Shared;
use super::seats::Seat;
use crate::clock;
use crate::http::{Conversation, End, Spoken};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use std::future::poll_fn;
use std::sync::Arc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};

/// Longest message that is taken, in bytes.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// What is read at once, in bytes.
const READ_BYTES: usize = 1024;

/// Most bytes that wait to be sent.
const WAITING_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Signs of life that the other side may leave unanswered.
const UNANSWERED_MAX: u32 = 3;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Why a conversation is over without a word.
struct Gone;

/// Waits for the upgrade and holds the conversation until it ends.
pub(super) async fn converse(
    server: Arc<Shared>,
    upgrade: OnUpgrade,
    conversation: Box<dyn Conversation>,
    seat: Seat,
) {
    if let Ok(upgraded) = upgrade.await {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(WAITING_BYTES_MAX)
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let io = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        // A socket that breaks is nobody's mistake.
        let _ = talk(&server, socket, conversation).await;
    }
    drop(seat);
}

async fn talk(
    server: &Shared,
    mut socket: Socket,
    mut conversation: Box<dyn Conversation>,
) -> Result<(), Gone> {
    let mut unanswered = 0;
    let mut due = Instant::now() + server.bounds.beat_every;
    loop {
        let mut beat = false;
        let heard = tokio::select! {
            message = socket.next() => {
                unanswered = 0;
                match message {
                    Some(Ok(Message::Text(text))) => Some(text),
                    // The answer to a ping, or to a close, is sent with the next flush.
                    Some(Ok(Message::Ping(_) | Message::Close(_))) => {
                        flush(server, &mut socket).await?;
                        continue;
                    }
                    Some(Ok(Message::Pong(_))) => continue,
                    _ => return Err(Gone),
                }
            }
            () = poll_fn(|context| conversation.poll(context)) => None,
            () = sleep_until(due) => {
                beat = true;
                None
            }
        };
        if beat {
            if unanswered >= UNANSWERED_MAX {
                return Err(Gone);
            }
            unanswered += 1;
            send(server, &mut socket, Message::Ping(bytes::Bytes::new())).await?;
        }
        let (back, spoken) = work(server, conversation, move |conversation| match &heard {
            Some(text) => conversation.hear(text, clock::now()),
            None => conversation.speak(beat, clock::now()),
        })
        .await?;
        conversation = back;
        due = Instant::now() + server.bounds.beat_every;
        for message in spoken.messages {
            send(server, &mut socket, Message::text(message)).await?;
        }
        match spoken.end {
            None => {}
            Some(End::Cut) => return Err(Gone),
            Some(End::Close(code, reason)) => {
                let frame = CloseFrame {
                    code: CloseCode::from(code),
                    reason: reason.into(),
                };
                send(server, &mut socket, Message::Close(Some(frame))).await?;
                // The other side answers; what it says meanwhile is not heard.
                let rest = async { while let Some(Ok(_)) = socket.next().await {} };
                let _ = timeout(super::limits::LINGER_TIME_MAX, rest).await;
                return Ok(());
            }
        }
    }
}

/// Does blocking work of a conversation in one of the places for it.
async fn work(
    server: &Shared,
    mut conversation: Box<dyn Conversation>,
    deed: impl FnOnce(&mut dyn Conversation) -> Spoken + Send + 'static,
) -> Result<(Box<dyn Conversation>, Spoken), Gone> {
    let place = Arc::clone(&server.live).acquire_owned().await;
    let place = place.map_err(|_| Gone)?;
    let done = tokio::task::spawn_blocking(move || {
        let spoken = deed(conversation.as_mut());
        drop(place);
        (conversation, spoken)
    });
    done.await.map_err(|_| Gone)
}

/// Sends a message; who does not take it in time is let go.
async fn send(server: &Shared, socket: &mut Socket, message: Message) -> Result<(), Gone> {
    match timeout(server.bounds.patience.stall, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Gone),
    }
}

async fn flush(server: &Shared, socket: &mut Socket) -> Result<(), Gone> {
    match timeout(server.bounds.patience.stall, socket.flush()).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Gone),
    }
}
