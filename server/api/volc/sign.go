package volc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// judgeSignature computes the signature of the request as the caller has signed
// it (volc.md §5.5) and compares. Clients differ in which headers they sign, so
// none is asked for: method, query, date and body are signed in any case.
func (a *authorization) judgeSignature(r *http.Request, query pairs, body []byte, secret string) error {
	hash := hexHash(body)
	if given := r.Header.Get("X-Content-Sha256"); given != "" && given != hash {
		return signatureDoesNotMatch.because("X-Content-Sha256 is not the hash of the body")
	}
	if a.presigned {
		if a.bodyUnsigned {
			hash = hexHash(nil)
		}
		var err error
		if query, err = a.signedQuery(query); err != nil {
			return err
		}
	}
	key := mac([]byte(secret), a.day)
	for _, part := range []string{a.region, a.service, terminator} {
		key = mac(key, part)
	}
	for _, headers := range a.canonicalHeaders(r) {
		canonical := strings.Join([]string{
			r.Method, path(r), query.canonical(), headers, strings.Join(a.signedHeaders, ";"), hash,
		}, "\n")
		scope := strings.Join([]string{a.day, a.region, a.service, terminator}, "/")
		toSign := strings.Join([]string{algorithm, a.date, scope, hexHash([]byte(canonical))}, "\n")
		if hmac.Equal([]byte(hex.EncodeToString(mac(key, toSign))), []byte(a.signature)) {
			return nil
		}
	}
	return signatureDoesNotMatch.because("the signature is not that of the request with the secret access key; a proxy may have changed what was signed: " +
		strings.Join(append([]string{"method", "path", "query", "body"}, a.signedHeaders...), ", "))
}

func hexHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// signedQuery returns the parameters that a presigned query's signature covers.
// All must be but the signature and, as some clients do, the list itself: else
// whoever has the address could make another call of it.
func (a *authorization) signedQuery(query pairs) (pairs, error) {
	var signed pairs
	for _, p := range query {
		switch {
		case p.name == "X-Signature":
		case slices.Contains(a.signedQueries, p.name):
			signed = append(signed, p)
		case p.name != "X-SignedQueries":
			return nil, signatureDoesNotMatch.because("X-SignedQueries leaves out " + quote(p.name))
		}
	}
	return signed, nil
}

// path is the path as it is signed.
func path(r *http.Request) string {
	if escaped := r.URL.EscapedPath(); escaped != "" {
		return escaped
	}
	return "/"
}

// canonicalHeaders returns the block of signed headers in the forms that clients
// give it: with runs of white space within values as one space or as they are,
// and with the usual ports in host or without.
func (a *authorization) canonicalHeaders(r *http.Request) []string {
	if len(a.signedHeaders) == 0 {
		return []string{"\n"}
	}
	hosts := []string{r.Host}
	for _, port := range []string{":80", ":443"} {
		if short, usual := strings.CutSuffix(r.Host, port); usual {
			hosts = append(hosts, short)
		}
	}
	var forms []string
	for _, host := range hosts {
		for _, collapse := range []bool{true, false} {
			var b strings.Builder
			for _, name := range a.signedHeaders {
				value := host
				switch name {
				case "host":
				case "content-length": // package http takes it out of the headers
					value = strconv.FormatInt(r.ContentLength, 10)
				default:
					value = strings.TrimSpace(strings.Join(r.Header.Values(name), ","))
				}
				if collapse {
					value = strings.Join(strings.Fields(value), " ")
				}
				b.WriteString(name + ":" + value + "\n")
			}
			if form := b.String(); !slices.Contains(forms, form) {
				forms = append(forms, form)
			}
		}
	}
	return forms
}
