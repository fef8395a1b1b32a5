package express

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf16"
)

// maxBody bounds the body of a POST.
const maxBody = 64 << 10

// params are the parameters of a request, by their names without "[]".
type params map[string][]string

// fromQuery takes parameters from a query: Name[]=a&Name[]=b is a list, and so
// is Name=a&Name=b.
func fromQuery(query url.Values) params {
	p := params{}
	for name, values := range query {
		p[bare(name)] = append(p[bare(name)], values...)
	}
	return p
}

func bare(name string) string {
	if n := len(name) - 2; n > 0 && name[n:] == "[]" {
		return name[:n]
	}
	return name
}

// withBody adds those of a POST's body, which replace the query's of the same
// name: a JSON object, or a form.
func (p params) withBody(r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return refuse(codeParameterLong, "the body is longer than "+strconv.Itoa(maxBody)+" bytes")
		}
		return refuse(codeDecode, "the body can't be read")
	}
	if len(body) == 0 {
		return nil
	}
	var more params
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/x-www-form-urlencoded" && body[0] != '{' {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return refuse(codeDecode, "the body is no form")
		}
		more = fromQuery(form)
	} else if more, err = fromJSON(body); err != nil {
		return err
	}
	maps.Copy(p, more)
	return nil
}

// fromJSON takes parameters from a JSON object of texts, numbers, booleans, and
// lists of those; null is as if it were not there.
func fromJSON(body []byte) (params, error) {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil || object == nil {
		return nil, refuse(codeDecode, "the body is no JSON object")
	}
	p := params{}
	for name, raw := range object {
		var list []json.RawMessage
		if raw[0] == '[' {
			if err := json.Unmarshal(raw, &list); err != nil {
				return nil, refuse(codeDecode, "the body's "+name+" is no list")
			}
		} else if string(raw) != "null" {
			list = []json.RawMessage{raw}
		}
		for _, item := range list {
			text, ok := scalar(item)
			if !ok {
				return nil, refuse(codeParameter, name+" is no text, number, boolean or list of those")
			}
			p[bare(name)] = append(p[bare(name)], text)
		}
	}
	return p, nil
}

func scalar(raw json.RawMessage) (text string, ok bool) {
	switch raw[0] {
	case '"':
		return text, json.Unmarshal(raw, &text) == nil
	case '{', '[', 'n':
		return "", false
	}
	return string(raw), true // a number or a boolean, as it stands
}

// text returns a parameter, empty when it is not there.
func (p params) text(name string) string {
	if values := p[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// id returns an id that must be there.
func (p params) id(name string, maxBytes int) (string, error) {
	return checkID(name, p.text(name), maxBytes)
}

func checkID(name, id string, maxBytes int) (string, error) {
	switch {
	case id == "":
		return "", refuse(codeParameter, name+" is missing")
	case len(id) > maxBytes:
		return "", refuse(codeParameterLong, name+" is longer than "+strconv.Itoa(maxBytes)+" bytes")
	}
	for i := range len(id) {
		if id[i] < 0x20 || id[i] == 0x7f {
			return "", refuse(codeParameter, name+" has a control character")
		}
	}
	return id, nil
}

// ids returns a list of different ids, each once. It may be empty.
func (p params) ids(name string, maxBytes int) ([]string, error) {
	var list []string
	known := map[string]bool{}
	for _, id := range p[name] {
		if known[id] {
			continue
		}
		if _, err := checkID(name, id, maxBytes); err != nil {
			return nil, err
		}
		known[id] = true
		list = append(list, id)
	}
	return list, nil
}

// number returns a whole number within bounds, standard when it is not there.
func (p params) number(name string, standard, low, high int64) (int64, error) {
	text := p.text(name)
	if text == "" {
		return standard, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < low || n > high {
		return 0, refuse(codeParameter, name+" is no number from "+strconv.FormatInt(low, 10)+" to "+strconv.FormatInt(high, 10))
	}
	return n, nil
}

// flag returns a boolean, false when it is not there.
func (p params) flag(name string) (bool, error) {
	switch p.text(name) {
	case "", "false", "0":
		return false, nil
	case "true", "1":
		return true, nil
	}
	return false, refuse(codeParameter, name+" is neither true nor false")
}

// units counts UTF-16 code units, as the dialect's client does for names.
func units(text string) int {
	n := 0
	for _, r := range text {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}
