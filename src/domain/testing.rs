//! A pump in memory for the tests of the rules: people register and post without a network, and each write is seen at once.

use crate::app::App;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::domain::registration::Admission;
use crate::domain::{activities, people};
use crate::error::Error;
use crate::ids::{Base, Nickname, ThingId, UserId};
use crate::media::Blobs;
use crate::store::Store;
use crate::store::engine::memory::MemoryEngine;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::users::User;
use crate::wire::draft::ActivityDraft;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const NOW: Timestamp = Timestamp(1_795_217_900);

pub(crate) struct Pump {
    pub(crate) app: App,
    _files: TempDir,
}

impl Pump {
    pub(crate) fn start() -> Pump {
        let files = tempfile::tempdir().expect("a temporary directory");
        let store = Store::on(Box::new(MemoryEngine::default())).expect("an empty store");
        let blobs = Blobs::open(files.path()).expect("a place for files");
        let app = App::new(Config::defaults(), store, blobs);
        app.set_base(Base::new("pump.test", 80, ""));
        Pump { app, _files: files }
    }

    pub(crate) fn register(&self, nickname: &str) -> UserId {
        let user = User::new(Nickname::new(nickname).expect("a nickname"), "", NOW);
        people::register(&self.app, &user, Admission::Owner, None, NOW).expect("registered")
    }

    pub(crate) fn post(&self, user: UserId, activity: Value) -> Result<ThingId, Error> {
        let draft = ActivityDraft::parse(activity)?;
        activities::post(&self.app, user, None, &draft, NOW)
    }

    pub(crate) fn total(&self, owner: ThingId, kind: StreamKind) -> u64 {
        streams::total(&self.app.store, Stream::of(owner, kind)).expect("readable")
    }
}
