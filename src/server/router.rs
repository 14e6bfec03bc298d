//! Finds the route of a method and a path. Literal parts match without regard to case and with an optional slash at the
//! end; parameters keep their case and are percent-decoded once (`pump-api.md §1.1`). The most literal path wins.

use crate::http::request::decode_segment;
use crate::routes::Route;
use hyper::Method;
use std::collections::BTreeMap;

/// The table of routes, ready to be asked.
pub(crate) struct Router {
    paths: matchit::Router<usize>,
    table: Vec<Address>,
}

/// One path and everything that answers there.
struct Address {
    routes: Vec<&'static Route>,
    /// The value of `Allow`.
    allow: String,
}

/// What a method and a path lead to.
pub(crate) enum Found<'a> {
    /// A route and its parameters.
    Route(&'static Route, Vec<(String, String)>),
    /// The path exists, but not with this method: the value of `Allow`.
    OtherMethods(&'a str),
    /// There is nothing.
    Nothing,
}

impl Router {
    /// The table of these routes; the error names two routes that cannot stand side by side.
    pub(crate) fn new(routes: impl IntoIterator<Item = &'static Route>) -> Result<Router, String> {
        let mut by_path: BTreeMap<&'static str, Vec<&'static Route>> = BTreeMap::new();
        for route in routes {
            let same_path = by_path.entry(route.path).or_default();
            if same_path.iter().any(|other| other.method == route.method) {
                return Err(format!("{} {} is there twice", route.method, route.path));
            }
            same_path.push(route);
        }
        let mut paths = matchit::Router::new();
        let mut table = Vec::new();
        for (path, routes) in by_path {
            paths
                .insert(path, table.len())
                .map_err(|error| format!("{path}: {error}"))?;
            let allow = allow(&routes);
            table.push(Address { routes, allow });
        }
        Ok(Router { paths, table })
    }

    /// What a method and a path, as sent, lead to. `GET` routes answer `HEAD`.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let path = match path.strip_suffix('/') {
            Some(rest) if !rest.is_empty() => rest,
            _ => path,
        };
        // As long as the original, so a parameter is at the same place in both.
        let folded = path.to_ascii_lowercase();
        let Ok(matched) = self.paths.at(&folded) else {
            return Found::Nothing;
        };
        let address = &self.table[*matched.value];
        let wanted = match *method {
            Method::HEAD => &Method::GET,
            _ => method,
        };
        let Some(route) = address.routes.iter().find(|route| route.method == *wanted) else {
            return Found::OtherMethods(&address.allow);
        };
        let params = matched.params.iter().map(|(name, value)| {
            let start = value.as_ptr() as usize - folded.as_ptr() as usize;
            let original = path.get(start..start + value.len()).unwrap_or(value);
            (name.to_owned(), decode_segment(original))
        });
        Found::Route(route, params.collect())
    }
}

fn allow(routes: &[&'static Route]) -> String {
    let mut methods: Vec<&str> = Vec::new();
    for method in [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ] {
        let asked = match method {
            Method::HEAD => &Method::GET,
            ref other => other,
        };
        if let Some(route) = routes.iter().find(|route| route.method == *asked) {
            methods.push(match method {
                Method::HEAD => "HEAD",
                _ => route.method.as_str(),
            });
        }
    }
    methods.join(",")
}

#[cfg(test)]
mod tests {
    use super::{Found, Router};
    use crate::http::Response;
    use crate::routes::{Access, Lane::Quick, ROUTES, Route, delete, get, post};
    use hyper::Method;

    const OPEN: Access = Access::Open(|_| Ok(Response::text("")));

    static TABLE: &[Route] = &[
        get("/", OPEN, Quick),
        get("/api/users", OPEN, Quick),
        get("/api/user/{nickname}", OPEN, Quick),
        get("/api/user/{nickname}/feed", OPEN, Quick),
        post("/api/user/{nickname}/feed", OPEN, Quick),
        get("/api/group/{uuid}/inbox", OPEN, Quick),
        get("/api/group/inbox", OPEN, Quick),
        get("/api/{type}/{uuid}", OPEN, Quick),
        delete("/api/{type}/{uuid}", OPEN, Quick),
        get("/api/{type}/{uuid}/likes", OPEN, Quick),
        get("/api/{type}/likes", OPEN, Quick),
        get("/{nickname}", OPEN, Quick),
        get("/{nickname}/{type}/{uuid}", OPEN, Quick),
        get("/uploads/{*path}", OPEN, Quick),
    ];

    fn found(method: &Method, path: &str) -> String {
        let router = Router::new(TABLE).expect("a table");
        match router.find(method, path) {
            Found::Nothing => "nothing".to_owned(),
            Found::OtherMethods(allow) => format!("allow {allow}"),
            Found::Route(route, params) => params
                .into_iter()
                .fold(route.path.to_owned(), |all, (name, value)| {
                    format!("{all} {name}={value}")
                }),
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert_eq!(found(&Method::GET, "/api/user//feed"), "nothing");
        assert_eq!(found(&Method::GET, "/api"), "/{nickname} nickname=api");
        assert_eq!(found(&Method::GET, "/a/b/c/d"), "nothing");
        assert_eq!(found(&Method::GET, "*"), "nothing");
        assert_eq!(found(&Method::GET, ""), "nothing");
        assert_eq!(
            found(&Method::PUT, "/api/user/ann/feed"),
            "allow GET,HEAD,POST"
        );
        // Methods do not fall through from a literal path to a general one.
        assert_eq!(found(&Method::DELETE, "/api/group/inbox"), "allow GET,HEAD");
    }

    #[test]
    fn the_most_literal_path_wins() {
        assert_eq!(found(&Method::GET, "/api/group/inbox"), "/api/group/inbox");
        assert_eq!(
            found(&Method::GET, "/api/group/likes"),
            "/api/{type}/likes type=group"
        );
        assert_eq!(
            found(&Method::GET, "/api/note/x/likes"),
            "/api/{type}/{uuid}/likes type=note uuid=x"
        );
        assert_eq!(
            found(&Method::GET, "/api/user/ann"),
            "/api/user/{nickname} nickname=ann"
        );
    }

    #[test]
    fn case_and_a_last_slash_do_not_matter_but_parameters_keep_theirs() {
        assert_eq!(found(&Method::HEAD, "/API/Users/"), "/api/users");
        assert_eq!(
            found(&Method::GET, "/Api/USER/AnnLee/Feed/"),
            "/api/user/{nickname}/feed nickname=AnnLee"
        );
        assert_eq!(
            found(&Method::GET, "/Uploads/Ann/2026/X.JPG"),
            "/uploads/{*path} path=Ann/2026/X.JPG"
        );
    }

    #[test]
    fn parameters_are_decoded_once() {
        assert_eq!(
            found(&Method::GET, "/api/user/a%2Fb%2520c"),
            "/api/user/{nickname} nickname=a/b%20c"
        );
    }

    #[test]
    fn the_table_of_the_server_is_sound() {
        assert!(Router::new(ROUTES).is_ok());
        for route in ROUTES {
            let literal = route.path.split('/').filter(|part| !part.starts_with('{'));
            for part in literal {
                assert_eq!(part, part.to_ascii_lowercase(), "{}", route.path);
            }
        }
    }
}
