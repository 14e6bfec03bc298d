//! `/main/shared`: what other applications of a device hand to the site (Web Share Target). Files wait as those of the box to
//! post do, and the box opens with what was shared: nothing is posted until its user says so.

use super::Compose;
use super::posting::{line, take_files};
use crate::auth::Visitor;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use serde_json::{Value, json};

/// Longest query that leads on to the box, in bytes. What is longer is shown in it at once.
const QUERY_BYTES_MAX: usize = 4096;

/// The member `share_target` of the manifest.
pub fn target(frame: &Frame, takes_files: bool) -> Value {
    let mut params = json!({ "title": "title", "text": "text", "url": "url" });
    if takes_files {
        params["files"] =
            json!([{ "name": "file", "accept": ["image/*", "video/*", "audio/*", "*/*"] }]);
    }
    json!({
        "action": frame.at("/main/shared"),
        "method": "POST",
        "enctype": "multipart/form-data",
        "params": params,
    })
}

/// `POST /main/shared`: `title`, `text`, `url`, and files in `file`. 303 to the box to post with all of it; where a file cannot be
/// taken, the box with the rest and a sentence (400, 409, 413, 507). 401 for nobody, 403 for what a page sent.
pub fn take(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let user = visitor
        .user()
        .ok_or_else(|| Error::Unauthorized("Not logged in.".to_owned()))?;
    let mut form = words(&request.form());
    if let Err(error) = take_files(request, user, &mut form) {
        return again(visitor, error, |problem| {
            let compose = Compose::begun_with(request, user, &frame, &form)?;
            Ok(Compose {
                problem: Some(problem),
                ..compose
            })
        });
    }
    form.retain(|(name, _)| !name.starts_with("alt"));
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&form)
        .finish();
    match query.len() <= QUERY_BYTES_MAX {
        true => Ok(see_other(&frame, &format!("/main/compose?{query}"))),
        false => show(visitor, &Compose::begun_with(request, user, &frame, &form)?),
    }
}

/// What was said, as the box has it: many applications say the address in the text, or the text in the title.
fn words(shared: &[(String, String)]) -> Vec<(String, String)> {
    let (text, url) = (value(shared, "text").trim(), value(shared, "url").trim());
    let mut content = text.to_owned();
    if !text.contains(url) {
        let gap = if text.is_empty() { "" } else { "\n\n" };
        content = format!("{text}{gap}{url}");
    }
    let title = line(shared, "title");
    let mut form = Vec::new();
    if !title.is_empty() && !content.starts_with(&title) {
        form.push(("title".to_owned(), title));
    }
    form.push(("content".to_owned(), content));
    form
}

#[cfg(test)]
mod tests {
    use super::words;

    fn box_of(title: &str, text: &str, url: &str) -> String {
        let shared = [("title", title), ("text", text), ("url", url)];
        let shared = shared.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let form = words(&shared);
        let pairs: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("|")
    }

    #[test]
    fn nothing_that_was_shared_is_said_twice() {
        let page = "https://sea.example/waves";
        assert_eq!(box_of("", "", ""), "content=");
        assert_eq!(
            box_of("Waves", "", page),
            format!("title=Waves|content={page}")
        );
        assert_eq!(
            box_of("Waves", "Look", page),
            format!("title=Waves|content=Look\n\n{page}")
        );
        let both = format!("Waves {page}");
        assert_eq!(box_of("Waves", &both, page), format!("content={both}"));
        assert_eq!(box_of(" The\nsea ", "x", ""), "title=The sea|content=x");
    }
}
