//! `/main/photos`: the pictures that somebody made or got, by month, newest first, with the months beside them and what was
//! on this day in earlier years.

use crate::app::App;
use crate::auth::Visitor;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::quiet::Quiet;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::pictured::{self, Entry, Month, Whose};
use crate::store::things;
use crate::web::cards::Cards;
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::web::tiles::Tile;
use askama::Template;

/// Pictures after which a page ends.
const TILES: usize = 90;

/// Most posts that a page looks at.
const LOOKED_AT_MAX: usize = 400;

/// Most months that stand beside the pictures: 50 years.
const MONTHS_MAX: usize = 600;

/// Most posts that are looked at to see which months have something to show; months beyond stand there unseen.
const MONTHS_LOOKED_AT_MAX: usize = 3_000;

/// Most pictures of this day in earlier years.
const ON_THIS_DAY: usize = 12;

#[derive(Template)]
#[template(path = "photos.html", config = "assets/askama.toml")]
struct Photos<'a> {
    frame: &'a Frame,
    sections: Vec<Section>,
    years: Vec<Year>,
    is_own: bool,
    /// The address of the page with older ones.
    older: Option<String>,
    /// Whether the page begins with the newest.
    is_first: bool,
    /// What was on this day.
    on_this_day: Vec<Tile>,
}

/// The pictures of a month, or a part of them.
struct Section {
    /// `2026-11`
    month: String,
    heading: String,
    tiles: Vec<Tile>,
}

/// The months of a year that have pictures, newest first.
struct Year {
    year: u32,
    months: Vec<Link>,
}

/// The way to a month.
struct Link {
    /// `2026-11`
    month: String,
    words: String,
    url: String,
    is_here: bool,
}

/// Where a page starts: in a month, after that many of its posts.
#[derive(Clone, Copy)]
struct Place {
    month: Month,
    skip: usize,
}

/// What a page shows, and where the next one starts.
#[derive(Default)]
struct Page {
    sections: Vec<Section>,
    next: Option<Place>,
}

/// Reads pictures for one viewer.
struct Reading<'a> {
    app: &'a App,
    cards: Cards<'a>,
    person: ThingId,
    whose: Whose,
    quiet: Quiet<'a>,
}

/// `GET /main/photos`: `whose=mine`, `month` (`2026-11`) and `skip` say where it starts.
pub fn photos(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let app = request.app();
    let is_own = request.query("whose").as_deref() == Some("mine");
    let reading = Reading {
        app,
        cards: Cards {
            app,
            frame: &frame,
            viewer: Viewer::user(user.id()),
            now: request.now,
        },
        person: user.id().0,
        whose: match is_own {
            true => Whose::Own,
            false => Whose::Everyones,
        },
        quiet: Quiet::of(&app.store, user.id())?,
    };
    let asked = request
        .query("month")
        .and_then(|month| Month::parse(&month));
    let skip = request.query("skip").and_then(|skip| skip.parse().ok());
    let start = asked.map(|month| Place {
        month,
        skip: skip.unwrap_or(0),
    });
    let months = reading.months()?;
    let page = reading.page(&months, start)?;
    let here = page.sections.first().map(|section| section.month.clone());
    let address = |place: Place| address(&frame, is_own, place);
    let on_this_day = match start {
        None => reading.on_this_day(&months, request.now)?,
        Some(_) => Vec::new(),
    };
    let page = Photos {
        years: years(&frame, &months, here.as_deref(), address),
        older: page.next.map(address),
        sections: page.sections,
        is_own,
        is_first: start.is_none(),
        on_this_day,
        frame: &frame,
    };
    show(visitor, &page)
}

impl Reading<'_> {
    /// The months in which there is something to see, newest first: not those of people who are muted, or of posts that are for
    /// the viewer no more.
    fn months(&self) -> Result<Vec<Month>, Error> {
        let store = &self.app.store;
        let mut looked_at = 0;
        let mut months = Vec::new();
        for month in pictured::months(store, self.person, self.whose, None, MONTHS_MAX)? {
            let mut is_seen = looked_at >= MONTHS_LOOKED_AT_MAX;
            let mut gone = Vec::new();
            if !is_seen {
                for entry in pictured::of_month(store, self.person, self.whose, month)? {
                    looked_at += 1;
                    is_seen = !self.tiles_of(entry, &mut gone)?.is_empty()
                        || looked_at >= MONTHS_LOOKED_AT_MAX;
                    if is_seen {
                        break;
                    }
                }
            }
            self.drop_gone(month, &gone);
            if is_seen {
                months.push(month);
            }
        }
        Ok(months)
    }

    /// The pictures from a place on, month by month.
    fn page(&self, months: &[Month], start: Option<Place>) -> Result<Page, Error> {
        let mut page = Page::default();
        let (mut tiles, mut looked_at) = (0, 0);
        let wanted = |month: &&Month| start.is_none_or(|start| **month <= start.month);
        for month in months.iter().filter(wanted) {
            let entries = pictured::of_month(&self.app.store, self.person, self.whose, *month)?;
            let skip = start.filter(|start| start.month == *month);
            let skip = skip.map_or(0, |start| start.skip);
            let mut section = self.section(*month);
            let mut gone = Vec::new();
            for (place, entry) in entries.iter().enumerate().skip(skip) {
                if tiles >= TILES || looked_at >= LOOKED_AT_MAX {
                    page.next = Some(Place {
                        month: *month,
                        skip: place - gone.len(),
                    });
                    break;
                }
                looked_at += 1;
                let found = self.tiles_of(*entry, &mut gone)?;
                tiles += found.len();
                section.tiles.extend(found);
            }
            self.drop_gone(*month, &gone);
            if !section.tiles.is_empty() {
                page.sections.push(section);
            }
            if page.next.is_some() {
                break;
            }
        }
        Ok(page)
    }

    fn section(&self, month: Month) -> Section {
        let words = self.cards.frame.words;
        let year = i16::try_from(month.year()).unwrap_or(i16::MAX);
        Section {
            month: month.to_string(),
            heading: words.month(year, month.number()),
            tiles: Vec::new(),
        }
    }

    /// The pictures of a post, if it is there, may be read, and is neither hidden nor muted. What is deleted goes to `gone`.
    fn tiles_of(&self, entry: Entry, gone: &mut Vec<ThingId>) -> Result<Vec<Tile>, Error> {
        let store = &self.app.store;
        let post = things::object(store, entry.post)?.filter(|post| post.deleted.is_none());
        match post {
            None => {
                gone.push(entry.post);
                Ok(Vec::new())
            }
            Some(post)
                if access::may_read_object(store, self.cards.viewer, &post)?
                    && !self.quiet.silences_object(entry.post, &post)? =>
            {
                self.cards.tiles(entry.post, &post)
            }
            Some(_) => Ok(Vec::new()),
        }
    }

    /// Forgets posts that are gone, so that a month without pictures does not stand beside them.
    fn drop_gone(&self, month: Month, gone: &[ThingId]) {
        if gone.is_empty() {
            return;
        }
        let dropped = self
            .app
            .store
            .write_soon(|tx| pictured::remove(tx, self.person, self.whose, month, gone));
        if let Err(error) = dropped {
            log::warn!("photos that are gone stay in the index: {error}");
        }
    }

    /// Pictures of the same day of earlier years, newest first.
    fn on_this_day(&self, months: &[Month], now: Timestamp) -> Result<Vec<Tile>, Error> {
        let today = now.day();
        let day_of_year = today.get(4..).unwrap_or_default();
        let now = Month::of(now);
        let mut tiles = Vec::new();
        let same = |month: &&Month| month.number() == now.number() && month.year() < now.year();
        for month in months.iter().filter(same) {
            for entry in pictured::of_month(&self.app.store, self.person, self.whose, *month)? {
                if tiles.len() >= ON_THIS_DAY {
                    return Ok(tiles);
                }
                if entry.at.day().ends_with(day_of_year) {
                    tiles.extend(self.tiles_of(entry, &mut Vec::new())?);
                }
            }
        }
        tiles.truncate(ON_THIS_DAY);
        Ok(tiles)
    }
}

fn address(frame: &Frame, is_own: bool, place: Place) -> String {
    let mut address = format!("{}/main/photos?month={}", frame.root, place.month);
    if place.skip > 0 {
        address.push_str(&format!("&skip={}", place.skip));
    }
    if is_own {
        address.push_str("&whose=mine");
    }
    address
}

fn years(
    frame: &Frame,
    months: &[Month],
    here: Option<&str>,
    address: impl Fn(Place) -> String,
) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    for month in months {
        let name = month.to_string();
        let link = Link {
            words: frame.words.month_name(month.number()).to_owned(),
            url: address(Place {
                month: *month,
                skip: 0,
            }),
            is_here: here == Some(&name),
            month: name,
        };
        match years.last_mut() {
            Some(year) if year.year == month.year() => year.months.push(link),
            _ => years.push(Year {
                year: month.year(),
                months: vec![link],
            }),
        }
    }
    years
}
