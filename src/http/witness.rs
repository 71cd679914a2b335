//! The server of a witness: two addresses, plain text.
//!
//! Nothing of a client is logged. What a log sent that does not go on from what was cosigned is logged by the log's name.
//!
//! Source: C2SP tlog-witness, "HTTP Interface".

use std::{io, net::TcpListener, sync::Arc, time::Duration};

use actix_web::{
    App as Routes, HttpResponse, HttpServer,
    dev::Server,
    http::{
        StatusCode,
        header::{self, ContentType},
    },
    web::{self, Payload},
};

use crate::{
    clock::Clock,
    witness::{
        cosigner::{Cosigner, Refusal},
        request::MOST_MESSAGE_BYTES,
    },
};

/// Time for a message to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections at a time. Logs ask once in a quarter of an hour.
const MOST_CONNECTIONS: usize = 256;

/// What the handlers share.
struct Desk {
    witness: Arc<Cosigner>,
    clock: Arc<dyn Clock>,
}

/// Serves a witness on a listener. The server runs in the task that awaits it; stop it with its handle.
///
/// # Errors
/// If the system refuses the listener.
pub fn serve(listener: TcpListener, witness: Arc<Cosigner>, clock: Arc<dyn Clock>) -> io::Result<Server> {
    let desk = web::Data::new(Desk { witness, clock });
    let routes = move || {
        Routes::new()
            .app_data(desk.clone())
            .service(
                web::resource("/add-checkpoint")
                    .route(web::post().to(add_checkpoint))
                    .default_service(web::to(|| async { said(StatusCode::METHOD_NOT_ALLOWED, "ask with POST") })),
            )
            .service(web::resource("/{origin_hash}/checkpoint").route(web::get().to(checkpoint)))
            .default_service(web::to(|| async { said(StatusCode::NOT_FOUND, "there is nothing here") }))
    };
    let server = HttpServer::new(routes).workers(1).max_connections(MOST_CONNECTIONS);
    let server = server.client_request_timeout(PATIENCE).shutdown_timeout(5).disable_signals();
    Ok(server.listen(listener)?.run())
}

async fn add_checkpoint(desk: web::Data<Desk>, body: Payload) -> HttpResponse {
    let message = match tokio::time::timeout(PATIENCE, body.to_bytes_limited(MOST_MESSAGE_BYTES)).await {
        Ok(Ok(Ok(message))) => message,
        Ok(Ok(Err(_))) => return cut(StatusCode::BAD_REQUEST, "the message breaks off"),
        Ok(Err(_)) => return cut(StatusCode::PAYLOAD_TOO_LARGE, "the message is too long"),
        Err(_) => return cut(StatusCode::REQUEST_TIMEOUT, "the message takes too long"),
    };
    // The record is synced to the disk before the answer.
    let cosigned = web::block(move || desk.witness.cosign(&message, desk.clock.now())).await;
    match cosigned {
        Ok(Ok(line)) => HttpResponse::Ok().content_type(ContentType::plaintext()).body(line),
        Ok(Err(refusal)) => refused(&refusal),
        Err(_) => said(StatusCode::INTERNAL_SERVER_ERROR, "try again"),
    }
}

fn refused(refusal: &Refusal) -> HttpResponse {
    let status = match refusal {
        Refusal::Malformed(_) | Refusal::OldIsLarger => StatusCode::BAD_REQUEST,
        Refusal::UnknownLog => StatusCode::NOT_FOUND,
        Refusal::NotSigned => StatusCode::FORBIDDEN,
        Refusal::Conflict { size } => {
            let size = format!("{size}\n");
            return HttpResponse::Conflict().insert_header((header::CONTENT_TYPE, "text/x.tlog.size")).body(size);
        }
        Refusal::Inconsistent => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Disk(error) => {
            tracing::error!(%error, "a record cannot be kept, so nothing is cosigned");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    said(status, &refusal.to_string())
}

async fn checkpoint(desk: web::Data<Desk>, origin_hash: web::Path<String>) -> HttpResponse {
    match desk.witness.last(&origin_hash) {
        Some(note) => HttpResponse::Ok().content_type(ContentType::plaintext()).body(note),
        None => said(StatusCode::NOT_FOUND, "no checkpoint of that log was cosigned here"),
    }
}

fn said(status: StatusCode, words: &str) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::plaintext()).body(format!("{words}\n"))
}

/// The same, and the connection is closed: its sender may have more to say.
fn cut(status: StatusCode, words: &str) -> HttpResponse {
    HttpResponse::build(status).force_close().content_type(ContentType::plaintext()).body(format!("{words}\n"))
}
