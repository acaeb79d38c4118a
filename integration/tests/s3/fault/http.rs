//! Just enough of HTTP/1.1 to read a request whole and to write an answer wrong on purpose.

use actix_web::http::header::HttpDate;
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher},
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::SystemTime,
};

/// What was asked for, in the words of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Put,
    Copy,
    Get,
    Head,
    Delete,
    PutAcl,
    GetAcl,
    Create,
    Part,
    PartCopy,
    Complete,
    Abort,
    List,
    Uploads,
    DeleteMany,
    HeadBucket,
    Unknown,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Still encoded, without the query.
    pub(crate) path: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) query: BTreeMap<String, String>,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The next head on a connection, or none when the client has closed it.
    pub(crate) fn read_head(from: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Err(io::Error::other("no request line"));
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        // What stands before the bucket is the path of an endpoint behind a gateway.
        let names = path.strip_prefix("/behind/gateway").unwrap_or(path);
        let names = decode(names.trim_start_matches('/'));
        let (bucket, key) = names.split_once('/').unwrap_or((&names, ""));
        Ok(Some(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            query: query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decode_form(name), decode_form(value)))
                .collect(),
            headers,
            body: Vec::new(),
        }))
    }

    pub(crate) fn read_body(
        &mut self,
        from: &mut BufReader<TcpStream>,
        mut to: &TcpStream,
    ) -> io::Result<()> {
        if self.header("expect").is_some() {
            to.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let length = self.header("content-length").unwrap_or("0").parse();
        self.body = vec![0; length.map_err(io::Error::other)?];
        from.read_exact(&mut self.body)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn asks(&self, name: &str) -> bool {
        self.query.contains_key(name)
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn part_number(&self) -> u32 {
        self.value("partNumber").parse().unwrap()
    }

    pub(crate) fn op(&self) -> Op {
        let copies = self.headers.contains_key("x-amz-copy-source");
        match (self.method.as_str(), self.key.is_empty()) {
            ("HEAD", true) => Op::HeadBucket,
            ("GET", true) if self.asks("uploads") => Op::Uploads,
            ("GET", true) if self.value("list-type") == "2" => Op::List,
            ("POST", true) if self.asks("delete") => Op::DeleteMany,
            ("PUT", false) if self.asks("uploadId") && copies => Op::PartCopy,
            ("PUT", false) if self.asks("uploadId") => Op::Part,
            ("PUT", false) if self.asks("acl") => Op::PutAcl,
            ("PUT", false) if copies => Op::Copy,
            ("PUT", false) => Op::Put,
            ("GET", false) if self.asks("acl") => Op::GetAcl,
            ("GET", false) => Op::Get,
            ("HEAD", false) => Op::Head,
            ("POST", false) if self.asks("uploads") => Op::Create,
            ("POST", false) if self.asks("uploadId") => Op::Complete,
            ("DELETE", false) if self.asks("uploadId") => Op::Abort,
            ("DELETE", false) => Op::Delete,
            _ => Op::Unknown,
        }
    }
}

/// An answer, framed by `Content-Length`.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn xml(body: &str) -> Self {
        let mut response = Self::new(200).header("content-type", "application/xml");
        response.body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}").into_bytes();
        response
    }

    pub(crate) fn error(status: u16, code: &str) -> Self {
        let body = format!(
            "<Error><Code>{code}</Code><Message>Said on purpose.</Message><RequestId>RQ7</RequestId></Error>"
        );
        Self {
            status,
            ..Self::xml(&body)
        }
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Writes the head and as much of the body as is asked for, whatever the head has promised.
    pub(crate) fn write(&self, mut to: &TcpStream, bytes: usize) -> io::Result<()> {
        let mut head = format!(
            "HTTP/1.1 {} Said\r\ndate: {}\r\nx-amz-request-id: RQ7\r\n",
            self.status,
            http_date(SystemTime::now())
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.status != 204 && self.status != 304 {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        let mut message = head.into_bytes();
        message.extend_from_slice(&self.body[..bytes.min(self.body.len())]);
        to.write_all(&message)
    }
}

/// A moment as heads tell it (RFC 9110 §5.6.7).
pub(crate) fn http_date(moment: SystemTime) -> String {
    HttpDate::from(moment).to_string()
}

/// The same moment as documents tell it: `Fri, 02 Jan 2026 03:04:05 GMT` is `2026-01-02T03:04:05.000Z`.
pub(crate) fn iso_date(moment: SystemTime) -> String {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let date = http_date(moment);
    let words: Vec<&str> = date.split(' ').collect();
    let month = MONTHS.find(words[2]).unwrap() / 3 + 1;
    format!("{}-{month:02}-{}T{}.000Z", words[3], words[1], words[4])
}

/// A tag that differs when the content does; as long as an MD5, which nobody may take it for.
pub(crate) fn digest(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    let half = hasher.finish();
    format!("{half:016x}{:016x}", half.rotate_left(29))
}

/// Undoes percent-encoding, once.
pub(crate) fn decode(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// The same for what was written as a form: there a `+` is a space.
pub(crate) fn decode_form(text: &str) -> String {
    decode(&text.replace('+', "%20"))
}

/// Percent-encodes as a listing of `encoding-type=url` does.
pub(crate) fn encode(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.*".contains(byte);
    text.bytes()
        .map(|byte| match byte {
            b' ' => "+".to_owned(),
            byte if plain(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

pub(crate) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&apos;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// The texts of all elements of a name; enough for the flat documents clients send.
pub(crate) fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open)
        .skip(1)
        .filter_map(|rest| rest.split_once(&close))
        .map(|(text, _)| unescape(text))
        .collect()
}
