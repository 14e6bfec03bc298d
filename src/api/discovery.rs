//! Discovery (`pump-api.md §1.4`, `§6.1`, `§6.2`): where the endpoints of this host are, and what an account or an id
//! means here. Open to everybody, pages of other sites included.

use crate::domain::discovery;
use crate::error::Error;
use crate::http::{Accept, Answer, Request, Response};
use crate::wire::descriptor::Descriptor;
use hyper::{StatusCode, header};

/// JSON as pump.io's servers want it: they refuse any other name (`pump-api.md §6.2`).
const JSON: &str = "application/json; charset=utf-8";

/// JSON under the name of RFC 7033 §10.2.
const JRD: &str = "application/jrd+json";

/// XML of RFC 6415.
const XRD: &str = "application/xrd+xml";

/// `GET /.well-known/host-meta`: 200 with the endpoints of the host, as XRD or as JSON.
pub fn host_meta(request: &Request) -> Answer {
    Ok(chosen(request, &discovery::host(request.app().base())))
}

/// `GET /.well-known/host-meta.json`: 200 with the endpoints of the host as JSON.
pub fn host_meta_json(request: &Request) -> Answer {
    Ok(json(request, &discovery::host(request.app().base())))
}

/// `GET /.well-known/webfinger?resource=`: 200 with the links of an account or id as JSON, with `rel` only those of these
/// relations (RFC 7033 §4.3); 400 without a resource; 404.
pub fn webfinger(request: &Request) -> Answer {
    Ok(json(request, &described(request)?))
}

/// `GET /api/lrdd?resource=`: the same as XRD, or as JSON for whom that is welcome.
pub fn lrdd(request: &Request) -> Answer {
    Ok(chosen(request, &described(request)?))
}

fn described(request: &Request) -> Result<Descriptor, Error> {
    let resource = request
        .query("resource")
        .filter(|resource| !resource.is_empty())
        .ok_or_else(|| {
            Error::invalid("Name the account or id that you mean with \u{201c}?resource=\u{201d}.")
        })?;
    let mut descriptor = discovery::resource(request.app(), &resource)?
        .ok_or_else(|| Error::not_found("There is no such account or object here."))?;
    let wanted: Vec<_> = request
        .query_pairs()
        .filter(|(name, _)| name == "rel")
        .map(|(_, rel)| rel)
        .collect();
    if !wanted.is_empty() {
        descriptor
            .links
            .retain(|link| wanted.iter().any(|rel| rel == link.rel));
    }
    Ok(descriptor)
}

/// In the form that the caller would rather have; XRD for who does not say.
fn chosen(request: &Request, descriptor: &Descriptor) -> Response {
    let accept = Accept::of(request);
    let as_json = accept.quality(&["application/json", JRD]);
    if as_json > 0.0 && as_json >= accept.quality(&[XRD]) {
        return json(request, descriptor);
    }
    open(Response::new(StatusCode::OK, XRD, descriptor.xrd()))
}

fn json(request: &Request, descriptor: &Descriptor) -> Response {
    let names_jrd = Accept::of(request).named(&[JRD]) > Some(0.0);
    let content_type = if names_jrd { JRD } else { JSON };
    open(Response::new(
        StatusCode::OK,
        content_type,
        descriptor.json(),
    ))
}

/// Scripts of other sites may read it (RFC 7033 §5).
fn open(answer: Response) -> Response {
    answer
        .with(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .with(header::VARY, "Accept")
}
