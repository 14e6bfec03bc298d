//! Families of tokens over time: who comes in, for how long, and what ends them.

use super::{ACCESS_SECS, FAMILIES_PER_USER_MAX, FamilyId, Issued, Kind, REFRESH_SECS, Refreshed};
use super::{Located, Owner, locate};
use crate::clock::Timestamp;
use crate::ids::{ThingId, UserId};
use crate::scope::Scope;
use crate::store::engine::Tx;
use crate::store::engine::memory::{Memory, MemoryEngine};
use crate::store::{Store, engine};

const ANN: UserId = UserId(ThingId(7));
const NOW: Timestamp = Timestamp(1_795_217_902);

fn later(secs: i64) -> Timestamp {
    Timestamp(NOW.0 + secs)
}

fn located(token: &str) -> Located {
    locate(token).expect("our own")
}

fn begin(tx: &mut dyn Tx, client: &str, now: Timestamp) -> Issued {
    let id = FamilyId::random();
    super::begin(tx, ANN, id, client, Scope::WRITE_OWN, now).expect("kept")
}

fn allowed(memory: &Memory, token: &str, now: Timestamp) -> Option<Scope> {
    let found = super::alive(memory, &located(token), now).expect("readable");
    found.map(|(_, scope)| scope)
}

fn refresh_of(issued: &Issued) -> Located {
    located(issued.refresh.as_deref().expect("a refresh token"))
}

fn next(memory: &mut Memory, token: &Located, now: Timestamp) -> Refreshed {
    super::refresh(memory, token, "c", None, now).expect("kept")
}

#[test]
fn an_access_token_lives_an_hour_and_a_refresh_token_is_none() {
    let mut memory = Memory::default();
    let issued = begin(&mut memory, "c", NOW);
    assert_eq!(
        allowed(&memory, &issued.access, NOW),
        Some(Scope::WRITE_OWN)
    );
    assert_eq!(allowed(&memory, &issued.access, later(ACCESS_SECS)), None);
    let refresh = issued.refresh.as_deref().expect("a refresh token");
    assert_eq!(allowed(&memory, refresh, NOW), None);
    let mut forged = located(&issued.access);
    forged.fingerprint = [0; 32];
    let found = super::alive(&memory, &forged, NOW).expect("readable");
    assert!(found.is_none());
    assert!(matches!(
        next(&mut memory, &located(&issued.access), NOW),
        Refreshed::Unknown
    ));
}

#[test]
fn a_refresh_token_works_once_and_the_second_time_ends_everything() {
    let mut memory = Memory::default();
    let first = begin(&mut memory, "c", NOW);
    let stranger = super::refresh(&mut memory, &refresh_of(&first), "d", None, NOW);
    assert!(matches!(stranger.expect("kept"), Refreshed::Unknown));
    let more = Some(Scope::WRITE_ALL);
    let more = super::refresh(&mut memory, &refresh_of(&first), "c", more, NOW);
    assert!(matches!(more.expect("kept"), Refreshed::TooMuch));
    let less = Some(Scope::READ);
    let less = super::refresh(&mut memory, &refresh_of(&first), "c", less, NOW);
    let Refreshed::Pair(second) = less.expect("kept") else {
        panic!("the first use");
    };
    assert_eq!(allowed(&memory, &second.access, NOW), Some(Scope::READ));
    assert!(allowed(&memory, &first.access, NOW).is_some());
    let Refreshed::Pair(third) = next(&mut memory, &refresh_of(&second), NOW) else {
        panic!("the second token's first use");
    };
    assert_eq!(third.scope, Scope::WRITE_OWN, "what the user agreed to");
    let again = next(&mut memory, &refresh_of(&first), NOW);
    assert!(matches!(again, Refreshed::Reused));
    for ended in [&first, &second, &third] {
        assert_eq!(allowed(&memory, &ended.access, NOW), None);
        let gone = next(&mut memory, &refresh_of(ended), NOW);
        assert!(matches!(gone, Refreshed::Unknown));
    }
    assert_eq!(memory.records(), 0);
}

#[test]
fn what_nobody_uses_for_long_is_over_and_goes() {
    let mut memory = Memory::default();
    let old = begin(&mut memory, "c", NOW);
    let over = later(REFRESH_SECS);
    assert!(matches!(
        next(&mut memory, &refresh_of(&old), over),
        Refreshed::Unknown
    ));
    begin(&mut memory, "c", over);
    assert_eq!(memory.records(), 1);
    assert_eq!(
        super::families_of(&memory, ANN, over)
            .expect("readable")
            .len(),
        1
    );
}

#[test]
fn one_user_and_one_client_have_a_bounded_number_of_tokens() {
    let mut memory = Memory::default();
    let (_, personal) =
        super::add_personal(&mut memory, ANN, "backup", Scope::READ, None, NOW).expect("kept");
    for number in 0..FAMILIES_PER_USER_MAX + 9 {
        let then = later(i64::try_from(number).expect("small"));
        begin(&mut memory, "c", then);
    }
    assert_eq!(memory.records(), FAMILIES_PER_USER_MAX);
    let far = later(i64::MAX / 4);
    assert_eq!(allowed(&memory, &personal, far), Some(Scope::READ));
    super::add_personal(&mut memory, ANN, "backup", Scope::READ, None, NOW)
        .expect_err("a second one of the name");
    super::end_client(&mut memory, ANN, "c").expect("gone");
    assert_eq!(memory.records(), 1);
    super::end_all(&mut memory, ANN).expect("gone");
    assert_eq!(memory.records(), 0);

    let first = super::issue_to_client(&mut memory, "c", Scope::READ, NOW).expect("kept");
    for _ in 0..20 {
        super::issue_to_client(&mut memory, "c", Scope::READ, NOW).expect("kept");
    }
    assert_eq!(memory.records(), 1);
    assert_eq!(allowed(&memory, &first.access, NOW), None);
}

#[test]
fn a_token_of_the_configuration_is_found_and_stays_ended() {
    let mut memory = Memory::default();
    let given = |memory: &mut Memory| {
        super::add_given(memory, ANN, "c", "my-token", Scope::READ, NOW).expect("kept");
    };
    given(&mut memory);
    given(&mut memory);
    assert_eq!(memory.records(), 2);
    let found = super::find(&memory, "my-token").expect("readable");
    let found = found.expect("known");
    assert_eq!((found.owner, found.kind), (Owner::User(ANN), Kind::Access));
    assert!(
        super::alive(&memory, &found, NOW)
            .expect("readable")
            .is_some()
    );
    assert_eq!(super::find(&memory, "other").expect("readable"), None);
    super::end_all(&mut memory, ANN).expect("gone");
    given(&mut memory);
    let alive = super::alive(&memory, &found, NOW).expect("readable");
    assert!(alive.is_none());
}

#[test]
fn a_sweep_removes_what_is_over_and_nothing_else() -> engine::Result<()> {
    let store = Store::on(Box::new(MemoryEngine::default()))?;
    store.write(|tx| {
        begin(tx, "c", NOW);
        super::issue_to_client(tx, "d", Scope::READ, NOW)?;
        super::add_personal(tx, ANN, "backup", Scope::READ, None, NOW)?;
        Ok(())
    })?;
    assert_eq!(super::sweep(&store, NOW)?, 0);
    assert_eq!(super::sweep(&store, later(ACCESS_SECS))?, 1);
    assert_eq!(super::sweep(&store, later(REFRESH_SECS))?, 1);
    assert_eq!(
        super::families_of(&store, ANN, later(REFRESH_SECS))?.len(),
        1
    );
    Ok(())
}
