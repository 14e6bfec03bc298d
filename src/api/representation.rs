//! Documents in the form that the caller wants: ActivityStreams 1 as it is written, or ActivityStreams 2 for those who
//! prefer it (`pump-api.md §3.11`). Both are for the same callers and show the same.

use crate::domain::access::Viewer;
use crate::domain::documents::as2::{self, At, Kind};
use crate::domain::documents::{Documents, Finish};
use crate::domain::names;
use crate::http::{Answer, Form, Request, Response};
use crate::ids::ThingId;
use crate::store::things::{Activity, Object};

/// Arguments of a feed that are part of the address of a page (`pump-api.md §1.6`). Others may be proofs of the caller.
const PAGE_ARGUMENTS: &[&str] = &["count", "offset", "before", "since", "type", "q"];

/// An object by itself.
pub fn object(request: &Request, viewer: Viewer, id: ThingId, object: &Object) -> Answer {
    object_as(Form::of_api(request), request, viewer, id, object)
}

/// An object by itself in this form.
pub fn object_as(
    form: Form,
    request: &Request,
    viewer: Viewer,
    id: ThingId,
    object: &Object,
) -> Answer {
    let documents = Documents::for_viewer(request.app(), viewer);
    let text = documents.object_text(id, object, Finish::FULL)?;
    Ok(written(form, Kind::Object, text))
}

/// An activity by itself.
pub fn activity(request: &Request, viewer: Viewer, id: ThingId, activity: &Activity) -> Answer {
    let documents = Documents::for_viewer(request.app(), viewer);
    let text = documents.activity_text(id, activity, Finish::PLAIN)?;
    Ok(answer(request, Kind::Activity, text))
}

/// What the serializer wrote about one thing.
pub fn answer(request: &Request, kind: Kind, text: String) -> Response {
    written(Form::of_api(request), kind, text)
}

fn written(form: Form, kind: Kind, text: String) -> Response {
    form.document(match form {
        Form::Plain => text,
        Form::As2 => as2::document(kind, &text),
    })
}

/// A page of the feed at `url`; `is_newest` if no place in it was asked for.
pub fn feed(request: &Request, url: &str, is_newest: bool, text: String) -> Response {
    let form = Form::of_api(request);
    if form == Form::Plain {
        return form.document(text);
    }
    let mut page = url.to_owned();
    if is_newest {
        page = names::with_argument(&page, "offset", "0");
    }
    let mut is_feed = is_newest;
    for (name, value) in request.query_pairs() {
        if PAGE_ARGUMENTS.contains(&name.as_ref()) {
            // What is searched for is not the whole feed.
            is_feed &= name != "q" || value.is_empty();
            page = names::with_argument(&page, &name, &value);
        }
    }
    let at = At {
        page: &page,
        is_feed,
    };
    form.document(as2::feed(&text, &at))
}
