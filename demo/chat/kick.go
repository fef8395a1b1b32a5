package chat

import (
	"strings"

	"github.com/vugu/vjson"
)

// KickReason reads the reason that a business server gave for a kick, out of
// the event's extendedData (express.md §2.6); "" when it gave none.
func KickReason(extended string) string {
	if !strings.HasPrefix(extended, "{") {
		return ""
	}
	fields := make(map[string]any)
	if err := vjson.Unmarshal([]byte(extended), &fields); err != nil {
		return ""
	}
	reason, _ := fields["custom_kickout_message"].(string)
	return strings.TrimSpace(reason)
}
