//! What every rule may use, in one value that is passed first; nothing is global.

use crate::clock::{self, Timestamp, Watch};
use crate::config::{Config, DEFAULT_SITE, MailConfig};
use crate::domain::archives::Desk;
use crate::domain::backups::nightly::Keeper;
use crate::domain::bell::Bell;
use crate::domain::firehose::Firehose;
use crate::domain::proxies::Proxies;
use crate::domain::refreshing::Refreshing;
use crate::domain::setup::Setup;
use crate::domain::spam::Judge;
use crate::domain::talks::Talks;
use crate::domain::turns::Turns;
use crate::domain::updates::Updates;
use crate::ids::Base;
use crate::media::{BlobName, Blobs};
use crate::peers::{Peers, Reach};
use crate::store::Store;
use crate::store::engine::{Read, Result};
use crate::store::meta;
use crate::words::Language;
use std::cell::Cell;
use std::sync::{Arc, OnceLock};

/// The parts of a running server that the rules use.
pub struct App {
    /// How the server was configured.
    pub config: Config,
    /// What is kept.
    pub store: Store,
    /// When this run began.
    pub started: Timestamp,
    /// Whether the clock can be right.
    pub clock: Arc<Watch>,
    /// The files that people uploaded.
    pub blobs: Blobs,
    /// How the server gets its owner.
    pub setup: Setup,
    /// Realtime clients that speak by single requests.
    pub talks: Talks,
    /// Archives that are made and taken.
    pub desk: Desk,
    /// Backups of every night.
    pub keeper: Keeper,
    /// The base URL; set once, at start or by the setup.
    base: OnceLock<Base>,
    /// Wakes who does the jobs.
    pub jobs: Bell,
    /// Wakes who sends the mail.
    pub mails: Bell,
    /// Wakes who tells browsers.
    pub pushes: Bell,
    /// Wakes who delivers to other hosts.
    pub deliveries: Bell,
    /// What a firehose is still to hear of, if there is one.
    pub firehose: Option<Firehose>,
    /// Who of elsewhere was looked at, and may have changed.
    pub refreshing: Refreshing,
    /// Who tells spam, if somebody does; set once, at start.
    judge: OnceLock<Box<dyn Judge>>,
    /// Other hosts.
    pub peers: Peers,
    /// Addresses here for what is there. Shared with pages, which put them into HTML.
    pub proxies: Arc<Proxies>,
    /// Whose forms wait for each other.
    pub turns: Turns,
    /// Later versions of the program.
    pub updates: Updates,
}

thread_local! {
    /// Whether this thread has added deliveries that nobody was told of.
    static HAS_DELIVERIES: Cell<bool> = const { Cell::new(false) };
}

impl App {
    /// The parts, without a base URL yet.
    pub fn new(config: Config, store: Store, blobs: Blobs) -> App {
        let reach = Reach {
            lan: config.federate_lan,
        };
        let proxies = Arc::new(Proxies::new(&config.proxy_whitelist));
        let has_firehose = config.firehose.is_some();
        let clock = Arc::new(Watch::new(store.newest()));
        App {
            peers: Peers::new(reach, Arc::clone(&clock), store.shared_engine()),
            config,
            store,
            started: clock::now(),
            clock,
            blobs,
            setup: Setup::default(),
            talks: Talks::default(),
            desk: Desk::default(),
            keeper: Keeper::default(),
            base: OnceLock::new(),
            jobs: Bell::default(),
            mails: Bell::default(),
            pushes: Bell::default(),
            deliveries: Bell::default(),
            firehose: has_firehose.then(Firehose::default),
            refreshing: Refreshing::default(),
            judge: OnceLock::new(),
            proxies,
            turns: Turns::default(),
            updates: Updates::default(),
        }
    }

    /// The base URL of every id.
    ///
    /// # Panics
    /// Before it is known: then only the setup answers, which asks [`App::known_base`].
    pub fn base(&self) -> &Base {
        self.base
            .get()
            .expect("the base URL is known before anything but the setup is answered")
    }

    /// The base URL, if it is known: it is not until the setup is done.
    pub fn known_base(&self) -> Option<&Base> {
        self.base.get()
    }

    /// Sets the base URL, once; a second call changes nothing and says so with `false`.
    pub fn set_base(&self, base: Base) -> bool {
        let is_new = self.base.set(base).is_ok();
        // Archives name things and letters hold addresses of the site, so they have waited for it.
        self.desk.bell.ring();
        self.keeper.bell.ring();
        self.mails.ring();
        self.pushes.ring();
        self.deliveries.ring();
        is_new
    }

    /// Lets somebody tell spam from now on.
    pub fn let_judge(&self, judge: impl Judge + 'static) {
        let _ = self.judge.set(Box::new(judge));
    }

    /// Who tells spam, if somebody does: then whoever posts waits for another host.
    pub fn judge(&self) -> Option<&dyn Judge> {
        self.judge.get().map(Box::as_ref)
    }

    /// What people call the site: as configured, as set up, or the server's own name.
    pub fn site_name(&self) -> String {
        self.site_name_in(&self.store)
    }

    /// As [`App::site_name`], inside a write.
    pub fn site_name_in(&self, from: &dyn Read) -> String {
        if let Some(name) = &self.config.site {
            return name.clone();
        }
        match meta::site(from) {
            Ok(Some(site)) if !site.name.is_empty() => site.name,
            _ => DEFAULT_SITE.to_owned(),
        }
    }

    /// The language of the site: of letters to those who chose none, and of pages for whoever does not say what they read.
    pub fn language(&self) -> Language {
        self.language_in(&self.store)
    }

    /// As [`App::language`], within a write.
    pub fn language_in(&self, from: &dyn Read) -> Language {
        let code = meta::language(from).ok().flatten();
        code.as_deref()
            .and_then(Language::of_code)
            .unwrap_or_default()
    }

    /// Removes a file that nothing shows any more. A file that stays behind does no harm; the sweep finds it.
    pub fn forget_file(&self, name: BlobName) {
        if let Err(error) = self.blobs.delete(name) {
            log::warn!("an upload that was deleted stays on disk: {error}");
        }
    }

    /// As [`App::forget_file`], for many.
    pub fn forget_files(&self, names: Vec<BlobName>) {
        for name in names {
            self.forget_file(name);
        }
    }

    /// How mail leaves this server; nothing if it sends none. Without pages it sends none: its letters lead to pages.
    pub fn mail(&self) -> Option<&MailConfig> {
        self.config.mail.as_ref().filter(|_| !self.config.noweb)
    }

    /// Says that there may be work: a job to do, a mail to send.
    pub fn wake(&self) {
        self.jobs.ring();
        self.mails.ring();
        self.pushes.ring();
        if HAS_DELIVERIES.take() {
            self.deliveries.ring();
        }
    }

    /// Notes, inside a write, that it adds a delivery; [`App::wake`] tells of it after the write, on the same thread: what
    /// another thread told of meanwhile may not be on disk yet.
    pub fn note_delivery(&self) {
        HAS_DELIVERIES.set(true);
    }

    /// What the owner reads while the clock cannot be right, so that nothing is sent to other servers.
    pub fn clock_problem(&self) -> Option<String> {
        let doubt = self.clock.doubt(clock::now())?;
        Some(format!(
            "Nothing is sent to other servers: {doubt}. It has waited for {}, and goes on by itself when the clock is right.",
            doubt.waiting_words()
        ))
    }

    /// Lets the threads that work beside the requests end.
    pub fn close(&self) {
        self.jobs.close();
        self.mails.close();
        self.pushes.close();
        self.deliveries.close();
        self.desk.bell.close();
        self.keeper.bell.close();
        self.updates.bell.close();
        self.refreshing.bell.close();
        if let Some(firehose) = &self.firehose {
            firehose.bell.close();
        }
    }

    /// Fixes the base URL in the store before the first content exists, or checks that it is still the same.
    pub fn settle_base(&self, base: Base, now_ms: u64) -> Result<()> {
        let stored = meta::site(&self.store)?.unwrap_or(meta::Site {
            base: None,
            name: String::new(),
            created_ms: now_ms,
        });
        match &stored.base {
            // Older releases took every port but 443 for one of http. What stands in ids stays.
            Some(known) if known.is_same_place(&base) => {
                self.set_base(known.clone());
                return Ok(());
            }
            Some(known) => {
                let text = format!(
                    "this store belongs to {}, but the server is configured as {}. The address is part of every id and \
                     cannot change: set hostname, urlPort and urlPath back, or use another datadir",
                    known.url(),
                    base.url()
                );
                return Err(crate::error::Error::Conflict(text).into());
            }
            None => {
                let site = meta::Site {
                    base: Some(base.clone()),
                    ..stored
                };
                self.store.write(|tx| {
                    meta::put_site(tx, &site);
                    Ok(())
                })?;
            }
        }
        self.set_base(base);
        Ok(())
    }
}
