//! The server under load, in a process of its own: ours and the others' handlers on one worker.

use crate::{Fault, process::keep_on_core};
use actix_multipart::form::{MultipartForm, tempfile::TempFile, tempfile::TempFileConfig};
use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    error::ErrorInternalServerError,
    web::{self, Data, Path, Payload},
};
use futures_util::TryStreamExt;
use rf::storage::{Disk, Disks, Error, LocalStorage, UploadForm, UploadPolicy};
use std::path::{Path as FilePath, PathBuf};
use tokio::io::AsyncWriteExt;

/// Serves `folder` until it is killed, and prints the port.
pub(crate) fn run(folder: &FilePath, nodelay: bool) -> Result<(), Fault> {
    keep_on_core(0)?;
    actix_web::rt::System::new().block_on(serve(folder.to_owned(), nodelay))
}

async fn serve(folder: PathBuf, nodelay: bool) -> Result<(), Fault> {
    let disks = Disks::builder()
        .disk("files", LocalStorage::new(&folder)?)
        .build()?;
    let disk = disks.disk("files")?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(disk.clone()))
            .app_data(Data::new(folder.clone()))
            .app_data(TempFileConfig::default().directory(&folder))
            .route("/rf/{name}", web::get().to(get))
            .route("/rf/{name}", web::put().to(put))
            .route("/rf-form/{name}", web::post().to(form))
            .route("/tokio/{name}", web::put().to(tokio_put))
            .route("/temp-form/{name}", web::post().to(temp_form))
            .service(actix_files::Files::new("/files", &folder))
    })
    .workers(1)
    .tcp_nodelay(nodelay)
    .bind("127.0.0.1:0")?;
    println!("{}", server.addrs()[0]);
    Ok(server.run().await?)
}

async fn get(
    disk: Data<Disk>,
    request: HttpRequest,
    name: Path<String>,
) -> Result<HttpResponse, Error> {
    disk.response(&request, name.into_inner()).await
}

async fn put(
    disk: Data<Disk>,
    request: HttpRequest,
    name: Path<String>,
    body: Payload,
) -> Result<HttpResponse, Error> {
    disk.receive(&request, name.into_inner(), body).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The name of the file is the one in the form.
async fn form(disk: Data<Disk>, form: UploadForm) -> Result<HttpResponse, Error> {
    form.stage(&disk, &UploadPolicy::new())
        .await?
        .keep()
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What one writes without a library: each chunk to the file as it comes.
async fn tokio_put(
    folder: Data<PathBuf>,
    name: Path<String>,
    mut body: Payload,
) -> Result<HttpResponse, actix_web::Error> {
    let mut file = tokio::fs::File::create(folder.join(name.as_str())).await?;
    while let Some(bytes) = body.try_next().await? {
        file.write_all(&bytes).await?;
    }
    file.flush().await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(MultipartForm)]
struct Upload {
    file: TempFile,
}

async fn temp_form(
    folder: Data<PathBuf>,
    name: Path<String>,
    form: MultipartForm<Upload>,
) -> Result<HttpResponse, actix_web::Error> {
    let to = folder.join(name.as_str());
    let file = form.into_inner().file.file;
    web::block(move || file.persist(to))
        .await?
        .map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::NoContent().finish())
}
