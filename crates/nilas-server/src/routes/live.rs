//! Live events.

use crate::app::App;
use crate::extract::blocking;
use crate::session::{Caller, Secret};
use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use nilas_api::ServerEvent;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{BroadcastStream, ReceiverStream};
use tokio_stream::{Stream, StreamExt};

/// How often an open stream looks whether its account was changed by another program (the command line).
const LOOK: Duration = Duration::from_secs(5);

/// Changes of projects and jobs and new lines of event logs, as server-sent events: each `data:` line is a `ServerEvent`.
/// The stream ends when the session or token that opened it does.
#[utoipa::path(get, path = "/events", tag = "live", responses((status = 200, content_type = "text/event-stream", body = ServerEvent)))]
pub async fn live_events(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = tokio_stream::once(sse(&ServerEvent::Resync));
    let rest = BroadcastStream::new(app.master.listen()).map(|item| match item {
        Ok(event) => sse(&event),
        Err(_) => sse(&ServerEvent::Resync),
    });
    let (end, ended) = mpsc::channel::<()>(1);
    tokio::spawn(async move {
        tokio::select! {
            // The listener has gone.
            () = end.closed() => {}
            () = shut_out(app, caller.secret) => { let _ = end.send(()).await; }
        }
    });
    let events = first.chain(rest).map(Some);
    let until_ended = events
        .merge(ReceiverStream::new(ended).map(|()| None))
        .take_while(Option::is_some)
        .filter_map(|event| event.map(Ok));
    Sse::new(until_ended).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

/// Done when the secret opens no account any more.
async fn shut_out(app: App, secret: Secret) {
    let mut changes = app.ended.subscribe();
    loop {
        let (app, secret) = (app.clone(), secret.clone());
        // A database that can't be asked is no reason to hang up.
        if let Ok(None) = blocking(move || app.account_of(&secret)).await {
            return;
        }
        let _ = tokio::time::timeout(LOOK, changes.recv()).await;
    }
}

fn sse(event: &ServerEvent) -> Event {
    // Every type here serialises; a failure would be a defect, and the listener then fetches anew.
    Event::default()
        .json_data(event)
        .unwrap_or_else(|_| Event::default().data(r#"{"type":"resync"}"#))
}
