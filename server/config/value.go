package config

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parse sets the field that field points to from text, one value or, for a list,
// values separated by commas. It returns nil or a mistake without place and key.
func (s setting[T]) parse(field any, text string) *Error {
	switch f := field.(type) {
	case *string:
		*f = text
	case *Secret:
		*f = Secret(text)
	case *[]string:
		*f = split(text)
	case *[]time.Duration:
		*f = nil
		for _, part := range split(text) {
			d, err := time.ParseDuration(part)
			if err != nil {
				return &Error{What: fmt.Sprintf("%q is not a duration", part), Fix: "write a number with its unit, such as 500ms, 10s or 5m", Err: err}
			}
			*f = append(*f, d)
		}
	case *[]Secret:
		*f = nil
		for _, part := range split(text) {
			*f = append(*f, Secret(part))
		}
	case *bool:
		if text != "true" && text != "false" {
			return &Error{What: fmt.Sprintf("%q is neither true nor false", text)}
		}
		*f = text == "true"
	case *int:
		n, bad := s.number(text)
		if bad != nil {
			return bad
		}
		*f = int(n)
	case *uint32:
		n, bad := s.number(text)
		if bad != nil {
			return bad
		}
		*f = uint32(n) //nolint:gosec // the table's range fits
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return &Error{What: fmt.Sprintf("%q is not a duration", text), Fix: "write a number with its unit, such as 500ms, 10s or 5m", Err: err}
		}
		if int64(d) < s.low || int64(d) > s.high {
			return &Error{What: fmt.Sprintf("%v is out of range", d), Fix: "choose from " + s.span()}
		}
		*f = d
	case *slog.Level:
		levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
		level, ok := levels[text]
		if !ok {
			return &Error{What: fmt.Sprintf("%q is not a level", text), Fix: "write debug, info, warn or error"}
		}
		*f = level
	case *[]App:
		*f = nil // the default; lists of apps are read by the loader
	default:
		panic(fmt.Sprintf("config: setting %s has a field of type %T", s.key, field))
	}
	return nil
}

func (s setting[T]) number(text string) (int64, *Error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, &Error{What: fmt.Sprintf("%q is not a whole number", text), Fix: "choose from " + s.span(), Err: err}
	}
	if n < s.low || n > s.high {
		return 0, &Error{What: fmt.Sprintf("%d is out of range", n), Fix: "choose from " + s.span()}
	}
	return n, nil
}

// span is the range in words; empty when there is none.
func (s setting[T]) span() string {
	if s.high == 0 {
		return ""
	}
	if _, duration := s.at(new(T)).(*time.Duration); duration {
		return brief(time.Duration(s.low)) + " to " + brief(time.Duration(s.high))
	}
	return fmt.Sprintf("%d to %d", s.low, s.high)
}

// render shows the value of the field that field points to, secrets as fingerprints.
func render(field any) string {
	switch f := field.(type) {
	case *string:
		return *f
	case *[]string:
		return strings.Join(*f, ", ")
	case *Secret:
		return f.Fingerprint()
	case *[]Secret:
		shown := make([]string, len(*f))
		for i, secret := range *f {
			shown[i] = secret.Fingerprint()
		}
		return strings.Join(shown, ", ")
	case *time.Duration:
		return brief(*f)
	case *[]time.Duration:
		shown := make([]string, len(*f))
		for i, d := range *f {
			shown[i] = brief(d)
		}
		return strings.Join(shown, ", ")
	case *slog.Level:
		return strings.ToLower(f.String())
	case *bool:
		return strconv.FormatBool(*f)
	case *int:
		return strconv.Itoa(*f)
	case *uint32:
		return strconv.FormatUint(uint64(*f), 10)
	case *[]App:
		return fmt.Sprintf("%d", len(*f))
	}
	panic(fmt.Sprintf("config: a field of type %T", field))
}

// brief is d without its trailing zero units: "10m", not "10m0s".
func brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// split cuts at commas and drops white space and empty parts.
func split(text string) []string {
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	if len(parts) == 0 {
		return nil
	}
	return parts
}
