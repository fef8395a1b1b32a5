package volc

import (
	"bytes"
	"encoding/json"
	"regexp"
	"unicode/utf8"

	"parley/internal/token"
)

// params are the fields of a body. Their names are case-sensitive, which is why
// they aren't decoded into a struct; what no action knows is ignored.
type params map[string]json.RawMessage

// readParams reads a body as JSON, whatever its Content-Type says: clients send
// JSON under other types.
func readParams(body []byte) (params, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, bodyIsEmpty.because("the call has no body")
	}
	var p params
	if !utf8.Valid(body) || json.Unmarshal(body, &p) != nil || p == nil {
		return nil, unmarshal.because("the body is not a JSON object in UTF-8")
	}
	return p, nil
}

// read reads a field of any type. It reports whether the field is there.
func (p params) read(name string, into any) (bool, error) {
	raw, given := p[name]
	if !given || string(raw) == "null" {
		return false, nil
	}
	if json.Unmarshal(raw, into) != nil {
		return false, unmarshal.because(name + " is of the wrong type")
	}
	return true, nil
}

func (p params) text(name string) (string, error) {
	var text string
	_, err := p.read(name, &text)
	return text, err
}

var goodID = regexp.MustCompile(`^[a-zA-Z0-9_@.-]{1,128}$`)

// id reads an id that must be there.
func (p params) id(name string, illegal refusal) (string, error) {
	id, err := p.text(name)
	if err == nil && !goodID.MatchString(id) {
		err = illegal.because(name + " must have 1 to 128 of the characters a-z, A-Z, 0-9, _, @, - and .")
	}
	return id, err
}

// optionalID reads an id that may be missing or empty.
func (p params) optionalID(name string, illegal refusal) (string, error) {
	if id, err := p.text(name); err != nil || id == "" {
		return "", err
	}
	return p.id(name, illegal)
}

// app reads which app the call is for. It must be one of the caller's.
func (c *call) app() (string, error) {
	id, err := c.text("AppId")
	if err != nil {
		return "", err
	}
	if len(id) != token.AppID001Chars {
		return "", illegalAppID.because("AppId must have 24 characters")
	}
	for _, app := range c.api.cfg.Apps() {
		if app.ID != id {
			continue
		}
		if app.AccessKeyID != c.account {
			return "", accountIDMismatch.because("app " + quote(id) + " belongs to another access key")
		}
		return id, nil
	}
	return "", notExistAppID.because("no app has the id " + quote(id))
}
