package sdk_test

import (
	"testing"

	"parley/demo/sdk"
)

func TestErrorText(t *testing.T) {
	for want, err := range map[string]*sdk.Error{
		"1002034: liveroom error":           {Code: 1002034, What: "liveroom error"},
		"INVALID: no user":                  {Name: "INVALID", What: "no user"},
		"odd":                               {What: "odd"},
		"1009015: refused without a reason": {Code: 1009015},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
