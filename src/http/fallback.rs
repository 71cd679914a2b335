//! What answers where no route does: 405 with the methods that there are, or 404.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError as _,
    http::{Method, header},
    web,
};
use utoipa::openapi::{OpenApi, PathItem};

use super::{catalogue::Slug, problem::Problem};

/// Which methods each address has. Made from the API document, because a route's own guard answers a wrong method as if
/// the address did not exist.
pub(super) struct Methods(Vec<(Vec<String>, Vec<Method>)>);

impl Methods {
    pub(super) fn of(document: &OpenApi) -> Self {
        Self(document.paths.paths.iter().map(|(path, item)| (segments(path), methods(item))).collect())
    }

    /// The methods of an address, `None` where there is no such address.
    fn at(&self, path: &str) -> Option<Vec<Method>> {
        let path = segments(path);
        let fitting: Vec<_> = self.0.iter().filter(|(template, _)| fits(template, &path)).collect();
        (!fitting.is_empty()).then(|| fitting.into_iter().flat_map(|(_, methods)| methods.clone()).collect())
    }
}

fn segments(path: &str) -> Vec<String> {
    path.trim_start_matches('/').split('/').map(str::to_owned).collect()
}

fn fits(template: &[String], path: &[String]) -> bool {
    template.len() == path.len()
        && template.iter().zip(path).all(|(t, p)| if t.starts_with('{') { !p.is_empty() } else { t == p })
}

fn methods(item: &PathItem) -> Vec<Method> {
    let all = [
        (&item.get, Method::GET),
        (&item.put, Method::PUT),
        (&item.post, Method::POST),
        (&item.delete, Method::DELETE),
        (&item.options, Method::OPTIONS),
        (&item.head, Method::HEAD),
        (&item.patch, Method::PATCH),
    ];
    all.into_iter().filter(|(operation, _)| operation.is_some()).map(|(_, method)| method).collect()
}

/// The default service of the app.
pub(super) async fn answer(request: HttpRequest, known: web::Data<Methods>) -> HttpResponse {
    match known.at(request.match_info().as_str()) {
        Some(methods) if !methods.contains(request.method()) => wrong_method(&methods),
        Some(_) | None => Problem::not_found().error_response(),
    }
}

fn wrong_method(methods: &[Method]) -> HttpResponse {
    let allowed = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    let mut response = Problem::new(Slug::WrongMethod, format!("this address takes {allowed}")).error_response();
    if let Ok(value) = header::HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_fits_addresses_of_its_shape_only() {
        let fit = |template, path| fits(&segments(template), &segments(path));
        assert!(fit("/v1/reports/{id}", "/v1/reports/7"));
        assert!(!fit("/v1/reports/{id}", "/v1/reports/"));
        assert!(!fit("/v1/reports/{id}", "/v1/reports/7/answer"));
        assert!(!fit("/v1/reports", "/v1/inbox"));
    }
}
