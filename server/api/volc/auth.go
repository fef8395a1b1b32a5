package volc

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "HMAC-SHA256"
	dateFormat = "20060102T150405Z"
	dayChars   = len("20060102")
	terminator = "request"

	// Calls are good this long after they were dated, and a caller's clock may be
	// that much ahead of ours.
	defaultLifetime = 15 * time.Minute
	maxLifetime     = 7 * 24 * time.Hour
	maxAhead        = time.Minute
)

// authorization is who calls, by its own account, and how it proves that.
type authorization struct {
	accessKeyID          string
	day, region, service string // the scope, with terminator
	signedHeaders        []string
	signature            string
	date                 string // as it was given: it is signed so
	at                   time.Time
	lifetime             time.Duration

	// Of a call that is signed in its query, so that anybody can make it who has
	// the address.
	presigned     bool
	signedQueries []string
	bodyUnsigned  bool
}

// readAuthorization reads the header, or the query when that is signed.
func readAuthorization(r *http.Request, query pairs) (*authorization, error) {
	var a *authorization
	var err error
	if header := r.Header.Get("Authorization"); header != "" {
		a, err = readHeader(header, r.Header.Get("X-Date"))
	} else if query.get("X-Signature") != "" || query.get("X-Credential") != "" || query.get("X-Algorithm") != "" {
		a, err = readSignedQuery(query)
	} else {
		return nil, missingAuthenticationToken.because("the call is not signed: it has neither the header Authorization nor X-Credential in its query")
	}
	if err != nil {
		return nil, err
	}
	if a.date == "" {
		return nil, missingRequestInfo.because("X-Date is missing")
	}
	if a.at, err = time.Parse(dateFormat, a.date); err != nil {
		return nil, invalidTimestamp.because("X-Date is not written as 20060102T150405Z, in UTC")
	}
	if a.day != a.date[:dayChars] {
		return nil, invalidCredential.because("the day of the credential is not that of X-Date")
	}
	a.lifetime = defaultLifetime
	if text := query.get("X-Expires"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 32)
		if err != nil || seconds == 0 || seconds > uint64(maxLifetime/time.Second) {
			return nil, invalidTimestamp.because("X-Expires is no number of seconds from 1 to " + strconv.Itoa(int(maxLifetime/time.Second)))
		}
		a.lifetime = time.Duration(seconds) * time.Second //nolint:gosec // at most a week
	}
	return a, nil
}

// readHeader reads
// "HMAC-SHA256 Credential=…, SignedHeaders=a;b, Signature=<hex>".
func readHeader(header, date string) (*authorization, error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	if scheme != algorithm {
		return nil, invalidAuthorization.because("Authorization does not begin with " + algorithm)
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, found := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := parts[name]; !found || twice {
			return nil, invalidAuthorization.because("Authorization is not Credential=…, SignedHeaders=…, Signature=…")
		}
		parts[name] = value
	}
	a := &authorization{date: date, signature: parts["Signature"]}
	if _, given := parts["SignedHeaders"]; !given {
		return nil, invalidAuthorization.because("Authorization has no SignedHeaders")
	}
	a.signedHeaders = list(parts["SignedHeaders"])
	credential, given := parts["Credential"]
	if !given {
		return nil, invalidAuthorization.because("Authorization has no Credential")
	}
	if err := a.readCredential(credential); err != nil {
		return nil, err
	}
	return a, a.needSignature()
}

func readSignedQuery(query pairs) (*authorization, error) {
	if given := query.get("X-Algorithm"); given != algorithm {
		return nil, invalidAuthorization.because("X-Algorithm is not " + algorithm)
	}
	a := &authorization{
		presigned: true, date: query.get("X-Date"), signature: query.get("X-Signature"),
		signedHeaders: list(query.get("X-SignedHeaders")), signedQueries: list(query.get("X-SignedQueries")),
	}
	_, a.bodyUnsigned = query.find("X-NotSignBody")
	if err := a.readCredential(query.get("X-Credential")); err != nil {
		return nil, err
	}
	return a, a.needSignature()
}

func (a *authorization) readCredential(text string) error {
	parts := strings.Split(text, "/")
	if len(parts) != 5 || parts[0] == "" || parts[4] != terminator {
		return invalidCredential.because("the credential is not access key id/day/region/service/" + terminator)
	}
	a.accessKeyID, a.day, a.region, a.service = parts[0], parts[1], parts[2], parts[3]
	return nil
}

func (a *authorization) needSignature() error {
	if a.signature == "" {
		return missingSignature.because("there is no signature")
	}
	return nil
}

// list splits "a;b".
func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ";")
}

// judgeTime refuses calls that are too old, or of tomorrow.
func (a *authorization) judgeTime(now time.Time) error {
	switch age := now.Sub(a.at); {
	case age > a.lifetime:
		return invalidTimestamp.because("the call is dated " + a.date + " and was good for " + a.lifetime.String())
	case age < -maxAhead:
		return invalidTimestamp.because("the call is dated " + a.date + ", which is yet to come; the server's clock says " + now.UTC().Format(dateFormat))
	}
	return nil
}
