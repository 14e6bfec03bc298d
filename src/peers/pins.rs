//! Which certificates count on the local network, where no public authority vouches for anybody: the one that a server had at
//! first, which must be what is announced for it there, if anything is. Another one later is refused until the owner forgets the
//! first.

use super::lan::Lan;
use crate::clock::Timestamp;
use crate::store::engine::{Durability, Engine, Result};
use crate::store::pins::{self, Fingerprint, Pin, Refused};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Most servers whose certificates are kept.
pub const PINS_MAX: usize = 1000;

/// The certificates that count.
pub(super) struct Pins {
    engine: Arc<dyn Engine>,
    lan: Arc<Lan>,
}

impl Pins {
    pub(super) fn new(engine: Arc<dyn Engine>, lan: Arc<Lan>) -> Pins {
        Pins { engine, lan }
    }

    /// Whether a certificate (DER) of a host counts, which its first one does; the error says why not.
    pub(super) fn judge(
        &self,
        host: &str,
        certificate: &[u8],
        now: Timestamp,
    ) -> std::result::Result<(), String> {
        let fingerprint: Fingerprint = Sha256::digest(certificate).into();
        let known = pins::get(self.engine.as_ref(), host);
        match known.map_err(|error| error.to_string())? {
            Some(pin) if pin.fingerprint == fingerprint => Ok(()),
            Some(pin) => {
                let is_told = pin.refused.as_ref();
                if is_told.is_none_or(|refused| refused.fingerprint != fingerprint) {
                    log::warn!("the certificate of {host} is not the one that it had at first");
                    let refused = Some(Refused {
                        fingerprint,
                        at: now,
                    });
                    let noted = self.keep(host, &Pin { refused, ..pin });
                    noted.map_err(|error| error.to_string())?;
                }
                Err(format!(
                    "the certificate of {host} is not the one that it had at first. If its owner has replaced it, \
                     `pumphouse pin forget {host}` lets the new one count"
                ))
            }
            None if self.lan.vouches(host, &fingerprint) == Some(false) => {
                log::warn!("the certificate of {host} is not the one that is announced for it");
                Err(format!(
                    "the certificate of {host} is not the one that is announced for it on the local network"
                ))
            }
            None => {
                let all = pins::list(self.engine.as_ref(), PINS_MAX);
                if all.map_err(|error| error.to_string())?.len() >= PINS_MAX {
                    return Err(format!(
                        "the certificates of {PINS_MAX} servers are kept, and {host} would be one more; `pumphouse pin list` \
                         names them"
                    ));
                }
                log::info!("{host} is known by its certificate from now on");
                let pin = Pin {
                    fingerprint,
                    since: now,
                    refused: None,
                };
                self.keep(host, &pin).map_err(|error| error.to_string())
            }
        }
    }

    /// Whether a host is known by its certificate, so that nothing less will do.
    pub(super) fn knows(&self, host: &str) -> bool {
        matches!(pins::get(self.engine.as_ref(), host), Ok(Some(_)))
    }

    fn keep(&self, host: &str, pin: &Pin) -> Result<()> {
        self.engine.write(Durability::Durable, &mut |tx| {
            pins::put(tx, host, pin);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Pins;
    use crate::clock::Timestamp;
    use crate::store::engine::memory::MemoryEngine;
    use crate::store::pins;
    use std::sync::Arc;

    #[test]
    fn the_first_certificate_counts_until_it_is_forgotten() {
        let kept = Pins::new(Arc::new(MemoryEngine::default()), Arc::default());
        let judge = |certificate: &[u8], at| kept.judge("b.local", certificate, Timestamp(at));
        assert!(!kept.knows("b.local"));
        judge(b"first", 1).expect("nobody knew it");
        judge(b"first", 2).expect("the same");
        assert!(kept.knows("b.local") && !kept.knows("b.local:8443"));
        for at in [3, 4] {
            let why = judge(b"second", at).expect_err("another one");
            assert!(why.contains("pumphouse pin forget b.local"), "{why}");
        }
        let pin = pins::get(kept.engine.as_ref(), "b.local").expect("readable");
        let refused = pin.and_then(|pin| pin.refused).expect("it is told");
        assert_eq!(refused.at, Timestamp(3));
        judge(b"first", 5).expect("still the first");
        kept.judge("c.local", b"second", Timestamp(5))
            .expect("each host has its own");
    }
}
