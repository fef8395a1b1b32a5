package express

import (
	"errors"
	"strings"
	"testing"

	"parley/internal/wire"
)

// TestRefusalOf: the core's refusals keep their words, and causes stay in the
// log.
func TestRefusalOf(t *testing.T) {
	cause := errors.New("secret of the house")
	for _, tc := range []struct {
		err  error
		use  use
		code int
		what string
	}{
		{&wire.Error{Code: wire.CodeOverloaded, What: "the log is full", Fix: "Wait.", Err: cause}, forBroadcast, 121, "the log is full. Wait."},
		{&wire.Error{Code: wire.CodeOverloaded, What: "the log is full", Err: cause}, forBarrage, 151, "the log is full"},
		{&wire.Error{Code: wire.CodeOverloaded, What: "the log is full", Err: cause}, forCommand, 50013, "the log is full"},
		{&wire.Error{Code: wire.CodeOverloaded, What: "not known", Err: cause}, forUsers, 154, "not known"},
		{&wire.Error{Code: wire.CodeOverloaded, What: "not known", Err: cause}, forKick, 1, "not known"},
		{&wire.Error{Code: wire.CodeUnsupported, What: "odd", Err: cause}, forBroadcast, 1, "odd"},
		{cause, forClose, 1, "the server failed"},
	} {
		err := refusalOf(tc.err, tc.use)
		refused, ok := errors.AsType[*refusal](err)
		if !ok || refused.code != tc.code || refused.what != tc.what || !errors.Is(refused.cause, cause) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: %+v, want %d %q and the cause apart", tc.err, refused, tc.code, tc.what)
		}
	}
	if err := refusalOf(nil, forClose); err != nil {
		t.Errorf("no error became %v", err)
	}
}
