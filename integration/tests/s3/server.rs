//! Somebody else's S3 server in this process, which checks every signature.

mod files;

use crate::fault::{ACCESS_KEY, MIB, SECRET_KEY};
use files::Files;
use hyper_util::rt::TokioIo;
use rf::storage::{S3Config, S3Storage};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use std::net::{Ipv4Addr, SocketAddr};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot};

/// A server with one bucket in a folder of its own; dropped, it stops.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bucket")).unwrap();
        let files = Files {
            inner: FileSystem::new(folder.path()).unwrap(),
            root: folder.path().to_owned(),
        };
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    () = accept(listener, files) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        Self {
            address: told.recv().unwrap(),
            folder,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn config(&self) -> S3Config {
        S3Config {
            bucket: "bucket".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(format!("http://{}", self.address)),
            access_key: Some(ACCESS_KEY.into()),
            secret_key: Some(SECRET_KEY.into()),
            path_style: Some(true),
            part_size: 5 * MIB as u64,
            // It looks at conditions, and then writes: two may win.
            conditions: false,
            ..S3Config::default()
        }
    }

    pub(crate) fn storage(&self) -> S3Storage {
        S3Storage::new(self.config()).unwrap()
    }

    /// What the server keeps of uploads that are neither complete nor aborted.
    pub(crate) fn left_over(&self) -> Vec<String> {
        std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(".upload"))
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            // A server that has ended by itself has said why in its panic.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, files: Files) {
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = builder.build();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service.clone());
        tokio::spawn(connection);
    }
}
