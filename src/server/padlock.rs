//! The port of https beside the one of http: listened on as long as the owner wants it and there is a certificate to show.

use super::accept::{self, Speech};
use super::{Shared, cannot_listen, listen};
use crate::domain::padlock::{self, Outcome};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// When a port that could not be had is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// Opens and closes the port for as long as it is polled.
pub(super) async fn provide(server: &Arc<Shared>) {
    let knocked = Arc::new(Notify::new());
    let door = &server.app.padlock.door;
    let its = Arc::clone(&knocked);
    door.listen(Box::new(move || its.notify_one()));
    loop {
        if !padlock::is_on(&server.app) {
            door.settle(Outcome::Closed);
            knocked.notified().await;
            continue;
        }
        match open(server).await {
            Ok((listener, acceptor, port)) => {
                log::info!("https is spoken at port {port}");
                door.settle(Outcome::Open(port));
                let speech = Speech::Own(acceptor);
                tokio::select! {
                    () = accept::accept(server, &listener, &speech) => {}
                    () = closed(server, &knocked, port) => log::info!("https is off"),
                }
            }
            Err(sentence) => {
                log::error!("{sentence}");
                door.settle(Outcome::Stuck(sentence));
                let _ = timeout(RETRY_AFTER, knocked.notified()).await;
            }
        }
    }
}

/// Waits until the port is not wanted any more.
async fn closed(server: &Shared, knocked: &Notify, port: u16) {
    while padlock::is_on(&server.app) {
        knocked.notified().await;
        server.app.padlock.door.settle(Outcome::Open(port));
    }
}

/// The port, and what makes its handshakes. The error is a sentence.
async fn open(server: &Shared) -> Result<(TcpListener, TlsAcceptor, u16), String> {
    let handshakes = server.app.padlock.shown.handshakes()?;
    let settings = &server.settings;
    let (address, port) = (&settings.address, settings.https_port);
    let listener = listen(address, port)
        .await
        .map_err(|error| cannot_listen(address, port, "--httpsPort", &error))?;
    let at = listener.local_addr().map_err(|error| error.to_string())?;
    let acceptor = TlsAcceptor::from(Arc::new(handshakes));
    Ok((listener, acceptor, at.port()))
}
