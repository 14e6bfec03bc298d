//! Authorities that give public certificates, by ACME (RFC 8555): accounts, orders, proofs. The library makes the documents and
//! signs them; its requests leave through a client of this folder, one after another, so that nothing here waits on a runtime.

use super::lan::Lan;
use super::reach::{Reach, WithinReach};
use super::tls::Tls;
use super::{CONNECT_TIME_MAX, DOCUMENT_BYTES_MAX, HEAD_BYTES_MAX};
use crate::certificates::x509::Facts;
use crate::clock::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use instant_acme::{
    AccountCredentials, AuthorizationStatus, BodyWrapper, BytesResponse, ChallengeStatus,
    ChallengeType, HttpClient, Identifier, NewAccount, NewOrder, OrderStatus, Problem,
};
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use ureq::http;
use ureq::unversioned::transport::{Connector as _, TcpConnector};

/// Longest time of one request.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

/// How often a request is made again whose nonce the authority does not take; it then was not looked at. Authorities that are used
/// by many forget nonces.
const NONCES_MAX: usize = 12;

/// The short-lived profile, without which Let's Encrypt gives no certificate for an address.
const SHORT_LIVED: &str = "shortlived";

/// An authority.
pub struct Acme {
    agent: ureq::Agent,
    directory: String,
}

/// An account there.
pub struct Account(instant_acme::Account);

/// An order of a certificate for one name.
pub struct Order(instant_acme::Order);

/// How an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// That the name is ours has to be proved.
    Proving,
    /// It is proved.
    Proven,
    /// The authority is at work.
    Working,
    /// The certificate is there.
    Done,
    /// There will be none.
    Refused,
}

/// By what somebody proves that a name is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A page of http at port 80 (RFC 8555 §8.3).
    Page,
    /// A certificate at port 443 (RFC 8737).
    Handshake,
}

/// What has to be shown for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// At `/.well-known/acme-challenge/TOKEN` this text.
    Page {
        /// The end of the address.
        token: String,
        /// What is there.
        text: String,
    },
    /// A certificate with this digest in it.
    Handshake(Vec<u8>),
}

/// Why something was not had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The authority's word for it (RFC 8555 §6.7), such as `rateLimited`; empty where it said nothing.
    pub kind: String,
    /// More of it, in English.
    pub detail: String,
}

impl Acme {
    /// The authority whose directory is at an address; it is trusted by public authorities, or by these. `is_near` says
    /// whether it may be in the local network.
    pub fn new(
        directory: &str,
        trusted: &[CertificateDer<'static>],
        is_near: bool,
        lan: &Arc<Lan>,
    ) -> Acme {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(CONNECT_TIME_MAX))
            .timeout_global(Some(REQUEST_TIME_MAX))
            .max_response_header_size(HEAD_BYTES_MAX)
            .max_idle_connections(1)
            .build();
        let resolver = WithinReach {
            reach: Reach { lan: is_near },
            lan: Arc::clone(lan),
        };
        let transport = ().chain(TcpConnector::default()).chain(Tls::trusting(trusted));
        Acme {
            agent: ureq::Agent::with_parts(config, transport, resolver),
            directory: directory.to_owned(),
        }
    }

    /// The address of the terms that an account agrees to, if there are any.
    pub fn terms(&self) -> Result<Option<String>, Trouble> {
        let directory = self.directory()?;
        let terms = directory["meta"]["termsOfService"].as_str();
        Ok(terms.map(str::to_owned))
    }

    /// When the authority wants a certificate to be renewed (RFC 9773); nothing where it does not say.
    pub fn wants_renewal(&self, facts: &Facts) -> Option<Timestamp> {
        let directory = self.directory().ok()?;
        let address = directory["renewalInfo"].as_str()?;
        let key = URL_SAFE_NO_PAD.encode(facts.authority_key.as_ref()?);
        let serial = URL_SAFE_NO_PAD.encode(&facts.serial);
        let told = self.document(&format!("{address}/{key}.{serial}")).ok()?;
        Timestamp::parse(told["suggestedWindow"]["start"].as_str()?)
    }

    /// What is at an address of http: status and text, a short one.
    pub fn page(&self, url: &str) -> Result<(u16, String), String> {
        let answer = self.agent.get(url).call();
        let mut answer = answer.map_err(|error| error.to_string())?;
        let body = answer.body_mut().with_config().limit(4096).read_to_vec();
        let text = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
        Ok((answer.status().as_u16(), text))
    }

    /// The account that is kept, or a new one, whose credentials are to be kept. With it its holder agrees to the terms.
    pub fn account(
        &self,
        kept: Option<&[u8]>,
        email: &str,
    ) -> Result<(Account, Option<Vec<u8>>), Trouble> {
        let builder = || {
            let client = Client(self.agent.clone());
            instant_acme::Account::builder_with_http(Box::new(client))
        };
        let kept = kept.filter(|kept| {
            let known: Option<Value> = serde_json::from_slice(kept).ok();
            known.is_some_and(|known| known["directory"] == self.directory.as_str())
        });
        let kept = kept.and_then(|kept| serde_json::from_slice::<AccountCredentials>(kept).ok());
        if let Some(kept) = kept {
            let account = done(builder().from_credentials(kept))?;
            return Ok((Account(account), None));
        }
        let contact = format!("mailto:{email}");
        let contact = [contact.as_str()];
        let wanted = NewAccount {
            contact: if email.is_empty() { &[] } else { &contact },
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let make = || done(builder().create(&wanted, self.directory.clone(), None));
        let (account, credentials) = patiently(make)?;
        let credentials = serde_json::to_vec(&credentials).map_err(Trouble::of)?;
        Ok((Account(account), Some(credentials)))
    }

    fn directory(&self) -> Result<Value, Trouble> {
        self.document(&self.directory)
    }

    fn document(&self, url: &str) -> Result<Value, Trouble> {
        let mut answer = self.agent.get(url).call().map_err(Trouble::of)?;
        let body = answer.body_mut().with_config().limit(DOCUMENT_BYTES_MAX);
        let body = body.read_to_vec().map_err(Trouble::of)?;
        serde_json::from_slice(&body).map_err(Trouble::of)
    }
}

impl Account {
    /// A new order of a certificate for a name or an address.
    pub fn order(&self, name: &str) -> Result<Order, Trouble> {
        let address: Option<IpAddr> = name.parse().ok();
        let wanted = [match address {
            Some(address) => Identifier::Ip(address),
            None => Identifier::Dns(name.to_owned()),
        }];
        let is_offered = self.0.profiles().any(|profile| profile.name == SHORT_LIVED);
        let wanted = match address.is_some() && is_offered {
            true => NewOrder::new(&wanted).profile(SHORT_LIVED),
            false => NewOrder::new(&wanted),
        };
        patiently(|| done(self.0.new_order(&wanted))).map(Order)
    }

    /// An order that was made before.
    pub fn known_order(&self, url: &str) -> Result<Order, Trouble> {
        patiently(|| done(self.0.order(url.to_owned()))).map(Order)
    }
}

impl Order {
    /// By what it is found again.
    pub fn url(&self) -> &str {
        self.0.url()
    }

    /// How it stands now.
    pub fn stage(&mut self) -> Result<Stage, Trouble> {
        let status = patiently(|| done(self.0.refresh()).map(|state| state.status))?;
        Ok(match status {
            OrderStatus::Pending => Stage::Proving,
            OrderStatus::Ready => Stage::Proven,
            OrderStatus::Processing => Stage::Working,
            OrderStatus::Valid => Stage::Done,
            OrderStatus::Invalid => Stage::Refused,
        })
    }

    /// What has to be shown; nothing where that was looked at already, or is not possible in this way.
    pub fn proof(&mut self, by: By) -> Result<Option<Proof>, Trouble> {
        patiently(|| self.each_challenge(by, false))
    }

    /// Says that it is shown.
    pub fn is_shown(&mut self, by: By) -> Result<(), Trouble> {
        patiently(|| self.each_challenge(by, true)).map(|_| ())
    }

    /// Asks for the certificate of a request (DER, RFC 2986).
    pub fn finalize(&mut self, request: &[u8]) -> Result<(), Trouble> {
        patiently(|| done(self.0.finalize_csr(request)))
    }

    /// The certificates, as PEM.
    pub fn certificates(&mut self) -> Result<String, Trouble> {
        let pem = patiently(|| done(self.0.certificate()))?;
        pem.ok_or_else(|| Trouble::of("there is no certificate yet"))
    }

    /// Why there will be none.
    pub fn why(&mut self) -> Trouble {
        let of_order = self.0.state().error.clone();
        let of_challenge = patiently(|| {
            let mut all = self.0.authorizations();
            let Some(one) = done_maybe(all.next())? else {
                return Ok(None);
            };
            let mut problems = one.challenges.iter().filter_map(|one| one.error.clone());
            Ok(problems.next())
        });
        match of_challenge.ok().flatten().or(of_order) {
            Some(problem) => Trouble::told(&problem),
            None => Trouble::of("the authority does not say why"),
        }
    }

    fn each_challenge(
        &mut self,
        by: By,
        is_shown: bool,
    ) -> Result<Option<Proof>, instant_acme::Error> {
        let kind = match by {
            By::Page => ChallengeType::Http01,
            By::Handshake => ChallengeType::TlsAlpn01,
        };
        let mut all = self.0.authorizations();
        let Some(mut one) = done_maybe(all.next())? else {
            return Ok(None);
        };
        if one.status != AuthorizationStatus::Pending {
            return Ok(None);
        }
        let Some(mut challenge) = one.challenge(kind) else {
            return Ok(None);
        };
        if is_shown {
            // Said once, before a restart perhaps: while the authority looks, it does not want to hear it again.
            if challenge.status == ChallengeStatus::Pending {
                challenge.set_ready().now_or_never().ok_or(LATE)??;
            }
            return Ok(None);
        }
        let text = challenge.key_authorization();
        Ok(Some(match by {
            By::Page => Proof::Page {
                token: challenge.token.clone(),
                text: text.as_str().to_owned(),
            },
            By::Handshake => Proof::Handshake(text.digest().as_ref().to_vec()),
        }))
    }
}

impl Trouble {
    fn of(error: impl fmt::Display) -> Trouble {
        Trouble {
            kind: String::new(),
            detail: error.to_string(),
        }
    }

    fn told(problem: &Problem) -> Trouble {
        let kind = problem.r#type.as_deref().unwrap_or_default();
        let kind = kind.rsplit(':').next().unwrap_or_default();
        Trouble {
            kind: kind.to_owned(),
            detail: problem.detail.clone().unwrap_or_default(),
        }
    }
}

impl From<instant_acme::Error> for Trouble {
    fn from(error: instant_acme::Error) -> Trouble {
        match &error {
            instant_acme::Error::Api(problem) => Trouble::told(problem),
            other => Trouble::of(other),
        }
    }
}

/// What a request is made by that the library wants to wait for.
const LATE: instant_acme::Error =
    instant_acme::Error::Str("a request was not answered before it was asked for");

/// The value of a future that has nothing to wait for: the client below answers at once.
fn done<T>(
    future: impl Future<Output = Result<T, instant_acme::Error>>,
) -> Result<T, instant_acme::Error> {
    future.now_or_never().unwrap_or(Err(LATE))
}

fn done_maybe<T>(
    future: impl Future<Output = Option<Result<T, instant_acme::Error>>>,
) -> Result<Option<T>, instant_acme::Error> {
    future.now_or_never().unwrap_or(Some(Err(LATE))).transpose()
}

/// Makes a request again whose nonce was not taken.
fn patiently<T>(mut request: impl FnMut() -> Result<T, instant_acme::Error>) -> Result<T, Trouble> {
    let mut tries = 0;
    loop {
        tries += 1;
        match request() {
            Ok(answer) => return Ok(answer),
            Err(error) => {
                let trouble = Trouble::from(error);
                if trouble.kind != "badNonce" || tries >= NONCES_MAX {
                    return Err(trouble);
                }
            }
        }
    }
}

/// Makes the library's requests.
struct Client(ureq::Agent);

type Answered = Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>>;

impl HttpClient for Client {
    fn request(&self, request: http::Request<BodyWrapper<bytes::Bytes>>) -> Answered {
        Box::pin(std::future::ready(self.ask(request)))
    }
}

impl Client {
    fn ask(
        &self,
        request: http::Request<BodyWrapper<bytes::Bytes>>,
    ) -> Result<BytesResponse, instant_acme::Error> {
        let wrong = |error: ureq::Error| instant_acme::Error::Other(Box::new(error));
        let (head, body) = request.into_parts();
        let body = body.collect().now_or_never().ok_or(LATE)?;
        let body = body.unwrap_or_else(|never| match never {}).to_bytes();
        let request = http::Request::from_parts(head, body);
        let answer = match request.method().as_str() {
            "POST" => self.0.run(request.map(|body| body.to_vec())),
            _ => self.0.run(request.map(|_| ())),
        };
        let (parts, mut body) = answer.map_err(wrong)?.into_parts();
        let body = body.with_config().limit(DOCUMENT_BYTES_MAX).read_to_vec();
        Ok(BytesResponse {
            parts,
            body: Box::new(bytes::Bytes::from(body.map_err(wrong)?)),
        })
    }
}

impl fmt::Debug for Acme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acme")
            .field("directory", &self.directory)
            .finish()
    }
}
