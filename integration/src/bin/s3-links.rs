//! Links and files of ours for other clients, on the S3 server of the environment.
//!
//! `s3-links download SECONDS KEY`, `upload SECONDS KEY TYPE [LENGTH]` and `form SECONDS KEY TYPE MOST` print a link
//! as JSON; `read KEY` prints a file, `write KEY` keeps what it is given.

use integration::s3::storage_of_environment;
use rf::storage::{SignedUrl, SignedUrlOptions, StorageExt};
use std::{
    io::{Read, Write},
    process::ExitCode,
    time::{Duration, UNIX_EPOCH},
};

type Fault = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("s3-links: {fault}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[&str]) -> Result<(), Fault> {
    let storage = storage_of_environment()?;
    let options = match *arguments {
        ["read", key] => {
            std::io::stdout().write_all(&storage.get(key).await?)?;
            return Ok(());
        }
        ["write", key] => {
            let mut content = Vec::new();
            std::io::stdin().read_to_end(&mut content)?;
            storage.put(key, content).await?;
            return Ok(());
        }
        ["download", time, key] => (key, SignedUrlOptions::download(seconds(time)?)),
        ["upload", time, key, kind] => (
            key,
            SignedUrlOptions::upload(seconds(time)?).content_type(kind),
        ),
        ["upload", time, key, kind, length] => {
            let options = SignedUrlOptions::upload(seconds(time)?).content_type(kind);
            (key, options.content_length(length.parse()?))
        }
        ["form", time, key, kind, most] => {
            let options = SignedUrlOptions::form(seconds(time)?).content_type(kind);
            (key, options.max_size(most.parse()?))
        }
        _ => return Err("download | upload | form | read | write, and a key".into()),
    };
    let (key, options) = options;
    print(&storage.signed_url_with(key, options).await?)
}

fn seconds(text: &str) -> Result<Duration, Fault> {
    Ok(Duration::from_secs(text.parse()?))
}

fn print(link: &SignedUrl) -> Result<(), Fault> {
    let link = serde_json::json!({
        "url": link.url,
        "method": link.method,
        "headers": link.headers,
        "fields": link.fields,
        "expires_at": link.expires_at.duration_since(UNIX_EPOCH)?.as_secs_f64(),
    });
    println!("{link}");
    Ok(())
}
