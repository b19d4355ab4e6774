//! The request as a playbook and its system give it, ready to be sent and to be shown. It does not read answers.

use indexmap::IndexMap;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response, Url};

use crate::action::Context;
use crate::base::{Confidential, MASK};
use crate::event::Failure;
use crate::model::{Auth, Http, HttpMethod, Rendered};

/// One request.
pub struct Request {
    method: HttpMethod,
    url: Url,
    headers: HeaderMap,
    shown: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    follow: bool,
    secret_header: bool,
}

impl Request {
    /// The request of a step.
    pub fn new(http: &Http<Rendered>) -> Result<Request, Failure> {
        let (method, target) = match http.targets().as_slice() {
            [(method, target)] => (*method, target.0.clone()),
            _ => return Err(refused(one_method())),
        };
        let reads = matches!(method, HttpMethod::Get | HttpMethod::Head);
        let mut request = Request {
            method,
            url: address(&target)?,
            headers: HeaderMap::new(),
            shown: Vec::new(),
            body: None,
            follow: http.follow.as_ref().map_or(reads, |f| **f),
            secret_header: false,
        };
        for (name, value) in &http.headers {
            request.secret_header |= value.expose() != value.shown();
            request.header(name, value)?;
        }
        if let Some(auth) = &http.auth {
            request.log_in(auth)?;
        }
        request.take_body(http)?;
        Ok(request)
    }

    /// Where it goes.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether it goes where it is sent on to.
    pub fn follows(&self) -> bool {
        self.follow
    }

    /// Whether a header of the author's own holds a secret, which no other server may get.
    pub fn has_secret_header(&self) -> bool {
        self.secret_header
    }

    /// The address without a password.
    pub fn shown_url(&self) -> String {
        let mut url = self.url.clone();
        if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
            return String::new();
        }
        url.to_string()
    }

    /// Method and address, as a person reads them.
    pub fn line(&self) -> String {
        format!("{} {}", self.method.name(), self.shown_url())
    }

    /// Tells the log what is sent.
    pub fn note(&self, cx: &Context<'_>) {
        cx.note(&format!("> {}", self.line()));
        for (name, value) in &self.shown {
            cx.note(&format!("> {name}: {value}"));
        }
        if let Some(body) = &self.body {
            let bytes = body.len();
            cx.note(&crate::t!("> a body of {bytes} bytes", "> 本文 {bytes} バイト"));
        }
    }

    /// Sends it.
    pub async fn send(&self, client: &Client) -> Result<Response, reqwest::Error> {
        let mut builder = client.request(method(self.method), self.url.clone()).headers(self.headers.clone());
        if let Some(body) = &self.body {
            builder = builder.body(body.clone());
        }
        builder.send().await
    }

    fn header(&mut self, name: &str, value: &Confidential) -> Result<(), Failure> {
        let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
            refused(crate::t!(
                "`{name}` is not the name of a header",
                "`{name}` はヘッダー名として使えません"
            ))
        })?;
        let mut text = HeaderValue::from_bytes(value.expose().as_bytes()).map_err(|_| {
            refused(crate::t!(
                "the header `{name}` holds a line break or a control character",
                "ヘッダー `{name}` に改行または制御文字が含まれています"
            ))
        })?;
        text.set_sensitive(value.expose() != value.shown());
        self.headers.insert(field.clone(), text);
        self.shown.retain(|(n, _)| n != field.as_str());
        self.shown.push((field.to_string(), value.shown().to_string()));
        Ok(())
    }

    fn log_in(&mut self, auth: &Auth<Rendered>) -> Result<(), Failure> {
        let value = match (&auth.bearer, &auth.basic) {
            (Some(token), None) => {
                Confidential::new(format!("Bearer {}", token.expose()), format!("Bearer {}", token.shown()))
            }
            (None, Some(basic)) => basic_login(&basic.user, &basic.password),
            _ => return Err(refused(one_login())),
        };
        self.header(AUTHORIZATION.as_str(), &value)
    }

    fn take_body(&mut self, http: &Http<Rendered>) -> Result<(), Failure> {
        let json = http.json.as_ref().map(|tree| tree.value().to_string());
        let form = (!http.form.is_empty()).then(|| form(&http.form));
        let text = http.body.as_ref().map(|text| text.0.clone());
        let (body, kind) = match (json, form, text) {
            (None, None, None) => return Ok(()),
            (Some(json), None, None) => (json, "application/json"),
            (None, Some(form), None) => (form, "application/x-www-form-urlencoded"),
            (None, None, Some(text)) => (text, "text/plain; charset=utf-8"),
            _ => return Err(refused(one_body())),
        };
        if !self.headers.contains_key(CONTENT_TYPE) {
            self.header(CONTENT_TYPE.as_str(), &Confidential::plain(kind))?;
        }
        self.body = Some(body.into_bytes());
        Ok(())
    }
}

fn basic_login(user: &Confidential, password: &Confidential) -> Confidential {
    use base64::Engine as _;
    let pair = format!("{}:{}", user.expose(), password.expose());
    let packed = base64::engine::general_purpose::STANDARD.encode(pair);
    Confidential::new(format!("Basic {packed}"), format!("Basic {}:{MASK}", user.shown()))
}

fn form(fields: &IndexMap<String, crate::model::Slot<Rendered>>) -> String {
    let Ok(mut url) = Url::parse("http://form/") else { return String::new() };
    url.query_pairs_mut().extend_pairs(fields.iter().map(|(k, v)| (k.as_str(), v.0.as_str())));
    url.query().unwrap_or_default().to_string()
}

fn address(text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text.trim()).map_err(|e| {
        refused(crate::t!("`{text}` is not an address: {e}", "`{text}` は URL として読めません: {e}"))
    })?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        return Ok(url);
    }
    Err(refused(crate::t!(
        "`{text}` is not an address of the web; it begins with https:// or http://",
        "`{text}` は Web の URL ではありません。https:// か http:// で始めてください"
    )))
}

fn method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Head => Method::HEAD,
    }
}

fn refused(message: String) -> Failure {
    Failure::Rejected { message }
}

fn one_method() -> String {
    crate::t!(
        "an http step has exactly one of get, post, put, patch, delete, head",
        "http ステップには get、post、put、patch、delete、head のどれか 1 つを書きます"
    )
}

fn one_login() -> String {
    crate::t!(
        "`auth` has exactly one of bearer, basic",
        "`auth` には bearer か basic のどちらか 1 つを書きます"
    )
}

fn one_body() -> String {
    crate::t!(
        "a request has at most one of json, form, body",
        "リクエスト本文は json、form、body のどれか 1 つです"
    )
}
