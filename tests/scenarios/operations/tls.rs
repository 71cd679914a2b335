//! TLS to PostgreSQL, on a real server: with `--features postgres-tls`.

use std::{net::TcpListener, sync::Arc};

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Bool};
use lastlooks::storage::StorageError;
use serde_json::json;

use super::{files, inbox, joins};
use crate::{
    crew::host::Host,
    support::{TestDatabase, postgres::Server},
};

#[derive(QueryableByName)]
struct Encrypted {
    #[diesel(sql_type = Bool)]
    ssl: bool,
}

fn encrypted_server() -> (Arc<Server>, u16, String) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Arc::new(Server::start_on("-F", port));
    let authority = server.encrypts().display().to_string();
    (server, port, authority)
}

#[test]
fn the_service_speaks_tls_with_postgresql_and_checks_whom_it_speaks_to() {
    println!("on PostgreSQL with TLS");
    let (server, port, authority) = encrypted_server();
    let strict = format!("sslmode=verify-full&sslrootcert={authority}");
    let database = TestDatabase::reached(Arc::clone(&server), &format!("localhost:{port}"), &strict);
    let how = database.open().read_blocking(|conn| {
        let how = sql_query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").get_result::<Encrypted>(conn);
        Ok::<_, StorageError>(how?.ssl)
    });
    assert!(how.unwrap(), "the connection is encrypted");
    let mut host = Host::on(database);
    let code = host.makes_western();
    let client = host.serves();
    joins(&host, &client, "Steward", "steward@western.test", "steward");
    inbox(&client, &files(&client, &code, json!({})));
    let said = |url: &str| {
        let done = host.tries(&["doctor", "--json"], &[("LASTLOOKS_DATABASE_URL", url)]);
        String::from_utf8(done.stdout).unwrap()
    };
    assert!(said(host.database.url()).contains("the PostgreSQL server answers"));
    let unknown = host.database.url().replace(&authority, "/etc/hostname");
    assert!(said(&unknown).contains("\"state\": \"failed\""));
    let untrusted = host.database.url().replace(&format!("&sslrootcert={authority}"), "&sslrootcert=system");
    assert!(said(&untrusted).contains("sslrootcert=FILE"), "{}", said(&untrusted));
    let misnamed = host.database.url().replace("localhost:", "127.0.0.1:");
    assert!(said(&misnamed).contains("names another host"), "{}", said(&misnamed));
}
