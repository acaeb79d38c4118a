//! The line between the app and the server of its database, which can be cut.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A proxy on a port of its own.
#[derive(Clone)]
pub(crate) struct Line {
    /// The URL of the database through it.
    pub(crate) url: String,
    state: watch::Sender<State>,
    left: Arc<AtomicI64>,
    /// Falls silent behind the message that holds this.
    last: Arc<Mutex<Option<&'static str>>>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    /// What is sent is neither delivered nor refused.
    Silent,
    Cut,
}

impl Line {
    /// To the server of `url`.
    pub(crate) async fn to(url: &str) -> Self {
        let mut url = reqwest::Url::parse(url).unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port()))
            .unwrap();
        // What goes over it is looked at.
        url.set_query(Some(match url.scheme() {
            "mysql" => "ssl-mode=DISABLED",
            _ => "sslmode=disable",
        }));
        let (state, _) = watch::channel(State::Open);
        let line = Self {
            url: url.into(),
            state,
            left: Arc::new(AtomicI64::new(i64::MAX)),
            last: Arc::default(),
        };
        let carries = line.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, line) = (server.clone(), carries.clone());
                tokio::spawn(async move {
                    if *line.state.borrow() != State::Cut
                        && let Ok(server) = TcpStream::connect(&server).await
                    {
                        line.carry(client, server).await;
                    }
                });
            }
        });
        line
    }

    pub(crate) fn open(&self) {
        self.left.store(i64::MAX, Ordering::SeqCst);
        self.state.send_replace(State::Open);
    }

    pub(crate) fn silence(&self) {
        self.state.send_replace(State::Silent);
    }

    /// Delivers a message that holds `text`, and falls silent before it is answered.
    pub(crate) fn silence_behind(&self, text: &'static str) {
        *self.last.lock().unwrap() = Some(text);
    }

    /// Returns once it is silent.
    pub(crate) async fn is_silent(&self) {
        let mut seen = self.state.subscribe();
        seen.wait_for(|state| *state == State::Silent)
            .await
            .unwrap();
    }

    pub(crate) fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Delivers that many more messages of the app, and loses the answer to the last of them with the connection.
    pub(crate) fn cut_after(&self, messages: i64) {
        self.left.store(messages, Ordering::SeqCst);
    }

    async fn carry(&self, mut client: TcpStream, mut server: TcpStream) {
        let (mut asked, mut answered) = (vec![0; 64 << 10], vec![0; 64 << 10]);
        let (mut seen, left) = (self.state.subscribe(), &self.left);
        loop {
            let state = *seen.borrow_and_update();
            if state == State::Cut {
                return;
            }
            let open = state == State::Open;
            tokio::select! {
                biased;
                changed = seen.changed() => if changed.is_err() { return },
                read = client.read(&mut asked), if open => match read {
                    Ok(1..) if left.load(Ordering::SeqCst) <= 0 => return,
                    Ok(length @ 1..) => {
                        self.fall_silent_behind(&asked[..length]);
                        if server.write_all(&asked[..length]).await.is_err() {
                            return;
                        }
                        if left.fetch_sub(1, Ordering::SeqCst) == 1 {
                            // It arrives, and is carried out; nobody will know.
                            let _ = server.read(&mut answered).await;
                            return;
                        }
                    }
                    _ => return,
                },
                read = server.read(&mut answered), if open => match read {
                    Ok(length @ 1..) => if client.write_all(&answered[..length]).await.is_err() { return },
                    _ => return,
                },
            }
        }
    }

    fn fall_silent_behind(&self, message: &[u8]) {
        let mut last = self.last.lock().unwrap();
        let holds = |text: &str| message.windows(text.len()).any(|at| at == text.as_bytes());
        if last.take_if(|text| holds(text)).is_some() {
            self.silence();
        }
    }
}
