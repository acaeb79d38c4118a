//! A small application on a port of its own, and a client that sends exactly what it is told.

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, middleware::Compress, web,
};
use rf::storage::{DiskHandle, Disks, Error, Prefix, StorageSettings, UploadForm, request_key};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use tempfile::TempDir;

pub(crate) const LIMIT: u64 = 1_000_000;

/// A running application with a local disk `drive` served under `/files`.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    pub(crate) disks: Disks,
    /// What the clock of signed links is ahead, in seconds.
    pub(crate) ahead: Arc<AtomicU64>,
    handle: ServerHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Sends the order to stop; the server runs on a thread of its own and ends by itself.
        drop(self.handle.stop(false));
    }
}

pub(crate) fn start() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let settings = serde_json::json!({ "disks": { "drive": {
        "driver": "local", "root": folder.path().join("drive"), "serve": "/files", "max_size": LIMIT,
    } } });
    let settings: StorageSettings = serde_json::from_value(settings).unwrap();
    let ahead = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&ahead);
    let disks = Disks::builder()
        .settings(settings)
        .url_key(b"a key for tests, 24 bytes")
        .clock(move || SystemTime::now() + Duration::from_secs(clock.load(Ordering::Relaxed)))
        .build()
        .unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    let state = disks.state();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(move || {
                App::new()
                    .wrap(Compress::default())
                    .configure(state.clone())
                    .configure(rf::storage)
                    .route("/api/files", web::post().to(post))
                    .service(
                        web::resource("/api/files/{key:.*}")
                            .route(web::get().to(get))
                            .route(web::head().to(get))
                            .route(web::put().to(put))
                            .route(web::delete().to(delete)),
                    )
                    .route(
                        "/filesystem/{name}",
                        web::get().to(|| async { HttpResponse::Ok().body("not ours") }),
                    )
            })
            .workers(1)
            .bind("127.0.0.1:0")
            .unwrap();
            let address = server.addrs()[0];
            let server = server.disable_signals().run();
            send.send((address, server.handle())).unwrap();
            server.await.unwrap();
        });
    });
    let (address, handle) = receive.recv().unwrap();
    Running {
        address,
        folder,
        disks,
        ahead,
        handle,
    }
}

async fn get(request: HttpRequest, disk: DiskHandle) -> Result<HttpResponse, Error> {
    disk.response(&request, request_key(&request, "key")?).await
}

async fn put(
    request: HttpRequest,
    disk: DiskHandle,
    body: web::Payload,
) -> Result<HttpResponse, Error> {
    let written = disk
        .receive(&request, request_key(&request, "key")?, body)
        .await?;
    let mut response = if written.created == Some(true) {
        HttpResponse::Created()
    } else {
        HttpResponse::Ok()
    };
    Ok(response
        .insert_header(("etag", written.metadata.etag.to_string()))
        .finish())
}

async fn delete(request: HttpRequest, disk: DiskHandle) -> Result<HttpResponse, Error> {
    disk.delete_for(&request, request_key(&request, "key")?)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn post(disk: DiskHandle, form: UploadForm) -> Result<HttpResponse, Error> {
    let staged = disk.stage(form).await?;
    let prefix = Prefix::parse(staged.field("prefix").unwrap_or_default())?;
    let kept = staged.keep_in(&prefix).await?;
    let names: Vec<_> = kept.iter().map(|file| file.key.to_string()).collect();
    Ok(HttpResponse::Created().json(names))
}

impl Running {
    /// Files waiting to be published.
    pub(crate) fn staged(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("drive/.rf-staging"))
            .unwrap()
            .count()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
    }

    /// Sends a request as it stands and reads the answer to the end of the connection.
    pub(crate) fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        read(stream)
    }

    pub(crate) fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut request =
            format!("{method} {target} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n")
                .into_bytes();
        for (name, value) in headers {
            request.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if !body.is_empty() || matches!(method, "PUT" | "POST") {
            request.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        self.raw(&request)
    }

    pub(crate) fn get(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", target, headers, b"")
    }
}

pub(crate) fn read(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // A reset after the answer is for the test to judge by what came.
    let _ = stream.read_to_end(&mut bytes);
    Answer::parse(&bytes)
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("a whole head of a response");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Self {
            status,
            headers,
            body: bytes[end + 4..].to_vec(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}
