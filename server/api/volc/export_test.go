package volc

import "net/http"

// Canonical parses a query and returns it as it is signed.
func Canonical(raw string) (string, bool) {
	query, ok := parseQuery(raw)
	return query.canonical(), ok
}

// ReadAuthorization is what a fuzz target feeds.
func ReadAuthorization(r *http.Request) (accessKeyID string, ok bool, err error) {
	query, ok := parseQuery(r.URL.RawQuery)
	if !ok {
		return "", false, nil
	}
	a, err := readAuthorization(r, query)
	if err != nil {
		return "", true, err
	}
	return a.accessKeyID, true, a.judgeSignature(r, query, nil, "secret")
}
