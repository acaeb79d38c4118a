//! An app whose `Cargo.toml` says `batteries = { package = "rf-actix", … }`.
//!
//! A macro expands to paths into the library, and here there is no crate `rf`: whatever the macros get wrong about
//! that does not compile.

use actix_web::{HttpResponse, Responder, get, put, web};
use batteries::{
    Disk, ScopeGuard,
    oauth2::{AccessToken, Scoped},
    require_scope,
    storage::{DiskHandle, Error, StorageExt},
};

/// A disk as a type.
#[derive(Debug, Disk)]
#[disk(name = "notes", max_size = "8B", naming = "uuid", accept = "text/*")]
pub struct Notes(DiskHandle);

/// A guard as a type.
#[derive(Debug, ScopeGuard)]
#[scope("notes:read")]
pub struct Reader(AccessToken);

#[put("/note")]
#[require_scope("notes:write")]
async fn write(notes: Notes, text: String) -> Result<HttpResponse, Error> {
    notes.put("note", text).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[get("/note")]
async fn read(reader: Reader, notes: Scoped<Reader, Notes>) -> Result<impl Responder, Error> {
    let text = notes.get("note").await?;
    Ok(format!(
        "{} reads {}",
        reader.subject(),
        String::from_utf8_lossy(&text)
    ))
}

/// The routes.
pub fn routes(app: &mut web::ServiceConfig) {
    app.service((write, read));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{Notes, routes};
    use actix_web::{
        App,
        test::{TestRequest, call_service, init_service, read_body},
    };
    use batteries::{
        oauth2::{Client, GrantType, OAuth2Server, TokenParams, connect},
        storage::{Disks, StorageSettings},
    };

    async fn token(server: &OAuth2Server, scope: &str) -> String {
        let params = TokenParams {
            grant_type: Some("client_credentials".into()),
            client_id: Some("app".into()),
            client_secret: Some("secret".into()),
            scope: Some(scope.into()),
            ..TokenParams::default()
        };
        server.issue_token(params).await.unwrap().access_token
    }

    #[actix_web::test]
    async fn the_macros_find_the_library_under_its_new_name() {
        let db = connect("sqlite::memory:", 1).await.unwrap();
        let server = OAuth2Server::builder(db).build().await.unwrap();
        let client = Client {
            id: "app".into(),
            secret: Some("secret".into()),
            grants: vec![GrantType::ClientCredentials],
            scopes: "notes:read notes:write".parse().unwrap(),
            ..Client::default()
        };
        server.register_client(client).await.unwrap();
        let settings = serde_json::json!({ "disks": { "notes": { "driver": "memory" } } });
        let settings: StorageSettings = serde_json::from_value(settings).unwrap();
        let disks = Disks::builder().settings(settings).build().unwrap();
        disks.require::<Notes>().unwrap();

        let app = App::new()
            .configure(server.state())
            .configure(disks.state())
            .configure(routes);
        let app = init_service(app).await;
        let (reader, writer) = (
            token(&server, "notes:read").await,
            token(&server, "notes:write").await,
        );
        let put = |token: &str, text: &'static str| {
            let request = TestRequest::put().uri("/note").set_payload(text);
            request
                .insert_header(("authorization", format!("Bearer {token}")))
                .to_request()
        };
        let get = |token: &str| {
            let request = TestRequest::get().uri("/note");
            request
                .insert_header(("authorization", format!("Bearer {token}")))
                .to_request()
        };
        let anonymous = TestRequest::put().uri("/note").to_request();
        assert_eq!(call_service(&app, anonymous).await.status(), 401);
        assert_eq!(
            call_service(&app, put(&reader, "hello")).await.status(),
            403
        );
        assert_eq!(
            call_service(&app, put(&writer, "hello")).await.status(),
            204
        );
        assert_eq!(
            call_service(&app, put(&writer, "too long")).await.status(),
            204
        );
        assert_eq!(
            call_service(&app, put(&writer, "too long!")).await.status(),
            413
        );
        assert_eq!(call_service(&app, get(&writer)).await.status(), 403);
        let read = call_service(&app, get(&reader)).await;
        assert_eq!(read_body(read).await, "app reads too long");
    }
}
